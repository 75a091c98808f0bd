//! Teams: reach, members, versions.

use belfort_ids::{TeamId, UserId};
use belfort_policy::{BuiltIn, Teams};
use belfort_rbac::Read;
use belfort_testkit::now;
use belfort_workspace::teams::{self, NewTeam, Team, TeamError, TeamPatch};
use belfort_workspace::users::{self, UserPatch};
use belfort_workspace::{Caller, TeamName};

use crate::world::{World, grant, origin, race};

fn team_name(name: &str) -> TeamName {
    TeamName::parse(name).unwrap()
}

fn create(world: &World, by: &Caller, name: &str, member_ids: &[UserId]) -> Result<Team, TeamError> {
    let new = NewTeam { name: team_name(name), member_ids: member_ids.to_vec() };
    world.act(|tx| teams::create(tx, &grant(by), &by.principal, &origin(by), new))
}

fn update(
    world: &World,
    by: &Caller,
    id: TeamId,
    patch: &TeamPatch,
    expected: Option<i32>,
) -> Result<Team, TeamError> {
    world.act(|tx| teams::update(tx, &grant(by), &by.principal, &origin(by), id, expected, patch.clone()))
}

fn delete(world: &World, by: &Caller, id: TeamId) -> Result<(), TeamError> {
    world.act(|tx| teams::delete(tx, &grant(by), &origin(by), id, None))
}

fn members(ids: &[UserId]) -> TeamPatch {
    TeamPatch { member_ids: Some(ids.to_vec()), ..TeamPatch::default() }
}

/// Somebody who may do everything to teams in this scope.
fn lead(world: &World, scope: &str) -> UserId {
    let permissions = ["create", "read", "update", "delete"].map(|action| ("teams", action, scope));
    world.person(&format!("lead-{scope}"), world.own_role(scope, &permissions))
}

#[test]
fn a_team_is_made_changed_and_removed() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let bob = world.person("bob", world.role(BuiltIn::Guest));
    let one = create(&world, &admin, "One", &[bob, bob]).unwrap();
    assert_eq!((one.member_ids.as_slice(), one.version), (&[bob][..], 1));
    assert!(matches!(create(&world, &admin, "One", &[]), Err(TeamError::NameTaken)));
    let unknown = UserId::new(now());
    let refused = create(&world, &admin, "Two", &[bob, unknown]);
    assert!(matches!(refused, Err(TeamError::UnknownMembers(ids)) if ids == [unknown]));
    let two = create(&world, &admin, "Two", &[]).unwrap();
    let same_name = TeamPatch { name: Some(team_name("One")), member_ids: None };
    assert!(matches!(update(&world, &admin, two.id, &same_name, None), Err(TeamError::NameTaken)));

    let patch = TeamPatch { name: Some(team_name("Uno")), member_ids: Some(vec![world.admin]) };
    assert!(matches!(update(&world, &admin, one.id, &patch, Some(9)), Err(TeamError::Stale)));
    let uno = update(&world, &admin, one.id, &patch, Some(1)).unwrap();
    assert_eq!((uno.name.as_str(), uno.version), ("Uno", 2));
    let mut tx = world.begin();
    assert_eq!(teams::get(&mut tx, &grant(&admin), one.id).unwrap(), Some(uno.clone()));
    assert_eq!(teams::list(&mut tx, &grant(&admin), None, 9).unwrap(), [uno, two.clone()]);
    assert_eq!(teams::list(&mut tx, &grant(&admin), Some(one.id), 9).unwrap(), [two]);
    drop(tx);
    delete(&world, &admin, one.id).unwrap();
    assert!(matches!(delete(&world, &admin, one.id), Err(TeamError::NotFound)));
}

#[test]
fn a_change_of_nothing_writes_nothing() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let team = create(&world, &admin, "One", &[world.admin]).unwrap();
    let events = world.events();
    let same = TeamPatch { name: Some(team_name("One")), member_ids: Some(vec![world.admin, world.admin]) };
    for patch in [TeamPatch::default(), same] {
        assert_eq!(update(&world, &admin, team.id, &patch, None).unwrap(), team);
    }
    assert_eq!(world.events(), events);
}

#[test]
fn a_membership_is_in_the_versions_of_both_sides() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let bob = world.person("bob", world.role(BuiltIn::Guest));
    let version = || world.row(bob).unwrap().version;
    let team = create(&world, &admin, "One", &[bob]).unwrap();
    assert_eq!(version(), 2);
    update(&world, &admin, team.id, &members(&[]), None).unwrap();
    assert_eq!((version(), world.row(bob).unwrap().team_ids), (3, vec![]));
    let join = UserPatch { team_ids: Some(vec![team.id]), ..UserPatch::default() };
    world.update(&admin, bob, &join).unwrap();
    let row = teams::get(&mut world.begin(), &grant(&admin), team.id).unwrap().unwrap();
    assert_eq!((row.version, row.member_ids), (3, vec![bob]));
    assert!(matches!(update(&world, &admin, team.id, &members(&[]), Some(2)), Err(TeamError::Stale)));
    world.delete(&admin, bob).unwrap();
    let row = teams::get(&mut world.begin(), &grant(&admin), team.id).unwrap().unwrap();
    assert_eq!((row.version, row.member_ids), (4, vec![]));
}

#[test]
fn a_team_that_one_is_not_in_is_absent() {
    let world = World::new();
    let admin = world.caller(world.admin);
    for scope in ["own", "team"] {
        let user = lead(&world, scope);
        let ours = create(&world, &admin, &format!("Ours {scope}"), &[user]).unwrap();
        let theirs = create(&world, &admin, &format!("Theirs {scope}"), &[world.admin]).unwrap();
        let lead = world.caller(user);
        let mut tx = world.begin();
        let seen = teams::list(&mut tx, &grant::<Teams, Read>(&lead), None, 9).unwrap();
        assert_eq!(seen.iter().map(|team| team.id).collect::<Vec<_>>(), [ours.id]);
        assert!(teams::get(&mut tx, &grant(&lead), theirs.id).unwrap().is_none());
        drop(tx);
        let rename = TeamPatch { name: Some(team_name("X")), member_ids: None };
        for id in [theirs.id, TeamId::new(now())] {
            assert!(matches!(update(&world, &lead, id, &rename, None), Err(TeamError::NotFound)));
            assert!(matches!(delete(&world, &lead, id), Err(TeamError::NotFound)));
        }
        delete(&world, &lead, ours.id).unwrap();
    }
}

#[test]
fn who_leads_their_own_team_draws_nobody_into_it() {
    let world = World::new();
    let user = lead(&world, "team");
    let [bob, cy] = ["bob", "cy"].map(|who| world.person(who, world.role(BuiltIn::Guest)));
    let team = create(&world, &world.caller(world.admin), "Ours", &[user, bob]).unwrap();
    let lead = world.caller(user);
    let refused = update(&world, &lead, team.id, &members(&[user, bob, cy]), None);
    assert!(matches!(refused, Err(TeamError::UnknownMembers(ids)) if ids == [cy]));
    assert!(matches!(create(&world, &lead, "Trap", &[user, cy]), Err(TeamError::UnknownMembers(_))));
    create(&world, &lead, "Fine", &[user, bob]).unwrap();
}

/// Whoever runs the teams, also of the whole workspace, reaches no more by it, nor lets anybody.
#[test]
fn a_team_confers_nothing_that_its_maker_does_not_hold() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let manage = ["create", "read", "update", "delete"].map(|action| ("teams", action, "all"));
    let with = |who: &str, lines: &[(&'static str, &'static str, &'static str)]| {
        world.person(who, world.own_role(who, &[&manage[..], lines].concat()))
    };
    let (clerk, mate) =
        (with("clerk", &[("tasks", "read", "own")]), with("mate", &[("tasks", "read", "team")]));
    let seer = with("seer", &[("tasks", "read", "all")]);
    let guest = world.person("guest", world.role(BuiltIn::Guest));
    let reader = world.person("reader", world.own_role("reader", &[("tasks", "read", "team")]));
    let team = create(&world, &admin, "One", &[guest, reader]).unwrap();
    // Neither oneself nor anybody else, whichever of them gains by it.
    for (by, joining) in [(mate, mate), (mate, clerk), (mate, seer), (clerk, clerk), (clerk, mate)] {
        let by = world.caller(by);
        let refused = update(&world, &by, team.id, &members(&[guest, reader, joining]), None);
        assert!(matches!(refused, Err(TeamError::Escalation)), "{refused:?}");
        let refused = create(&world, &by, "Two", &[reader, joining]);
        assert!(matches!(refused, Err(TeamError::Escalation)), "{refused:?}");
    }
    // Where nobody gains, where whoever does it reaches it all, and for who is alone.
    let clerk = world.caller(clerk);
    create(&world, &clerk, "Guests", &[guest, clerk.user]).unwrap();
    create(&world, &world.caller(mate), "Alone", &[mate]).unwrap();
    update(&world, &world.caller(seer), team.id, &members(&[guest, reader, mate]), None).unwrap();
    // Now it is a team of theirs, in which all of them are.
    create(&world, &world.caller(mate), "Again", &[guest, reader, mate]).unwrap();
    // To let somebody go confers nothing.
    update(&world, &clerk, team.id, &members(&[reader, mate]), None).unwrap();
}

#[test]
fn a_team_and_its_member_can_be_changed_at_once() {
    let world = World::new();
    let admin = world.caller(world.admin);
    let [bob, cy] = ["bob", "cy"].map(|who| world.person(who, world.role(BuiltIn::Guest)));
    let [one, two] = ["One", "Two"].map(|name| create(&world, &admin, name, &[]).unwrap().id);
    for round in 0..20 {
        let from_team = || {
            let wanted = if round % 2 == 0 { vec![bob, cy] } else { vec![] };
            update(&world, &admin, one, &members(&wanted), None).map(drop).map_err(|e| e.to_string())
        };
        let from_user = || {
            let wanted = if round % 2 == 0 { vec![two, one] } else { vec![two] };
            let patch = UserPatch { team_ids: Some(wanted), ..UserPatch::default() };
            world.update(&admin, cy, &patch).map(drop).map_err(|e| e.to_string())
        };
        assert_eq!(race([&from_team, &from_user]), [Ok(()), Ok(())]);
    }
    assert!(users::get_self(&mut world.begin(), cy).unwrap().is_some());
}
