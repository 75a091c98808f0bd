//! Logging in and changing the password, step by step: what is counted, and what is given back.

use std::net::IpAddr;

use belfort_auth::postgres::credentials;
use belfort_auth::postgres::sessions::MAX_SESSIONS;
use belfort_auth::{Email, HashParams, Hasher, Limit, Password};
use belfort_crypto::Keyring;
use belfort_db::{Queries as _, Statement};
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_workspace::login::{self, Attempt, NewPassword, PasswordChange, Verified};
use belfort_workspace::{Caller, Counters, ReserveError};
use chrono::Duration;
use diesel::sql_types::{BigInt, Uuid};

use crate::world::{World, email, origin, race, ring};

const TWICE: Limit = Limit::new(2, Duration::minutes(15));

fn password(text: &str) -> Password {
    Password::attempt(text.to_owned()).unwrap()
}

/// A workspace whose admin has the password `right`.
struct Login {
    world: World,
    counters: Counters,
    hasher: Hasher,
    admin: Caller,
}

impl Login {
    fn new() -> Self {
        let world = World::new();
        let counters = Counters::new(world.db.tenancy().clone(), &ring());
        let (admin, hasher) = (world.caller(world.admin), Hasher::new(HashParams::default()).unwrap());
        let login = Self { world, counters, hasher, admin };
        login.set_password(&login.hasher);
        login
    }

    fn set_password(&self, hasher: &Hasher) {
        let hash = hasher.hash(&password("right")).unwrap();
        self.world.act(|tx| credentials::set(tx, self.world.admin, &hash, now())).unwrap();
    }

    fn reserve(&self, email: &Email, ip: Option<IpAddr>) -> Result<Attempt, ReserveError> {
        Attempt::reserve(self.world.begin(), &self.counters, TWICE, now(), email, ip)
    }

    fn verify(&self, attempt: Attempt, given: &str) -> Option<Verified> {
        attempt.verify(&self.hasher, &password(given)).unwrap()
    }

    fn open(&self, verified: &Verified) -> bool {
        let opened = self.world.act(|tx| verified.open_session(tx, now(), None, None)).unwrap();
        opened.is_some()
    }
}

fn is_refused<T>(result: Result<T, ReserveError>) -> bool {
    let Err(error) = result else { return false };
    assert!(
        matches!(error, ReserveError::TooMany { retry_after } if retry_after == TWICE.per()),
        "{error:?}"
    );
    true
}

#[test]
fn a_wrong_password_stays_counted_and_a_right_one_costs_nothing() {
    let login = Login::new();
    for _ in 0..3 {
        let attempt = login.reserve(&email("ada"), None).unwrap();
        let reservation = attempt.reservation();
        let verified = login.verify(attempt, "right").unwrap();
        assert!(login.open(&verified));
        reservation.refund(&login.counters).unwrap();
    }
    for who in ["ada", "nobody"] {
        for _ in 0..2 {
            assert!(login.verify(login.reserve(&email(who), None).unwrap(), "wrong").is_none());
        }
        assert!(is_refused(login.reserve(&email(who), None)));
    }
}

#[test]
fn an_attempt_is_given_back_once() {
    let login = Login::new();
    let counters = &login.counters;
    let _ = login.reserve(&email("ada"), None).unwrap();
    let attempt = login.reserve(&email("ada"), None).unwrap();
    let (one, other) = (attempt.reservation(), attempt.reservation());
    one.refund(counters).unwrap();
    other.refund(counters).unwrap();
    one.refund(counters).unwrap();
    let _ = login.reserve(&email("ada"), None).unwrap();
    assert!(is_refused(login.reserve(&email("ada"), None)));
}

#[test]
fn an_address_that_is_refused_uses_up_no_attempt_of_the_users_it_tries() {
    let login = Login::new();
    let (here, there) = (Some([192, 0, 2, 7].into()), Some([192, 0, 2, 8].into()));
    for n in 0..20 {
        let _ = login.reserve(&email(&format!("user{n}")), here).unwrap();
    }
    for _ in 0..3 {
        assert!(is_refused(login.reserve(&email("ada"), here)));
    }
    for _ in 0..2 {
        let _ = login.reserve(&email("ada"), there).unwrap();
    }
    assert!(is_refused(login.reserve(&email("ada"), there)));
}

#[test]
fn a_stale_hash_is_replaced_at_the_login_and_another_login_has_to_check_again() {
    let login = Login::new();
    login.set_password(&Hasher::new(HashParams::new(12 * 1024, 3, 1).unwrap()).unwrap());
    let stored = || login::password_by_email(&mut login.world.begin(), &email("ada")).unwrap().unwrap().hash;
    let stale = stored();
    let [first, second] = [(); 2].map(|()| {
        let attempt = login.reserve(&email("ada"), None).unwrap();
        login.verify(attempt, "right").unwrap()
    });
    assert!(login.open(&first));
    assert_ne!(stored(), stale);
    assert!(!login.open(&second), "what it checked is not there any more");
}

#[test]
fn guesses_at_the_current_password_count_like_those_at_the_login() {
    let login = Login::new();
    let ada = &login.admin;
    let reserve = || PasswordChange::reserve(login.world.begin(), &login.counters, TWICE, now(), ada);
    let verify = |change: PasswordChange, current: &str| -> Option<NewPassword> {
        change.verify(&login.hasher, &password(current), &password("another long one")).unwrap()
    };
    let change = reserve().unwrap();
    let reservation = change.reservation();
    let new = verify(change, "right").unwrap();
    let keep = ada.session().unwrap();
    let store = || login.world.act(|tx| new.store(tx, &origin(ada), keep)).unwrap();
    assert!(store());
    assert!(!store(), "the password that was checked is the old one");
    reservation.refund(&login.counters).unwrap();

    assert!(verify(reserve().unwrap(), "right").is_none());
    assert!(login.verify(login.reserve(&email("ada"), None).unwrap(), "right").is_none());
    assert!(is_refused(reserve()));
    assert!(is_refused(login.reserve(&email("ada"), None)));
}

/// Every process with the same keys counts together. Who has the table and not the keys cannot tell what a row counts.
#[test]
fn attempts_are_counted_under_the_keys_of_the_keyring() {
    let world = World::new();
    let (ours, theirs) = (Keyring::generate_key(), Keyring::generate_key());
    let reserve = |key: &str| {
        let counters = Counters::new(world.db.tenancy().clone(), &Keyring::parse(key).unwrap());
        Attempt::reserve(world.begin(), &counters, TWICE, now(), &email("ada"), None)
    };
    for _ in 0..2 {
        let _ = reserve(&ours).unwrap();
    }
    assert!(is_refused(reserve(&ours)));
    let _ = reserve(&theirs).unwrap();
}

#[test]
fn of_more_sessions_than_a_user_has_at_most_the_newest_stay() {
    const OPEN: Statement<BigInt> = Statement::new("SELECT count(*) FROM sessions WHERE user_id = $1");
    let world = World::new();
    let bob = world.person("bob", world.role(BuiltIn::Member));
    let count = || world.begin().row::<i64, _>(OPEN.bind::<Uuid, _>(bob)).unwrap();
    let first: Vec<_> = (1..MAX_SESSIONS).map(|_| world.log_in(bob)).collect();
    assert_eq!(count(), MAX_SESSIONS - 1);
    // Each ends the oldest one, also of two that are opened at once.
    for round in 0..8 {
        let [one, other] = race([&|| world.log_in(bob), &|| world.log_in(bob)]);
        assert_eq!(count(), MAX_SESSIONS, "round {round}");
        assert!(world.whose(&one).is_some() && world.whose(&other).is_some());
    }
    let left: Vec<bool> = first.iter().map(|token| world.whose(token).is_some()).collect();
    let ended = left.iter().filter(|is_left| !**is_left).count();
    assert!(ended == 15 && left[15..].iter().all(|is_left| *is_left), "{left:?}");
    assert!(world.whose(&world.log_in(world.admin)).is_some());
}
