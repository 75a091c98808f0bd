//! Addresses and names that are taken: told without a violated constraint, whose values Postgres would write into its log.

use belfort_policy::BuiltIn;
use belfort_rbac::Permissions;
use belfort_workspace::invitations::{self, InvitationError, NewInvitation};
use belfort_workspace::roles::{self, NewRole, RoleError, RolePatch};
use belfort_workspace::teams::{self, NewTeam, TeamError, TeamPatch};
use belfort_workspace::users::{self, NewUser, UserError, UserPatch};
use belfort_workspace::{RoleName, TeamName};

use crate::world::{World, email, grant, name, origin};

#[test]
fn an_address_that_is_taken_violates_no_constraint() {
    let world = World::new();
    let (admin, guest) = (world.caller(world.admin), world.role(BuiltIn::Guest));
    let bob = world.person("bob", guest);
    let invitation =
        |who: &str| NewInvitation { email: email(who), full_name: None, role_id: guest, team_ids: vec![] };
    let (by, origin) = (&admin.principal, origin(&admin));
    let mut tx = world.begin();
    invitations::create(&mut tx, &grant(&admin), by, &origin, invitation("cy")).unwrap();
    for taken in ["ada", "cy"] {
        let new = NewUser {
            email: email(taken),
            full_name: name("N"),
            role_id: guest,
            is_active: true,
            team_ids: vec![],
        };
        let refused = users::create(&mut tx, &grant(&admin), by, &origin, new);
        assert!(matches!(refused, Err(UserError::EmailTaken)), "{refused:?}");
        let patch = UserPatch { email: Some(email(taken)), ..UserPatch::default() };
        let refused = users::update(&mut tx, &grant(&admin), by, &origin, bob, None, patch);
        assert!(matches!(refused, Err(UserError::EmailTaken)), "{refused:?}");
        let refused = invitations::create(&mut tx, &grant(&admin), by, &origin, invitation(taken));
        assert!(matches!(refused, Err(InvitationError::EmailTaken)), "{refused:?}");
    }
    // After a violation every statement would fail.
    assert!(users::get_self(&mut tx, bob).unwrap().is_some());
}

#[test]
fn a_name_that_is_taken_violates_no_constraint() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let (by, origin) = (&admin.principal, origin(&admin));
    let team = |name: &str| NewTeam { name: TeamName::parse(name).unwrap(), member_ids: vec![] };
    let role =
        |name: &str| NewRole { name: RoleName::parse(name).unwrap(), permissions: Permissions::default() };
    let mut tx = world.begin();
    teams::create(&mut tx, &grant(&admin), by, &origin, team("One")).unwrap();
    let two = teams::create(&mut tx, &grant(&admin), by, &origin, team("Two")).unwrap().id;
    let baker = roles::create(&mut tx, &grant(&admin), by, &origin, role("baker")).unwrap().id;
    let refused = [
        teams::create(&mut tx, &grant(&admin), by, &origin, team("One")),
        teams::update(
            &mut tx,
            &grant(&admin),
            by,
            &origin,
            two,
            None,
            TeamPatch { name: Some(team("One").name), member_ids: None },
        ),
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(TeamError::NameTaken))), "{refused:?}");
    let rename = RolePatch { name: Some(role("GUEST").name), permissions: None };
    let refused = [
        roles::create(&mut tx, &grant(&admin), by, &origin, role("Guest")),
        roles::update(&mut tx, &grant(&admin), by, &origin, baker, None, rename),
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(RoleError::NameTaken))), "{refused:?}");
    // In other capitals it is the same role's own.
    let rename = RolePatch { name: Some(role("Baker").name), permissions: None };
    roles::update(&mut tx, &grant(&admin), by, &origin, baker, None, rename).unwrap();
    tx.commit().unwrap();
}
