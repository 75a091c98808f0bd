//! The last-admin safeguard against a real database, also when two act at once.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

use belfort_db::{Queries, Statement};
use belfort_ids::{RoleId, UserId};
use belfort_rbac::postgres::members::{self, MemberError, MemberPatch, NewMember};
use belfort_rbac::postgres::roles::{self, NewRole, RoleError, RolePatch};
use belfort_rbac::{Permissions, resources};
use belfort_testkit::{Database, TestTenant, now};
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid};

resources! { static VOCABULARY { Users = "users" [Read, Update] } }

struct Workspace {
    _db: Database,
    tenant: TestTenant,
    admin: RoleId,
    member: RoleId,
}

impl Workspace {
    fn new() -> Self {
        let db = Database::new();
        let tenant = db.tenant();
        let mut tx = tenant.begin();
        let all = Permissions::everything(&VOCABULARY);
        let admin =
            roles::create_builtin(&mut tx, now(), NewRole { name: "admin", permissions: &all }).unwrap();
        let none = Permissions::default();
        let member =
            roles::create_builtin(&mut tx, now(), NewRole { name: "member", permissions: &none }).unwrap();
        tx.commit().unwrap();
        Self { _db: db, tenant, admin, member }
    }

    fn user(&self, role: RoleId, is_active: bool, joined: bool) -> UserId {
        const ADD: Statement = Statement::new(
            "INSERT INTO users (id, email, full_name, created_at, updated_at)
             SELECT a.id, a.id || '@example.org', 'Somebody', a.at, a.at FROM (SELECT $1 AS id, $2 AS at) a",
        );
        let id = UserId::new(now());
        let mut tx = self.tenant.begin();
        tx.run(ADD.bind::<Uuid, _>(id).bind::<Timestamptz, _>(now())).unwrap();
        members::create(&mut tx, id, NewMember { role, is_active, joined_at: joined.then(now) }).unwrap();
        tx.commit().unwrap();
        id
    }

    fn update(&self, user: UserId, patch: MemberPatch) -> Result<(), MemberError> {
        let mut tx = self.tenant.begin();
        members::update(&mut tx, user, patch)?;
        Ok(tx.commit()?)
    }

    fn delete(&self, user: UserId) -> Result<(), MemberError> {
        let mut tx = self.tenant.begin();
        members::delete(&mut tx, user)?;
        Ok(tx.commit()?)
    }

    fn demoted(&self) -> MemberPatch {
        MemberPatch { role: Some(self.member), is_active: None }
    }

    fn admins(&self) -> i64 {
        const COUNT: Statement<BigInt> = Statement::new(
            "SELECT count(*) FROM members m JOIN roles r ON r.id = m.role_id WHERE r.name = $1 AND m.is_active AND m.joined_at IS NOT NULL",
        );
        self.tenant.begin().row(COUNT.bind::<Text, _>("admin")).unwrap()
    }
}

const OFF: MemberPatch = MemberPatch { role: None, is_active: Some(false) };

#[test]
fn the_last_admin_cannot_be_demoted_deactivated_or_removed() {
    let workspace = Workspace::new();
    let admin = workspace.user(workspace.admin, true, true);
    // None of these could let anybody in, so none of them counts.
    workspace.user(workspace.admin, false, true);
    workspace.user(workspace.admin, true, false);
    workspace.user(workspace.member, true, true);
    assert!(matches!(workspace.update(admin, workspace.demoted()), Err(MemberError::LastAdmin(_))));
    assert!(matches!(workspace.update(admin, OFF), Err(MemberError::LastAdmin(_))));
    assert!(matches!(workspace.delete(admin), Err(MemberError::LastAdmin(_))));
    assert_eq!(workspace.admins(), 1);

    workspace.user(workspace.admin, true, true);
    workspace.update(admin, workspace.demoted()).unwrap();
    assert_eq!(workspace.admins(), 1);
}

#[test]
fn a_change_that_keeps_the_admin_an_admin_is_no_loss() {
    let workspace = Workspace::new();
    let admin = workspace.user(workspace.admin, true, true);
    let same = MemberPatch { role: Some(workspace.admin), is_active: Some(true) };
    workspace.update(admin, same).unwrap();
    let nobody = UserId::new(now());
    assert!(matches!(workspace.update(nobody, OFF), Err(MemberError::NotFound)));
    assert!(matches!(workspace.delete(nobody), Err(MemberError::NotFound)));
    let no_role = MemberPatch { role: Some(RoleId::new(now())), is_active: None };
    let member = workspace.user(workspace.member, true, true);
    assert!(matches!(workspace.update(member, no_role), Err(MemberError::NoSuchRole)));
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
                        0 => workspace.update(user, workspace.demoted()),
                        1 => workspace.update(user, OFF),
                        _ => workspace.delete(user),
                    };
                    match result {
                        Ok(()) => false,
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
            let _ = workspace.delete(user);
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
        RolePatch { name: Some("boss"), permissions: None },
        RolePatch { name: None, permissions: Some(&nothing) },
    ] {
        let refused = roles::update(&mut tx, now(), workspace.admin, change);
        assert!(matches!(refused, Err(RoleError::Admin)));
    }
    assert!(matches!(roles::delete(&mut tx, workspace.admin), Err(RoleError::Admin)));
    assert_eq!(roles::get(&mut tx, &VOCABULARY, workspace.admin).unwrap(), Some(admin));
    // Nobody else's becomes one by its name.
    drop(tx);
    for name in ["admin", "ADMIN"] {
        let taken =
            roles::create(&mut workspace.tenant.begin(), now(), NewRole { name, permissions: &nothing });
        assert!(matches!(taken, Err(RoleError::NameTaken)));
        let change = RolePatch { name: Some(name), permissions: None };
        let taken = roles::update(&mut workspace.tenant.begin(), now(), workspace.member, change);
        assert!(matches!(taken, Err(RoleError::NameTaken)));
    }
}

#[test]
fn a_role_is_changed_and_removed_when_nobody_has_it() {
    let workspace = Workspace::new();
    let user = workspace.user(workspace.member, true, true);
    let everything = Permissions::everything(&VOCABULARY);
    let mut tx = workspace.tenant.begin();
    let change = RolePatch { name: None, permissions: Some(&everything) };
    roles::update(&mut tx, now(), workspace.member, change).unwrap();
    let member = roles::get(&mut tx, &VOCABULARY, workspace.member).unwrap().unwrap();
    assert_eq!((member.name.as_str(), &member.permissions, member.version), ("member", &everything, 2));
    tx.commit().unwrap();
    let refused = roles::delete(&mut workspace.tenant.begin(), workspace.member);
    assert!(matches!(refused, Err(RoleError::InUse)));
    workspace.delete(user).unwrap();
    roles::delete(&mut workspace.tenant.begin(), workspace.member).unwrap();
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
    assert_eq!(roles::get_by_name(&mut tx, &VOCABULARY, "admin").unwrap().unwrap().id, workspace.admin);
}
