//! People: reach, versions, the history, escalation and the last admin.

use belfort_audit::postgres::{Filter, list as history};
use belfort_ids::{TeamId, UserId};
use belfort_policy::{BuiltIn, Users};
use belfort_rbac::Read;
use belfort_testkit::now;
use belfort_workspace::invitations::{self, NewInvitation};
use belfort_workspace::teams::{self, NewTeam};
use belfort_workspace::users::{self, NewUser, UserError, UserPatch};
use belfort_workspace::{Caller, TeamName};
use serde_json::json;

use crate::world::{World, email, grant, name, origin, race};

fn renamed(to: &str) -> UserPatch {
    UserPatch { full_name: Some(name(to)), ..UserPatch::default() }
}

fn inactive() -> UserPatch {
    UserPatch { is_active: Some(false), ..UserPatch::default() }
}

/// Somebody with a role of the workspace's own that lets them do this to users, in this scope.
pub(crate) fn keeper(world: &World, scope: &str) -> Caller {
    let actions = ["create", "read", "update", "delete"];
    let permissions: Vec<_> = actions.iter().map(|action| ("users", *action, scope)).collect();
    let role = world.own_role(&format!("keeper {scope}"), &permissions);
    world.caller(world.person(&format!("keeper-{scope}"), role))
}

pub(crate) fn team(world: &World, team: &str, members: &[UserId]) -> TeamId {
    let admin = world.caller(world.admin);
    let new = NewTeam { name: TeamName::parse(team).unwrap(), member_ids: members.to_vec() };
    world.act(|tx| teams::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new)).unwrap().id
}

#[test]
fn the_list_goes_as_far_as_the_grant_in_pages() {
    let world = World::new();
    let guest = world.role(BuiltIn::Guest);
    let [bob, cy] = ["bob", "cy"].map(|who| world.person(who, guest));
    let seen = |caller: &Caller, after, limit| {
        let page = users::list(&mut world.begin(), &grant::<Users, Read>(caller), after, limit).unwrap();
        page.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    let (admin, own, mates) = (world.caller(world.admin), keeper(&world, "own"), keeper(&world, "team"));
    team(&world, "Mates", &[mates.user, bob]);
    let mates = world.caller(mates.user);
    assert_eq!(seen(&admin, None, 9), [world.admin, bob, cy, own.user, mates.user]);
    assert_eq!(seen(&admin, Some(bob), 2), [cy, own.user]);
    assert_eq!(seen(&own, None, 9), [own.user]);
    assert_eq!(seen(&mates, None, 9), [bob, mates.user]);
    let mut tx = world.begin();
    assert!(users::get(&mut tx, &grant(&mates), bob).unwrap().is_some());
    assert!(users::get(&mut tx, &grant(&mates), cy).unwrap().is_none());
}

#[test]
fn out_of_reach_is_absent_for_every_change() {
    let world = World::new();
    let bob = world.person("bob", world.own_role("nothing", &[]));
    let own = keeper(&world, "own");
    for id in [bob, UserId::new(now())] {
        assert!(matches!(world.update(&own, id, &renamed("X")), Err(UserError::NotFound)));
        assert!(matches!(world.delete(&own, id), Err(UserError::NotFound)));
    }
    assert_eq!(world.row(bob).unwrap().full_name, "bob");
    assert_eq!(world.update(&own, own.user, &renamed("X")).unwrap().full_name, "X");
}

#[test]
fn a_change_is_told_field_by_field_and_counted() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let bob = world.person("bob", world.role(BuiltIn::Guest));
    let (before, crew) = (world.row(bob).unwrap(), team(&world, "Crew", &[]));
    let patch = UserPatch {
        email: Some(email("robert")),
        full_name: Some(name("Robert")),
        role_id: Some(world.role(BuiltIn::Member)),
        is_active: Some(false),
        team_ids: Some(vec![crew, crew]),
    };
    let after = world.update(&admin, bob, &patch).unwrap();
    assert_eq!(Some(after.clone()), world.row(bob));
    assert_eq!((after.version, &after.team_ids), (before.version + 1, &vec![crew]));
    let events = history(&mut world.begin(), Filter::default(), None, 1).unwrap();
    assert_eq!(
        events[0].changes.to_json(),
        json!([
            {"field": "email", "from": "bob@example.be", "to": "robert@example.be"},
            {"field": "full_name", "from": "bob", "to": "Robert"},
            {"field": "role_id", "from": before.role_id, "to": after.role_id},
            {"field": "is_active", "from": true, "to": false},
            {"field": "team_ids", "from": [], "to": [crew]},
        ])
    );
    world.delete(&admin, bob).unwrap();
    let events = history(&mut world.begin(), Filter::default(), None, 1).unwrap();
    assert_eq!((events[0].action.as_str(), events[0].resource_id), ("delete", bob.uuid()));
    assert!(world.row(bob).is_none());
}

#[test]
fn a_change_of_nothing_writes_nothing() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let row = world.row(world.admin).unwrap();
    let same = UserPatch {
        email: Some(email("ada")),
        full_name: Some(name("Ada Lovelace")),
        role_id: Some(row.role_id),
        is_active: Some(true),
        team_ids: Some(vec![]),
    };
    let events = world.events();
    for patch in [UserPatch::default(), same] {
        assert_eq!(world.update(&admin, world.admin, &patch).unwrap(), row);
    }
    let me = world
        .act(|tx| users::update_self(tx, &origin(&admin), world.admin, None, Some(name("Ada Lovelace"))));
    assert_eq!(me.unwrap(), row);
    assert_eq!((world.events(), world.row(world.admin).unwrap()), (events, row));
}

#[test]
fn who_looks_at_an_old_version_changes_nothing() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let bob = world.person("bob", world.role(BuiltIn::Guest));
    let update = |who: &str, expected| {
        world.act(|tx| {
            users::update(tx, &grant(&admin), &admin.principal, &origin(&admin), bob, expected, renamed(who))
                .map(|updated| updated.user)
        })
    };
    let version = world.row(bob).unwrap().version;
    assert!(matches!(update("X", Some(version - 1)), Err(UserError::Stale)));
    for round in 0..20 {
        let (x, y) = (format!("X{round}"), format!("Y{round}"));
        let seen = Some(version + round);
        let (x, y) = (|| update(&x, seen), || update(&y, seen));
        let results = race([&x, &y]);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().any(|result| matches!(result, Err(UserError::Stale))), "{results:?}");
    }
    let delete = world.act(|tx| {
        users::delete(tx, &grant(&admin), &admin.principal, &origin(&admin), bob, Some(version), |_| Ok(()))
    });
    assert!(matches!(delete, Err(UserError::Stale)));
    let own = world.act(|tx| users::update_self(tx, &origin(&admin), bob, Some(version), Some(name("Z"))));
    assert!(matches!(own, Err(UserError::Stale)));
}

#[test]
fn nobody_confers_or_takes_what_they_do_not_hold() {
    let world = World::new();
    let [admin, guest] = [BuiltIn::Admin, BuiltIn::Guest].map(|role| world.role(role));
    let keeper = keeper(&world, "all");
    let nothing = world.own_role("nothing", &[]);
    let bob = world.person("bob", nothing);
    let cy = world.person("cy", guest);
    let role = |role| UserPatch { role_id: Some(role), ..UserPatch::default() };
    // Upwards: somebody else, and themselves.
    for (who, to) in [(bob, admin), (bob, guest), (keeper.user, admin), (keeper.user, guest)] {
        assert!(matches!(world.update(&keeper, who, &role(to)), Err(UserError::Escalation)));
    }
    // Whoever stands above: their address, their state, their row.
    let takeover = UserPatch { email: Some(email("mallory")), ..UserPatch::default() };
    for above in [world.admin, cy] {
        for patch in [&takeover, &inactive(), &renamed("X"), &role(nothing)] {
            assert!(matches!(world.update(&keeper, above, patch), Err(UserError::Escalation)));
        }
        assert!(matches!(world.delete(&keeper, above), Err(UserError::Escalation)));
    }
    // New ones.
    let new = |role| NewUser {
        email: email("new"),
        full_name: name("N"),
        role_id: role,
        is_active: true,
        team_ids: vec![],
    };
    let create = |role| {
        world.act(|tx| users::create(tx, &grant(&keeper), &keeper.principal, &origin(&keeper), new(role)))
    };
    let invite = |role| {
        let new = NewInvitation { email: email("newer"), full_name: None, role_id: role, team_ids: vec![] };
        world.act(|tx| invitations::create(tx, &grant(&keeper), &keeper.principal, &origin(&keeper), new))
    };
    assert!(matches!(create(admin), Err(UserError::Escalation)));
    assert!(matches!(invite(admin), Err(invitations::InvitationError::Escalation)));
    // What they hold they may give.
    world.update(&keeper, bob, &role(world.row(keeper.user).unwrap().role_id)).unwrap();
    create(nothing).unwrap();
    invite(nothing).unwrap();
    assert_eq!(world.row(world.admin).unwrap().role_id, admin);
}

/// Whoever waited for a user who became an admin meanwhile changes an admin. With their address they could become them.
#[test]
fn who_waited_for_a_user_goes_by_the_role_that_they_have_now() {
    let world = World::new();
    let (admin, keeper) = (world.caller(world.admin), keeper(&world, "all"));
    let bob = world.person("bob", world.own_role("nothing", &[]));
    let promoted = UserPatch { role_id: Some(world.role(BuiltIn::Admin)), ..UserPatch::default() };
    let takeover = UserPatch { email: Some(email("mallory")), ..UserPatch::default() };
    let taken = world.while_waiting(
        |tx| {
            users::update(tx, &grant(&admin), &admin.principal, &origin(&admin), bob, None, promoted)
                .map(drop)
        },
        || world.update(&keeper, bob, &takeover),
    );
    assert!(matches!(taken, Err(UserError::Escalation)), "{taken:?}");
    assert_eq!(world.row(bob).unwrap().email, "bob@example.be");
}

#[test]
fn the_last_admin_stays_whatever_path_is_tried() {
    let world = World::new();
    let admin_role = world.role(BuiltIn::Admin);
    let admin = world.caller(world.admin);
    let demoted = UserPatch { role_id: Some(world.role(BuiltIn::Guest)), ..UserPatch::default() };
    // None of these could come in: invited, inactive, without a password.
    let invite =
        NewInvitation { email: email("inv"), full_name: None, role_id: admin_role, team_ids: vec![] };
    world
        .act(|tx| invitations::create(tx, &grant(&admin), &admin.principal, &origin(&admin), invite))
        .unwrap();
    let off = world.person("off", admin_role);
    world.update(&admin, off, &inactive()).unwrap();
    let new = NewUser {
        email: email("new"),
        full_name: name("N"),
        role_id: admin_role,
        is_active: true,
        team_ids: vec![],
    };
    world.act(|tx| users::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new)).unwrap();
    // By themselves, and by somebody with the same permissions under a role of another name.
    let everything = BuiltIn::Admin.permissions();
    let words: Vec<_> = everything.iter().map(|p| (p.resource, p.action, p.scope.as_str())).collect();
    let other = world.caller(world.person("vice", world.own_role("vice", &words)));
    let events = world.events();
    for caller in [&admin, &other] {
        for patch in [&demoted, &inactive()] {
            assert!(matches!(world.update(caller, world.admin, patch), Err(UserError::LastAdmin(_))));
        }
        assert!(matches!(world.delete(caller, world.admin), Err(UserError::LastAdmin(_))));
    }
    assert_eq!(world.events(), events);
    world.person("second", admin_role);
    world.delete(&admin, world.admin).unwrap();
}

#[test]
fn two_admins_who_remove_each_other_at_once_leave_one() {
    let world = World::new();
    let (admin_role, guest) = (world.role(BuiltIn::Admin), world.role(BuiltIn::Guest));
    let demoted = UserPatch { role_id: Some(guest), ..UserPatch::default() };
    let mut survivor = world.admin;
    for round in 0..12 {
        let by = world.caller(survivor);
        let pair = [survivor, world.person_by(&by, &format!("admin{round}"), admin_role)];
        let callers = pair.map(|user| world.caller(user));
        let go = |by: usize| match round % 3 {
            0 => world.update(&callers[by], pair[1 - by], &demoted).map(drop),
            1 => world.update(&callers[by], pair[1 - by], &inactive()).map(drop),
            _ => world.delete(&callers[by], pair[1 - by]),
        };
        let (first, second) = (|| go(0), || go(1));
        let [a, b] = race([&first, &second]);
        let refused = |result: &Result<(), UserError>| matches!(result, Err(UserError::LastAdmin(_)));
        assert!((a.is_ok() && refused(&b)) || (b.is_ok() && refused(&a)), "round {round}: {a:?} {b:?}");
        survivor = if a.is_ok() { pair[0] } else { pair[1] };
    }
}

#[test]
fn an_address_is_one_persons_also_of_the_invited_and_under_a_race() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let role = world.role(BuiltIn::Guest);
    let bob = world.person("bob", role);
    let create = |who: &str| {
        let new = NewUser {
            email: email(who),
            full_name: name("N"),
            role_id: role,
            is_active: true,
            team_ids: vec![],
        };
        world
            .act(|tx| users::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new))
            .map(drop)
            .map_err(|error| matches!(error, UserError::EmailTaken))
    };
    let invite = |who: &str| {
        let new = NewInvitation { email: email(who), full_name: None, role_id: role, team_ids: vec![] };
        world
            .act(|tx| invitations::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new))
            .map(drop)
            .map_err(|error| matches!(error, invitations::InvitationError::EmailTaken))
    };
    assert_eq!((create("bob"), invite("bob")), (Err(true), Err(true)));
    invite("cy").unwrap();
    assert_eq!((create("cy"), invite("cy")), (Err(true), Err(true)));
    for taken in ["ada", "cy"] {
        let patch = UserPatch { email: Some(email(taken)), ..UserPatch::default() };
        assert!(matches!(world.update(&admin, bob, &patch), Err(UserError::EmailTaken)));
    }
    for round in 0..10 {
        let who = format!("new{round}");
        let (as_user, as_invited) = (|| create(&who), || invite(&who));
        let results = race([&as_user, &as_invited]);
        assert!(results == [Ok(()), Err(true)] || results == [Err(true), Ok(())], "{results:?}");
    }
}

#[test]
fn an_unknown_role_is_named() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let role = belfort_ids::RoleId::new(now());
    let patch = UserPatch { role_id: Some(role), ..UserPatch::default() };
    assert!(matches!(world.update(&admin, world.admin, &patch), Err(UserError::UnknownRole)));
    let new = NewUser {
        email: email("new"),
        full_name: name("N"),
        role_id: role,
        is_active: true,
        team_ids: vec![],
    };
    let create = world.act(|tx| users::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new));
    assert!(matches!(create, Err(UserError::UnknownRole)));
}
