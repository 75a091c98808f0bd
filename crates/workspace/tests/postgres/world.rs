//! A workspace that somebody signed up for, and people in it.

use std::sync::Arc;

use belfort_audit::Origin;
use belfort_auth::{Code, Email, PasswordHash, SessionToken};
use belfort_crypto::Keyring;
use belfort_db::{Queries, Statement};
use belfort_ids::{RoleId, UserId};
use belfort_policy::{BuiltIn, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_rbac::{Grant, Offers, Permissions};
use belfort_tenancy::postgres::TenantTx;
use belfort_tenancy::{Slug, Tenant};
use belfort_testkit::{Database, MIGRATIONS, now};
use belfort_workspace::invitations::{self, NewInvitation};
use belfort_workspace::login::{self, StoredPassword};
use belfort_workspace::signup::{self, Signup};
use belfort_workspace::users::{self, User, UserError, UserPatch};
use belfort_workspace::{Caller, FullName, RequestSource, WorkspaceName, authenticate};
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid};

pub(crate) const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg";

pub(crate) struct World {
    pub(crate) db: Database,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) admin: UserId,
}

pub(crate) fn hash() -> PasswordHash {
    PasswordHash::parse(HASH).unwrap()
}

pub(crate) fn ring() -> Keyring {
    Keyring::parse(&Keyring::generate_key()).unwrap()
}

pub(crate) fn email(name: &str) -> Email {
    Email::parse(&format!("{name}@example.be")).unwrap()
}

pub(crate) fn name(name: &str) -> FullName {
    FullName::parse(name).unwrap()
}

pub(crate) fn signup(slug: &str) -> Signup {
    Signup {
        email: email("ada"),
        full_name: name("Ada Lovelace"),
        workspace_name: WorkspaceName::parse("Analytical Engines").unwrap(),
        slug: Slug::parse(slug).unwrap(),
        password: hash(),
    }
}

pub(crate) fn source() -> RequestSource {
    RequestSource { at: now(), request_id: "request-1".into(), ip: None }
}

/// A code that is not this one.
pub(crate) fn other(code: &Code) -> Code {
    Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        let (db, ring) = (Database::new(), ring());
        let started = signup::start(&mut db.control(), &ring, now(), &signup("engines")).unwrap();
        let confirmed =
            signup::confirm(db.tenancy(), &ring, &MIGRATIONS, &source(), started.id, &started.code).unwrap();
        Self { db, tenant: Arc::new(confirmed.tenant), admin: confirmed.user.id }
    }

    pub(crate) fn begin(&self) -> TenantTx {
        self.db.tenancy().begin(&self.tenant).unwrap()
    }

    /// Runs `act` in a transaction of its own, which lasts if it succeeds.
    pub(crate) fn act<T, E>(&self, act: impl FnOnce(&mut TenantTx) -> Result<T, E>) -> Result<T, E> {
        let mut tx = self.begin();
        let done = act(&mut tx)?;
        tx.commit().unwrap();
        Ok(done)
    }

    pub(crate) fn role(&self, role: BuiltIn) -> RoleId {
        roles::get_by_name(&mut self.begin(), &VOCABULARY, role.name()).unwrap().unwrap().id
    }

    /// A role of the workspace's own.
    pub(crate) fn own_role(&self, name: &str, permissions: &[(&str, &str, &str)]) -> RoleId {
        const ADD: Statement = Statement::new(
            "INSERT INTO roles (id, name, is_builtin, permissions, created_at, updated_at)
             SELECT $1, $2, false, $3, a.at, a.at FROM (SELECT $4 AS at) a",
        );
        let id = RoleId::new(now());
        let lines = Permissions::parse(&VOCABULARY, permissions.iter().copied()).unwrap().lines();
        self.act(|tx| {
            tx.run(
                ADD.bind::<Uuid, _>(id)
                    .bind::<Text, _>(name)
                    .bind::<Array<Text>, _>(lines)
                    .bind::<Timestamptz, _>(now()),
            )
        })
        .unwrap();
        id
    }

    /// Somebody who was invited by the admin and accepted.
    pub(crate) fn person(&self, who: &str, role: RoleId) -> UserId {
        self.person_by(&self.caller(self.admin), who, role)
    }

    /// The same, invited by somebody else.
    pub(crate) fn person_by(&self, by: &Caller, who: &str, role: RoleId) -> UserId {
        let new = NewInvitation { email: email(who), full_name: None, role_id: role, team_ids: vec![] };
        let invited =
            self.act(|tx| invitations::create(tx, &grant(by), &by.principal, &origin(by), new)).unwrap();
        self.act(|tx| invitations::accept(tx, &source(), &invited.token.digest(), name(who), &hash()))
            .unwrap()
            .id
    }

    pub(crate) fn log_in(&self, user: UserId) -> SessionToken {
        let checked = StoredPassword { user, hash: hash() };
        self.act(|tx| login::open_session(tx, now(), &checked, None, None)).unwrap().unwrap().token
    }

    /// Who comes with this token.
    pub(crate) fn whose(&self, token: &SessionToken) -> Option<Caller> {
        authenticate(&mut self.begin(), &token.digest(), now()).unwrap()
    }

    /// A user who just logged in.
    pub(crate) fn caller(&self, user: UserId) -> Caller {
        self.whose(&self.log_in(user)).unwrap()
    }

    pub(crate) fn row(&self, user: UserId) -> Option<User> {
        users::get_self(&mut self.begin(), user).unwrap()
    }

    pub(crate) fn update(&self, by: &Caller, id: UserId, patch: &UserPatch) -> Result<User, UserError> {
        self.act(|tx| {
            users::update(tx, &grant(by), &by.principal, &origin(by), id, None, patch.clone())
                .map(|updated| updated.user)
        })
    }

    pub(crate) fn delete(&self, by: &Caller, id: UserId) -> Result<(), UserError> {
        self.act(|tx| users::delete(tx, &grant(by), &by.principal, &origin(by), id, None, |_| Ok(())))
    }

    /// Runs `first`, then `second` until it waits for a lock of `first`, and only then commits `first`.
    pub(crate) fn while_waiting<T: Send, E: std::fmt::Debug>(
        &self,
        first: impl FnOnce(&mut TenantTx) -> Result<(), E>,
        second: impl FnOnce() -> T + Send,
    ) -> T {
        const WAITING: Statement<BigInt> = Statement::new(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
             WHERE NOT granted AND datname = current_database()",
        );
        let (mut tx, mut observer) = (self.begin(), self.db.superuser());
        first(&mut tx).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(second);
            while !waiting.is_finished() && observer.row::<i64, _>(WAITING).unwrap() == 0 {
                std::thread::yield_now();
            }
            tx.commit().unwrap();
            waiting.join().unwrap()
        })
    }

    /// How many events the history has.
    pub(crate) fn events(&self) -> i64 {
        const COUNT: Statement<BigInt> = Statement::new("SELECT count(*) FROM audit_events");
        self.begin().row(COUNT).unwrap()
    }
}

pub(crate) fn grant<R: Offers<A>, A: belfort_rbac::Action>(caller: &Caller) -> Grant<R, A> {
    caller.principal.grant().unwrap()
}

pub(crate) fn origin(caller: &Caller) -> Origin {
    source().by(caller.actor())
}

/// Runs both at once, each on a thread of its own, and answers what they answered.
pub(crate) fn race<T: Send>(racers: [&(dyn Fn() -> T + Sync); 2]) -> [T; 2] {
    let barrier = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        racers
            .map(|racer| {
                scope.spawn(|| {
                    barrier.wait();
                    racer()
                })
            })
            .map(|racer| racer.join().unwrap())
    })
}
