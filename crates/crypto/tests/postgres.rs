//! The keyring against what the database knows of it.

#![cfg(feature = "postgres")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use belfort_crypto::Keyring;
use belfort_crypto::postgres::{KeyringCheckError, check_keyring};
use belfort_db::{Control, Queries, Statement};
use diesel::sql_types::{BigInt, Text};

const KNOWN: Statement<Text> = Statement::new("SELECT key_id FROM public.keyring ORDER BY created_at");
const EXCHANGE: Statement = Statement::new(
    "UPDATE public.keyring SET canary = (SELECT canary FROM public.keyring WHERE key_id = $1)",
);

fn known(db: &mut impl Control) -> Vec<String> {
    db.rows(KNOWN).unwrap()
}

fn ring(keys: &[&str]) -> Keyring {
    Keyring::parse(&keys.join("\n")).unwrap()
}

#[test]
fn a_new_database_takes_the_newest_key_and_knows_it_again() {
    let mut db = belfort_testkit::control();
    let ring = Keyring::parse(&Keyring::generate_key()).unwrap();
    check_keyring(&mut db, &ring).unwrap();
    check_keyring(&mut db, &ring).unwrap();
    assert_eq!(known(&mut db), [ring.primary().to_string()]);
}

#[test]
fn a_keyring_without_a_known_key_is_refused_and_leaves_nothing() {
    let mut db = belfort_testkit::control();
    let (right, wrong) = (Keyring::generate_key(), Keyring::generate_key());
    check_keyring(&mut db, &ring(&[&right])).unwrap();

    let error = check_keyring(&mut db, &ring(&[&wrong])).unwrap_err();
    let (right, wrong) = (ring(&[&right]).primary(), ring(&[&wrong]).primary());
    let KeyringCheckError::Missing { missing, present } = &error else { panic!("{error}") };
    assert_eq!(
        (missing.as_slice(), present.as_slice()),
        ([right.to_string()].as_slice(), [wrong].as_slice())
    );
    for said in [right.as_str(), wrong.as_str(), "BELFORT_KEYS", "BELFORT_KEYS_FILE"] {
        assert!(error.to_string().contains(said), "{error}");
    }
    assert_eq!(known(&mut db), [right.to_string()]);
}

#[test]
fn a_new_key_in_front_of_the_old_one_is_welcome() {
    let mut db = belfort_testkit::control();
    let (new, old) = (Keyring::generate_key(), Keyring::generate_key());
    check_keyring(&mut db, &ring(&[&old])).unwrap();
    check_keyring(&mut db, &ring(&[&new, &old])).unwrap();
    assert_eq!(known(&mut db).len(), 2);
    // From here on there may be values under either.
    assert!(check_keyring(&mut db, &ring(&[&new])).is_err());
    assert!(check_keyring(&mut db, &ring(&[&old])).is_err());
    // The order is the operator's business: an older key may become the newest again.
    check_keyring(&mut db, &ring(&[&old, &new])).unwrap();
}

#[test]
fn a_canary_that_was_exchanged_is_noticed() {
    let mut db = belfort_testkit::control();
    let (new, old) = (Keyring::generate_key(), Keyring::generate_key());
    check_keyring(&mut db, &ring(&[&old])).unwrap();
    let both = ring(&[&new, &old]);
    check_keyring(&mut db, &both).unwrap();

    // The canary of one key stands under the id of the other.
    db.run(EXCHANGE.bind::<Text, _>(both.primary().to_string())).unwrap();
    let error = check_keyring(&mut db, &both).unwrap_err();
    assert!(
        matches!(&error, KeyringCheckError::Changed { key_id } if *key_id != both.primary().as_str()),
        "{error}"
    );
}

#[test]
fn of_two_servers_with_keys_of_their_own_only_one_starts_on_a_new_database() {
    const WAITING: Statement<BigInt> = Statement::new(
        "SELECT count(*)
         FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE NOT granted AND datname = current_database()",
    );
    let db = belfort_testkit::Database::new();
    let (first, second) = (Keyring::generate_key(), Keyring::generate_key());
    let mut tx = db.begin_control();
    check_keyring(&mut tx, &ring(&[&first])).unwrap();

    std::thread::scope(|scope| {
        let other = scope.spawn(|| check_keyring(&mut db.begin_control(), &ring(&[&second])));
        let mut observer = db.control();
        while !other.is_finished() && observer.row::<i64, _>(WAITING).unwrap() == 0 {
            std::thread::yield_now();
        }
        tx.commit().unwrap();
        let error = other.join().unwrap().unwrap_err();
        assert!(matches!(error, KeyringCheckError::Missing { .. }), "{error}");
    });
}
