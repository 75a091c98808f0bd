//! The audit history: how far a grant to read it goes.

use std::collections::BTreeSet;

use belfort_audit::postgres::{Filter, StoredEvent};
use belfort_audit::{Actor, Changes, Event, postgres as audit};
use belfort_ids::UserId;
use belfort_policy::{Audit, BuiltIn};
use belfort_rbac::Read;
use belfort_testkit::now;
use belfort_workspace::teams::{self, NewTeam};
use belfort_workspace::{Caller, TeamName, audit_log};

use crate::world::{World, grant, origin, source};

fn read(world: &World, by: &Caller, filter: Filter, before: Option<i64>, limit: i64) -> Vec<StoredEvent> {
    audit_log::list(&mut world.begin(), &grant::<Audit, Read>(by), filter, before, limit).unwrap()
}

fn actors(events: &[StoredEvent]) -> BTreeSet<Option<UserId>> {
    events.iter().map(|event| event.actor_id.map(UserId::from)).collect()
}

/// Somebody who may read the history this far.
fn auditor(world: &World, scope: &str) -> UserId {
    world.person(scope, world.own_role(scope, &[("audit", "read", scope)]))
}

#[test]
fn a_scope_reaches_the_events_of_its_people() {
    let world = World::new();
    let member = world.role(BuiltIn::Member);
    let [own, team, all] = ["own", "team", "all"].map(|scope| auditor(&world, scope));
    let [mate, stranger] = ["mate", "stranger"].map(|who| world.person(who, member));
    let admin = world.caller(world.admin);
    for (name, member_ids) in [("Ours", vec![team, mate]), ("Theirs", vec![own, stranger])] {
        let new = NewTeam { name: TeamName::parse(name).unwrap(), member_ids };
        world.act(|tx| teams::create(tx, &grant(&admin), &admin.principal, &origin(&admin), new)).unwrap();
    }
    let system = source().by(Actor::System { name: "retention".into() });
    let event = Event::new(&system, "workspace", world.tenant.id.uuid(), "pruned", Changes::default());
    world.act(|tx| audit::append(tx, &system, &[event])).unwrap();

    let everything = audit::list(&mut world.begin(), Filter::default(), None, 99).unwrap();
    for (user, reach) in [
        (all, None),
        (team, Some(BTreeSet::from([team, mate]))),
        // Also with team-mates.
        (own, Some(BTreeSet::from([own]))),
    ] {
        let caller = world.caller(user);
        let ours = |event: &StoredEvent| {
            reach.as_ref().is_none_or(|people| event.actor_id.is_some_and(|id| people.contains(&id.into())))
        };
        let expected: Vec<StoredEvent> = everything.iter().filter(|event| ours(event)).cloned().collect();
        assert!(!expected.is_empty());
        assert_eq!(read(&world, &caller, Filter::default(), None, 99), expected);
        // Page by page the same.
        let first = read(&world, &caller, Filter::default(), None, 1);
        let rest = read(&world, &caller, Filter::default(), Some(first[0].seq), 99);
        assert_eq!([first, rest].concat(), expected);
    }
    assert!(actors(&everything).contains(&None), "the system acted too");
}

#[test]
fn a_filter_does_not_lead_out_of_reach() {
    let world = World::new();
    let caller = world.caller(auditor(&world, "own"));
    let joined = read(&world, &caller, Filter { actor_id: Some(caller.user), ..Filter::default() }, None, 9);
    assert_eq!(actors(&joined), BTreeSet::from([Some(caller.user)]));
    for foreign in [
        Filter { actor_id: Some(world.admin), ..Filter::default() },
        Filter { resource_id: Some(world.tenant.id.uuid()), ..Filter::default() },
        Filter { resource: Some("workspace".into()), ..Filter::default() },
        Filter { action: Some("invited".into()), ..Filter::default() },
        Filter { to: Some(now()), ..Filter::default() },
        // Nor does one that names others in the place of the grant's people.
        Filter { actors: Some(vec![world.admin]), action: Some("invited".into()), ..Filter::default() },
    ] {
        assert_eq!(read(&world, &caller, foreign, None, 9), []);
    }
}
