//! The last-admin safeguard against a real database, also when two act at once.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use belfort_db::{Queries, Statement};
use belfort_ids::{RoleId, UserId};
use belfort_rbac::postgres::members::{self, MemberChange, MemberError};
use belfort_rbac::postgres::roles::{self, RoleChange, RoleError};
use belfort_rbac::{Permissions, resources};
use belfort_testkit::{Database, TestTenant, now};
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid};

resources! { static VOCABULARY { Users = "users" [Read, Update] } }

struct Workspace {
    _db: Database,
    tenant: TestTenant,
    admin: RoleId,
    member: RoleId,
    locked_out: Vec<UserId>,
}

impl Workspace {
    fn new() -> Self {
        let db = Database::new();
        let tenant = db.tenant();
        let mut tx = tenant.begin();
        let admin =
            roles::add_builtin(&mut tx, "admin", &Permissions::everything(&VOCABULARY), now()).unwrap();
        let member = roles::add_builtin(&mut tx, "member", &Permissions::default(), now()).unwrap();
        tx.commit().unwrap();
        Self { _db: db, tenant, admin, member, locked_out: Vec::new() }
    }

    fn user(&self, role: RoleId, is_active: bool, joined: bool) -> UserId {
        const ADD: Statement = Statement::new(
            "INSERT INTO users (id, email, full_name, created_at, updated_at)
             SELECT a.id, a.id || '@example.org', 'Somebody', a.at, a.at FROM (SELECT $1 AS id, $2 AS at) a",
        );
        let id = UserId::new(now());
        let mut tx = self.tenant.begin();
        tx.run(ADD.bind::<Uuid, _>(id).bind::<Timestamptz, _>(now())).unwrap();
        members::add(&mut tx, id, role, is_active, joined.then(now)).unwrap();
        tx.commit().unwrap();
        id
    }

    fn change(&self, user: UserId, change: MemberChange) -> Result<bool, MemberError> {
        let mut tx = self.tenant.begin();
        let changed = members::change(&mut tx, user, change, &self.locked_out)?;
        tx.commit()?;
        Ok(changed)
    }

    fn remove(&self, user: UserId) -> Result<bool, MemberError> {
        let mut tx = self.tenant.begin();
        let removed = members::remove(&mut tx, user, &self.locked_out)?;
        tx.commit()?;
        Ok(removed)
    }

    fn demoted(&self) -> MemberChange {
        MemberChange { role: Some(self.member), is_active: None }
    }

    fn admins(&self) -> i64 {
        const COUNT: Statement<BigInt> = Statement::new(
            "SELECT count(*) FROM members m JOIN roles r ON r.id = m.role_id WHERE r.name = $1 AND m.is_active AND m.joined_at IS NOT NULL",
        );
        self.tenant.begin().row(COUNT.bind::<Text, _>("admin")).unwrap()
    }
}

const OFF: MemberChange = MemberChange { role: None, is_active: Some(false) };

#[test]
fn the_last_admin_cannot_be_demoted_deactivated_or_removed() {
    let workspace = Workspace::new();
    let admin = workspace.user(workspace.admin, true, true);
    // None of these could let anybody in, so none of them counts.
    workspace.user(workspace.admin, false, true);
    workspace.user(workspace.admin, true, false);
    workspace.user(workspace.member, true, true);
    assert!(matches!(workspace.change(admin, workspace.demoted()), Err(MemberError::LastAdmin(_))));
    assert!(matches!(workspace.change(admin, OFF), Err(MemberError::LastAdmin(_))));
    assert!(matches!(workspace.remove(admin), Err(MemberError::LastAdmin(_))));
    assert_eq!(workspace.admins(), 1);

    workspace.user(workspace.admin, true, true);
    assert!(workspace.change(admin, workspace.demoted()).unwrap());
    assert_eq!(workspace.admins(), 1);
}

#[test]
fn somebody_who_is_locked_out_is_not_the_admin_who_remains() {
    let mut workspace = Workspace::new();
    let [admin, other] = [(); 2].map(|()| workspace.user(workspace.admin, true, true));
    workspace.user(workspace.admin, false, true);
    workspace.user(workspace.admin, true, false);
    let mut both = [admin, other];
    both.sort();
    let mut admins = members::admins(&mut workspace.tenant.begin()).unwrap();
    admins.sort();
    assert_eq!(admins, both);
    workspace.locked_out = vec![other];
    assert!(matches!(workspace.change(admin, workspace.demoted()), Err(MemberError::LastAdmin(_))));
    assert!(matches!(workspace.change(admin, OFF), Err(MemberError::LastAdmin(_))));
    assert!(matches!(workspace.remove(admin), Err(MemberError::LastAdmin(_))));
    // They may go themselves, and come back to count for others.
    assert!(workspace.change(other, OFF).unwrap());
    assert!(workspace.change(other, MemberChange { role: None, is_active: Some(true) }).unwrap());
    workspace.locked_out.clear();
    assert!(workspace.remove(admin).unwrap());
}

#[test]
fn a_change_that_keeps_the_admin_an_admin_is_no_loss() {
    let workspace = Workspace::new();
    let admin = workspace.user(workspace.admin, true, true);
    let same = MemberChange { role: Some(workspace.admin), is_active: Some(true) };
    assert!(workspace.change(admin, same).unwrap());
    let nobody = UserId::new(now());
    assert!(!workspace.change(nobody, OFF).unwrap());
    let no_role = MemberChange { role: Some(RoleId::new(now())), is_active: None };
    let member = workspace.user(workspace.member, true, true);
    assert!(matches!(workspace.change(member, no_role), Err(MemberError::NoSuchRole)));
}

#[test]
fn two_admins_who_remove_each_other_at_once_leave_one() {
    const CLEAR: Statement = Statement::new("DELETE FROM members");
    let workspace = Workspace::new();
    for round in 0..60 {
        let pair = [workspace.user(workspace.admin, true, true), workspace.user(workspace.admin, true, true)];
        let barrier = std::sync::Barrier::new(2);
        let refused = std::thread::scope(|scope| {
            let racers = pair.map(|user| {
                let (workspace, barrier) = (&workspace, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let result = match round % 3 {
                        0 => workspace.change(user, workspace.demoted()),
                        1 => workspace.change(user, OFF),
                        _ => workspace.remove(user),
                    };
                    match result {
                        Ok(done) => !done,
                        Err(MemberError::LastAdmin(_)) => true,
                        Err(other) => panic!("{other:?}"),
                    }
                })
            });
            racers.into_iter().map(|racer| racer.join().unwrap()).filter(|refused| *refused).count()
        });
        assert_eq!((refused, workspace.admins()), (1, 1), "round {round}");
        // The survivor makes room for the next pair.
        workspace.user(workspace.admin, true, true);
        for user in pair {
            let _ = workspace.remove(user);
        }
        let mut tx = workspace.tenant.begin();
        tx.run(CLEAR).unwrap();
        tx.commit().unwrap();
    }
}

#[test]
fn the_admin_role_stays_as_it_is() {
    let workspace = Workspace::new();
    let nothing = Permissions::default();
    let mut tx = workspace.tenant.begin();
    let admin = roles::lock(&mut tx, &VOCABULARY, workspace.admin).unwrap().unwrap();
    assert!(admin.is_admin());
    for change in [
        RoleChange { name: Some("boss"), permissions: None },
        RoleChange { name: None, permissions: Some(&nothing) },
    ] {
        let refused = roles::change(&mut tx, workspace.admin, change, now());
        assert!(matches!(refused, Err(RoleError::Admin)));
    }
    assert!(matches!(roles::remove(&mut tx, workspace.admin), Err(RoleError::Admin)));
    assert_eq!(roles::get(&mut tx, &VOCABULARY, workspace.admin).unwrap(), Some(admin));
    // Nobody else's becomes one by its name.
    drop(tx);
    for name in ["admin", "ADMIN"] {
        let taken = roles::add(&mut workspace.tenant.begin(), name, &nothing, now());
        assert!(matches!(taken, Err(RoleError::NameTaken)));
        let change = RoleChange { name: Some(name), permissions: None };
        let taken = roles::change(&mut workspace.tenant.begin(), workspace.member, change, now());
        assert!(matches!(taken, Err(RoleError::NameTaken)));
    }
}

#[test]
fn a_role_is_changed_and_removed_when_nobody_has_it() {
    let workspace = Workspace::new();
    let user = workspace.user(workspace.member, true, true);
    let everything = Permissions::everything(&VOCABULARY);
    let mut tx = workspace.tenant.begin();
    let change = RoleChange { name: None, permissions: Some(&everything) };
    roles::change(&mut tx, workspace.member, change, now()).unwrap();
    let member = roles::get(&mut tx, &VOCABULARY, workspace.member).unwrap().unwrap();
    assert_eq!((member.name.as_str(), &member.permissions, member.version), ("member", &everything, 2));
    tx.commit().unwrap();
    let refused = roles::remove(&mut workspace.tenant.begin(), workspace.member);
    assert!(matches!(refused, Err(RoleError::InUse)));
    workspace.remove(user).unwrap();
    roles::remove(&mut workspace.tenant.begin(), workspace.member).unwrap();
}

#[test]
fn a_role_reads_back_as_it_was_stored() {
    let workspace = Workspace::new();
    let mut tx = workspace.tenant.begin();
    let all = roles::list(&mut tx, &VOCABULARY, None, 10).unwrap();
    let names: Vec<_> = all.iter().map(|role| (role.name.as_str(), role.is_builtin)).collect();
    assert_eq!(names, [("admin", true), ("member", true)]);
    assert_eq!(all[0].permissions, Permissions::everything(&VOCABULARY));
    assert_eq!(
        roles::get(&mut tx, &VOCABULARY, workspace.member).unwrap().unwrap().permissions,
        Permissions::default()
    );
    assert_eq!(roles::by_name(&mut tx, &VOCABULARY, "admin").unwrap().unwrap().id, workspace.admin);
}
