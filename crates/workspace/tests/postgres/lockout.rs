//! Which admins are locked out, and for which changes it is asked.

use belfort_auth::Limit;
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_workspace::lockout::{before_delete, before_update};
use belfort_workspace::login::Attempt;
use belfort_workspace::users::UserPatch;
use chrono::Duration;

use crate::world::{World, email, name};

const ONCE: Limit = Limit::new(1, Duration::minutes(15));

#[test]
fn the_locked_out_admins_are_asked_for_where_a_change_can_take_an_admin_away() {
    let world = World::new();
    let [admin, guest] = [BuiltIn::Admin, BuiltIn::Guest].map(|role| world.role(role));
    let bob = world.person("bob", admin);
    world.person("cy", guest);
    let tenancy = world.db.tenancy();
    // Somebody who is no admin does not matter.
    for who in ["bob", "cy"] {
        let _ = Attempt::reserve(world.begin(), tenancy, ONCE, now(), &email(who), None).unwrap();
    }
    let update = |patch: &UserPatch, at| before_update(&mut world.begin(), tenancy, ONCE, at, patch).unwrap();
    let role = UserPatch { role_id: Some(guest), ..UserPatch::default() };
    let inactive = UserPatch { is_active: Some(false), ..UserPatch::default() };
    for losing in [&role, &inactive] {
        assert_eq!(update(losing, now()), [bob]);
        assert_eq!(update(losing, now() + ONCE.per()), []);
    }
    let renamed = UserPatch { full_name: Some(name("X")), email: Some(email("x")), ..UserPatch::default() };
    let active = UserPatch { is_active: Some(true), team_ids: Some(vec![]), ..UserPatch::default() };
    for harmless in [UserPatch::default(), renamed, active] {
        assert_eq!(update(&harmless, now()), []);
    }
    assert_eq!(before_delete(&mut world.begin(), tenancy, ONCE, now()).unwrap(), [bob]);
}
