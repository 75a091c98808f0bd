//! The teams of a user, from the user's side: who may put whom into which.

use belfort_ids::TeamId;
use belfort_testkit::now;
use belfort_workspace::Caller;
use belfort_workspace::users::{self, NewUser, UserError, UserPatch};

use crate::users::{keeper, team};
use crate::world::{World, email, grant, name, origin};

#[test]
fn a_grant_for_ones_own_team_puts_nobody_into_another() {
    let world = World::new();
    let keeper = keeper(&world, "team");
    let bob = world.person("bob", world.own_role("nothing", &[]));
    let (ours, theirs) = (team(&world, "Ours", &[keeper.user, bob]), team(&world, "Theirs", &[world.admin]));
    let keeper = world.caller(keeper.user);
    let into = |team_ids| UserPatch { team_ids: Some(team_ids), ..UserPatch::default() };
    let unknown = TeamId::new(now());
    for (who, team) in [(keeper.user, theirs), (bob, theirs), (bob, unknown)] {
        let refused = world.update(&keeper, who, &into(vec![ours, team]));
        assert!(matches!(refused, Err(UserError::UnknownTeams(ids)) if ids == [team]));
    }
    assert_eq!(world.update(&keeper, bob, &into(vec![])).unwrap().team_ids, []);
    // Nor somebody new.
    let nothing = world.row(bob).unwrap().role_id;
    let create = |team_ids| {
        let new = NewUser {
            email: email("new"),
            full_name: name("N"),
            role_id: nothing,
            is_active: true,
            team_ids,
        };
        world.act(|tx| users::create(tx, &grant(&keeper), &keeper.principal, &origin(&keeper), new))
    };
    for team in [theirs, unknown] {
        assert!(matches!(create(vec![ours, team]), Err(UserError::UnknownTeams(ids)) if ids == [team]));
    }
    assert_eq!(create(vec![ours]).unwrap().team_ids, [ours]);
}

/// What a team confers is conferred from the user's side as well.
#[test]
fn nobody_is_put_into_a_team_where_they_reach_more_than_whoever_puts_them_there() {
    let world = World::new();
    let keeper = |who: &str, scope: &'static str| {
        let actions = ["create", "read", "update", "delete"].map(|action| ("users", action, "all"));
        let lines = [&actions[..], &[("tasks", "read", scope)]].concat();
        world.caller(world.person(who, world.own_role(who, &lines)))
    };
    let (near, far) = (keeper("near", "team"), keeper("far", "all"));
    let reader = world.own_role("reader", &[("tasks", "read", "team")]);
    let bob = world.person("bob", reader);
    let (full, empty) = (team(&world, "Full", &[world.admin]), team(&world, "Empty", &[]));
    let into = |team_ids: &[TeamId]| UserPatch { team_ids: Some(team_ids.to_vec()), ..UserPatch::default() };
    let create = |by: &Caller, who: &str, team: TeamId| {
        let new = NewUser {
            email: email(who),
            full_name: name("N"),
            role_id: reader,
            is_active: true,
            team_ids: vec![team],
        };
        world.act(|tx| users::create(tx, &grant(by), &by.principal, &origin(by), new))
    };
    for who in [near.user, bob] {
        let refused = world.update(&near, who, &into(&[full]));
        assert!(matches!(refused, Err(UserError::TeamEscalation)), "{refused:?}");
    }
    assert!(matches!(create(&near, "new", full), Err(UserError::TeamEscalation)));
    create(&near, "new", empty).unwrap();
    create(&far, "newer", full).unwrap();
    assert_eq!(world.update(&far, bob, &into(&[full])).unwrap().team_ids, [full]);
    // Out of it they may be taken, and into one of whoever does it with all that are there.
    world.update(&near, bob, &into(&[])).unwrap();
    let ours = team(&world, "Ours", &[near.user, bob]);
    let (near, other) = (world.caller(near.user), team(&world, "Other", &[near.user]));
    assert_eq!(world.update(&near, bob, &into(&[ours, other])).unwrap().team_ids, [ours, other]);
}
