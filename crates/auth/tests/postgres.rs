//! Credentials, sessions and counters against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::sync::Barrier;
use std::thread;

use belfort_auth::postgres::counters::{self, Reservation};
use belfort_auth::postgres::{credentials, sessions};
use belfort_auth::{CounterKey, CounterKeys, Email, Limit, PasswordHash, SESSION_LIFETIME, SessionToken};
use belfort_db::{Control, Queries, Statement, Tenant};
use belfort_ids::{SessionId, TenantId, UserId};
use belfort_testkit::Database;
use chrono::{DateTime, Duration, Utc};
use diesel::sql_types::{BigInt, Binary, Integer, Text, Uuid};

const LIMIT: Limit = Limit::new(5, Duration::minutes(15));

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
}

fn key(email: &str) -> CounterKey {
    let tenant: TenantId = "019b76da-a800-7000-8000-000000000001".parse().unwrap();
    CounterKeys::new(&[7; 32]).login_user(tenant, &Email::parse(email).unwrap())
}

fn hits(db: &mut impl Control, key: &CounterKey) -> Option<i32> {
    const HITS: Statement<Integer> = Statement::new("SELECT hits FROM public.counters WHERE key = $1");
    db.find(HITS.bind::<Binary, _>(key.as_bytes().as_slice())).unwrap()
}

fn granted(db: &mut impl Control, key: &CounterKey, now: DateTime<Utc>) -> bool {
    counters::reserve(db, key, LIMIT, now).unwrap() == Reservation::Granted
}

#[test]
fn of_32_attempts_at_once_exactly_5_are_granted() {
    let db = Database::new();
    let key = key("ann@example.be");
    let start = Barrier::new(32);
    let attempt = || {
        start.wait();
        counters::reserve(&mut db.control(), &key, LIMIT, at(0)).unwrap()
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..32).map(|_| scope.spawn(attempt)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| **answer == Reservation::Granted).count(), 5);
    assert_eq!(hits(&mut db.control(), &key), Some(5));
}

/// The loser of a race cannot see the row that it lost to: it must not be told to come back at once, or never.
#[test]
fn who_is_refused_in_a_race_is_told_when_to_come_back() {
    const ONE: Limit = Limit::new(1, Duration::minutes(15));
    const THREADS: usize = 6;
    const ROUNDS: usize = 100;
    let db = Database::new();
    let start = Barrier::new(THREADS);
    let race = || {
        let mut control = db.control();
        let round = |n| {
            let key = key(&format!("ann{n}@example.be"));
            start.wait();
            // Not unwrapped here: who panics leaves the others at the barrier.
            counters::reserve(&mut control, &key, ONE, at(0)).ok()
        };
        (0..ROUNDS).map(round).collect::<Vec<_>>()
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(race)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let refused = Some(Reservation::Refused { retry_after: Duration::minutes(15) });
    assert_eq!(answers.iter().filter(|answer| **answer == Some(Reservation::Granted)).count(), ROUNDS);
    assert_eq!(answers.iter().filter(|answer| **answer == refused).count(), (THREADS - 1) * ROUNDS);
}

#[test]
fn the_sixth_attempt_is_refused_at_another_server_too() {
    let db = Database::new();
    let key = key("ann@example.be");
    let (mut one, mut other) = (db.control(), db.control());
    for second in 0..5 {
        assert!(granted(&mut one, &key, at(second)));
    }
    let refused = Reservation::Refused { retry_after: Duration::minutes(15) - Duration::seconds(5) };
    assert_eq!(counters::reserve(&mut other, &key, LIMIT, at(5)).unwrap(), refused);
}

#[test]
fn refused_attempts_neither_count_nor_extend_the_window() {
    let db = Database::new();
    let mut control = db.control();
    let key = key("ann@example.be");
    for _ in 0..20 {
        let _ = granted(&mut control, &key, at(0));
    }
    assert_eq!(hits(&mut control, &key), Some(5));
    let refused = Reservation::Refused { retry_after: Duration::seconds(1) };
    assert_eq!(counters::reserve(&mut control, &key, LIMIT, at(899)).unwrap(), refused);
}

#[test]
fn a_new_window_begins_when_the_old_one_is_over() {
    let db = Database::new();
    let mut control = db.control();
    let key = key("ann@example.be");
    for _ in 0..5 {
        assert!(granted(&mut control, &key, at(0)));
    }
    assert!(!granted(&mut control, &key, at(899)));
    for _ in 0..5 {
        assert!(granted(&mut control, &key, at(900)));
    }
    let refused = Reservation::Refused { retry_after: Duration::minutes(15) };
    assert_eq!(counters::reserve(&mut control, &key, LIMIT, at(900)).unwrap(), refused);
}

#[test]
fn a_right_attempt_gives_its_place_back() {
    let db = Database::new();
    let mut control = db.control();
    let key = key("ann@example.be");
    for _ in 0..5 {
        assert!(granted(&mut control, &key, at(0)));
    }
    counters::refund(&mut control, &key).unwrap();
    assert!(granted(&mut control, &key, at(1)));
    assert!(!granted(&mut control, &key, at(1)));
}

#[test]
fn nobody_saves_up_attempts() {
    let db = Database::new();
    let mut control = db.control();
    let key = key("ann@example.be");
    counters::refund(&mut control, &key).unwrap();
    assert_eq!(hits(&mut control, &key), None);
    assert!(granted(&mut control, &key, at(0)));
    for _ in 0..3 {
        counters::refund(&mut control, &key).unwrap();
    }
    assert_eq!(hits(&mut control, &key), Some(0));
    assert_eq!((0..9).filter(|_| granted(&mut control, &key, at(1))).count(), 5);
}

#[test]
fn a_lowered_limit_holds_at_once() {
    let db = Database::new();
    let mut control = db.control();
    let key = key("ann@example.be");
    for _ in 0..5 {
        assert!(granted(&mut control, &key, at(0)));
    }
    let lower = Limit::new(2, Duration::minutes(15));
    counters::refund(&mut control, &key).unwrap();
    assert_ne!(counters::reserve(&mut control, &key, lower, at(1)).unwrap(), Reservation::Granted);
}

#[test]
fn two_keys_do_not_interfere() {
    let db = Database::new();
    let mut control = db.control();
    let (ann, bob) = (key("ann@example.be"), key("bob@example.be"));
    for _ in 0..5 {
        assert!(granted(&mut control, &ann, at(0)));
    }
    assert!(!granted(&mut control, &ann, at(0)));
    assert!(granted(&mut control, &bob, at(0)));
    counters::refund(&mut control, &bob).unwrap();
    assert!(!granted(&mut control, &ann, at(0)));
}

#[test]
fn the_operator_unlocks_and_old_counters_go() {
    let db = Database::new();
    let mut control = db.control();
    let (ann, bob) = (key("ann@example.be"), key("bob@example.be"));
    for _ in 0..5 {
        assert!(granted(&mut control, &ann, at(0)));
    }
    counters::clear(&mut control, &ann).unwrap();
    assert!(granted(&mut control, &ann, at(1)));
    assert!(granted(&mut control, &bob, at(10)));
    assert_eq!(counters::purge(&mut control, at(901)).unwrap(), 1);
    assert_eq!((hits(&mut control, &ann), hits(&mut control, &bob)), (None, Some(1)));
}

#[test]
fn a_session_is_listed_until_it_ends() {
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    let user = user(&mut tx, 1);
    let (first, second) = (SessionToken::generate(), SessionToken::generate());
    let (a, b) = (SessionId::new(at(0)), SessionId::new(at(60)));
    let agent = format!("curl/8\0\u{1b}[31m {}", "é".repeat(300));
    let ip = "::ffff:192.0.2.1".parse().unwrap();
    let until = sessions::open(&mut tx, a, user, &first.digest(), Some(ip), Some(&agent), at(0)).unwrap();
    assert_eq!(until, at(0) + SESSION_LIFETIME);
    sessions::open(&mut tx, b, user, &second.digest(), None, None, at(60)).unwrap();

    let rows = sessions::list(&mut tx, user, at(61), None, 9).unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [b, a]);
    assert_eq!(rows[1].ip, Some("192.0.2.1".parse().unwrap()));
    let agent = rows[1].user_agent.as_deref().unwrap();
    assert!(agent.starts_with("curl/8[31m é") && agent.chars().count() == 255, "{agent}");

    let listed = sessions::list(&mut tx, user, until, None, 9).unwrap();
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [b], "the first is over");
    assert_eq!(sessions::purge(&mut tx, until).unwrap(), 1);
    assert!(sessions::end(&mut tx, &second.digest()).unwrap());
    assert!(!sessions::end(&mut tx, &second.digest()).unwrap());
    assert_eq!(sessions::list(&mut tx, user, at(61), None, 9).unwrap(), []);
}

#[test]
fn nobody_ends_the_session_of_another() {
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    let (ann, bob) = (user(&mut tx, 1), user(&mut tx, 2));
    let ids: Vec<_> = (0..3).map(|_| open(&mut tx, ann)).collect();
    let (bobs, _) = open(&mut tx, bob);

    assert!(!sessions::end_one(&mut tx, ann, bobs).unwrap());
    assert!(sessions::end_one(&mut tx, ann, ids[0].0).unwrap());
    assert_eq!(sessions::end_others(&mut tx, ann, ids[1].0).unwrap(), 1);
    let left = sessions::list(&mut tx, ann, at(1), None, 9).unwrap();
    assert_eq!(left.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[1].0]);
    assert_eq!(sessions::end_all(&mut tx, ann).unwrap(), 1);
    assert_eq!(sessions::list(&mut tx, bob, at(1), None, 9).unwrap().len(), 1);
}

#[test]
fn a_deleted_user_leaves_no_session_and_no_password() {
    const DELETE: Statement = Statement::new("DELETE FROM users WHERE id = $1");
    const LEFT: Statement<BigInt> =
        Statement::new("SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM credentials)");
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    let ann = user(&mut tx, 1);
    let before: i64 = tx.row(LEFT).unwrap();
    open(&mut tx, ann);
    credentials::set(&mut tx, ann, &hash("MIIRqgvgQbgj220jfp0MPA"), at(0)).unwrap();
    assert_eq!(tx.row::<i64, _>(LEFT).unwrap(), before + 2);
    tx.run(DELETE.bind::<Uuid, _>(ann)).unwrap();
    assert_eq!(tx.row::<i64, _>(LEFT).unwrap(), before);
}

#[test]
fn a_rehash_does_not_undo_a_change_of_password() {
    const STORED: Statement<Text> =
        Statement::new("SELECT password_hash FROM credentials WHERE user_id = $1");
    let db = Database::new();
    let tenant = db.tenant();
    let mut tx = tenant.begin();
    let ann = user(&mut tx, 1);
    let [old, stronger, changed] =
        ["AIIRqgvgQbgj220jfp0MPA", "BIIRqgvgQbgj220jfp0MPA", "CIIRqgvgQbgj220jfp0MPA"].map(hash);
    credentials::set(&mut tx, ann, &old, at(0)).unwrap();
    credentials::set(&mut tx, ann, &changed, at(1)).unwrap();
    assert!(!credentials::rehash(&mut tx, ann, &old, &stronger, at(2)).unwrap());
    assert_eq!(tx.row::<String, _>(STORED.bind::<Uuid, _>(ann)).unwrap(), changed.as_str());
    assert!(credentials::rehash(&mut tx, ann, &changed, &stronger, at(3)).unwrap());
    assert_eq!(tx.row::<String, _>(STORED.bind::<Uuid, _>(ann)).unwrap(), stronger.as_str());
}

fn hash(salt: &str) -> PasswordHash {
    let output = "YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg";
    PasswordHash::parse(&format!("$argon2id$v=19$m=65536,t=3,p=4${salt}${output}")).unwrap()
}

fn open(tx: &mut impl Tenant, user: UserId) -> (SessionId, SessionToken) {
    let (id, token) = (SessionId::new(at(0)), SessionToken::generate());
    sessions::open(tx, id, user, &token.digest(), None, None, at(0)).unwrap();
    (id, token)
}

fn user(tx: &mut impl Tenant, number: i32) -> UserId {
    const NEW: Statement = Statement::new(
        "INSERT INTO users (id, email, full_name, created_at, updated_at) VALUES ($1, $2, 'Somebody', now(), now())",
    );
    let id = UserId::new(at(0));
    tx.run(NEW.bind::<Uuid, _>(id).bind::<Text, _>(format!("user{number}@example.be"))).unwrap();
    id
}
