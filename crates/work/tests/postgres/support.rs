//! A workspace with people in it, and what its history was told.

use belfort_audit::postgres::{Filter, list};
use belfort_audit::{Actor, Changes, Origin};
use belfort_crypto::Keyring;
use belfort_db::{Queries, Statement};
use belfort_ids::{TagId, UserId};
use belfort_policy::{BuiltIn, Tags, Tasks};
use belfort_rbac::{Action, Grant, Offers, Principal};
use belfort_tenancy::postgres::TenantTx;
use belfort_testkit::{Database, TestTenant, now};
use belfort_work::attachments::ContentKeys;
use belfort_work::tags::{self, NewTag};
use belfort_work::tasks::{self, NewTask, Task, TaskError, TaskPatch};
use belfort_work::{TagName, Title};
use diesel::sql_types::{BigInt, Timestamptz, Uuid};
use serde_json::{Value, json};

pub(crate) struct Workspace {
    pub(crate) db: Database,
    pub(crate) tenant: TestTenant,
    keyring: Keyring,
}

/// Somebody with a role.
#[derive(Clone)]
pub(crate) struct Person(pub(crate) Principal);

impl Person {
    pub(crate) fn id(&self) -> UserId {
        self.0.user()
    }

    pub(crate) fn may<R: Offers<A>, A: Action>(&self) -> Grant<R, A> {
        self.0.grant().unwrap()
    }

    pub(crate) fn origin(&self) -> Origin {
        let actor = Actor::User { id: self.id(), name: "Somebody".into() };
        Origin { actor, at: now(), request_id: "request-1".into(), ip: None }
    }

    /// The same user in another role.
    pub(crate) fn in_role(&self, role: BuiltIn, mates: &[UserId]) -> Self {
        Self(Principal::new(self.id(), role.permissions(), mates.iter().copied()))
    }
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let db = Database::new();
        let tenant = db.tenant();
        let keyring = Keyring::parse(&Keyring::generate_key()).unwrap();
        Self { db, tenant, keyring }
    }

    pub(crate) fn keys(&self) -> ContentKeys<'_> {
        ContentKeys { keyring: &self.keyring, tenant: self.tenant.tenant.id }
    }

    pub(crate) fn person(&self, role: BuiltIn) -> Person {
        add_person(&self.tenant, role)
    }

    /// Runs in a transaction of its own, which lasts when `work` succeeds.
    pub(crate) fn run<T, E: From<diesel::result::Error>>(
        &self,
        work: impl FnOnce(&mut TenantTx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.tenant.begin();
        let done = work(&mut tx)?;
        tx.commit()?;
        Ok(done)
    }

    pub(crate) fn task(&self, by: &Person, new: NewTask) -> Task {
        self.run(|tx| tasks::create(tx, &by.may(), &by.origin(), new)).unwrap()
    }

    pub(crate) fn update(&self, by: &Person, task: &Task, patch: TaskPatch) -> Result<Task, TaskError> {
        self.run(|tx| tasks::update(tx, &by.may(), &by.origin(), task.id, None, patch))
    }

    pub(crate) fn get(&self, by: &Person, task: &Task) -> Result<Task, TaskError> {
        self.run(|tx| tasks::get(tx, &by.may::<Tasks, _>(), task.id)?.ok_or(TaskError::NotFound))
    }

    pub(crate) fn tag(&self, by: &Person, name: &str) -> TagId {
        let name = TagName::parse(name).unwrap();
        self.run(|tx| tags::create(tx, &by.may::<Tags, _>(), &by.origin(), NewTag { name })).unwrap().id
    }

    /// As another crate deletes a user, when all else is done.
    pub(crate) fn remove_user(&self, id: UserId) {
        self.run(|tx| remove_user(tx, id)).unwrap();
    }

    /// How long the history is.
    pub(crate) fn mark(&self) -> usize {
        list(&mut self.tenant.begin(), Filter::default(), None, 10_000).unwrap().len()
    }

    /// What was told since the history was `mark` long: resource, action, changes as `[field, from, to]`.
    pub(crate) fn told_since(&self, mark: usize) -> Value {
        let mut events = list(&mut self.tenant.begin(), Filter::default(), None, 10_000).unwrap();
        events.reverse();
        events.iter().skip(mark).map(|e| json!([e.resource, e.action, changes(&e.changes)])).collect()
    }

    /// Waits until a transaction of this database waits for another, or `over` says that none will.
    pub(crate) fn until_one_waits(&self, over: impl Fn() -> bool) {
        self.until_waiting(1, over);
    }

    /// The same for this many.
    pub(crate) fn until_waiting(&self, count: i64, over: impl Fn() -> bool) {
        const WAITING: Statement<BigInt> = Statement::new(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        let mut observer = self.db.superuser();
        while !over() && observer.row::<i64, _>(WAITING).unwrap() < count {
            std::thread::yield_now();
        }
    }
}

pub(crate) fn remove_user(tx: &mut TenantTx, id: UserId) -> diesel::QueryResult<()> {
    const REMOVE: Statement = Statement::new("DELETE FROM users WHERE id = $1");
    tx.run(REMOVE.bind::<Uuid, _>(id)).map(drop)
}

pub(crate) fn add_person(tenant: &TestTenant, role: BuiltIn) -> Person {
    const ADD: Statement = Statement::new(
        "INSERT INTO users (id, email, full_name, created_at, updated_at)
         SELECT a.id, a.id || '@example.org', 'Somebody', a.at, a.at FROM (SELECT $1 AS id, $2 AS at) a",
    );
    let id = UserId::new(now());
    let mut tx = tenant.begin();
    tx.run(ADD.bind::<Uuid, _>(id).bind::<Timestamptz, _>(now())).unwrap();
    tx.commit().unwrap();
    Person(Principal::new(id, role.permissions(), []))
}

/// A generator that gives the same numbers each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub(crate) fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        all.get(usize::try_from(self.below(u64::try_from(all.len()).unwrap())).unwrap()).unwrap()
    }

    pub(crate) fn some_of(&mut self, people: &[Person]) -> Vec<UserId> {
        people.iter().filter(|_| self.below(5) == 0).map(Person::id).collect()
    }
}

pub(crate) fn titled(title: &str) -> NewTask {
    NewTask::titled(Title::parse(title).unwrap())
}

pub(crate) fn retitled(title: &str) -> TaskPatch {
    TaskPatch { title: Some(Title::parse(title).unwrap()), ..TaskPatch::default() }
}

fn changes(stored: &Changes) -> Value {
    stored.iter().map(|c| json!([c.field, c.from, c.to])).collect()
}
