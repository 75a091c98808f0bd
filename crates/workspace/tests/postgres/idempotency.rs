//! A request that is sent twice acts once.

use belfort_testkit::now;
use belfort_workspace::idempotency::{self, Claim, LIFETIME, Requester, Stored};
use chrono::Duration;
use serde_json::json;

use crate::world::{World, race};

const REQUEST: [u8; 32] = [1; 32];

fn answer() -> Stored {
    Stored { status: 201, headers: json!({"etag": "\"1\""}), body: b"{\"id\": \xff}".to_vec() }
}

/// A request that acts when it is told to; it answers what it was told.
fn send(world: &World, key: &str) -> Claim {
    world
        .act(|tx| {
            let claim = idempotency::claim(tx, Requester::User(world.admin), now(), key, REQUEST)?;
            if claim == Claim::New {
                idempotency::store(tx, Requester::User(world.admin), key, &answer())?;
            }
            Ok::<_, diesel::result::Error>(claim)
        })
        .unwrap()
}

#[test]
fn the_second_request_gets_the_answer_of_the_first() {
    let world = World::new();
    assert_eq!(send(&world, "key"), Claim::New);
    assert_eq!(send(&world, "key"), Claim::Replay(answer()));
    assert_eq!(send(&world, "other key"), Claim::New);
    let claim =
        idempotency::claim(&mut world.begin(), Requester::User(world.admin), now(), "key", [2; 32]).unwrap();
    assert_eq!(claim, Claim::Mismatch);
    // Whatever a client makes up.
    assert_eq!(send(&world, &"\0é".repeat(5_000)), Claim::New);
}

#[test]
fn a_key_is_its_users_own() {
    let world = World::new();
    assert_eq!(send(&world, "key"), Claim::New);
    let bob = world.person("bob", world.role(belfort_policy::BuiltIn::Guest));
    let claim = idempotency::claim(&mut world.begin(), Requester::User(bob), now(), "key", REQUEST).unwrap();
    assert_eq!(claim, Claim::New);
}

#[test]
fn of_two_at_once_one_acts_and_the_other_waits_for_its_answer() {
    let world = World::new();
    for round in 0..20 {
        let key = format!("key{round}");
        let once = || send(&world, &key);
        let claims = race([&once, &once]);
        let replay = Claim::Replay(answer());
        assert!(claims == [Claim::New, replay.clone()] || claims == [replay, Claim::New], "{claims:?}");
    }
}

#[test]
fn a_request_that_failed_leaves_its_key_free() {
    let world = World::new();
    let mut tx = world.begin();
    assert_eq!(
        idempotency::claim(&mut tx, Requester::User(world.admin), now(), "key", REQUEST).unwrap(),
        Claim::New
    );
    drop(tx);
    assert_eq!(send(&world, "key"), Claim::New);
}

#[test]
fn a_key_is_free_again_after_a_day() {
    let world = World::new();
    assert_eq!(send(&world, "key"), Claim::New);
    let claim = |at| {
        idempotency::claim(&mut world.begin(), Requester::User(world.admin), at, "key", [2; 32]).unwrap()
    };
    assert_eq!(claim(now() + LIFETIME - Duration::seconds(1)), Claim::Mismatch);
    assert_eq!(claim(now() + LIFETIME), Claim::New);
    assert_eq!(idempotency::purge(&mut world.begin(), now()).unwrap(), 0);
    assert_eq!(idempotency::purge(&mut world.begin(), now() + LIFETIME).unwrap(), 1);
}
