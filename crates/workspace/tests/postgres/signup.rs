//! Sign-up: nothing in the clear before, everything at once after, five attempts in between.

use std::sync::Barrier;

use belfort_audit::postgres::Filter;
use belfort_auth::{CODE_LIFETIME, Email};
use belfort_db::{Queries, Statement};
use belfort_ids::SignupId;
use belfort_policy::{BuiltIn, VOCABULARY};
use belfort_rbac::postgres::roles;
use belfort_testkit::{Database, MIGRATIONS, now};
use belfort_values::Word;
use belfort_workspace::login;
use belfort_workspace::signup::{self, ConfirmError, Confirmed, StartError, Started};
use chrono::Duration;
use diesel::sql_types::{BigInt, Integer, Text, Uuid};

use crate::world::{HASH, World, hash, other, ring, signup as form, source};

fn confirm(
    db: &Database,
    ring: &belfort_crypto::Keyring,
    started: &Started,
) -> Result<Confirmed, ConfirmError> {
    signup::confirm(db.tenancy(), ring, &MIGRATIONS, &source(), started.id, &started.code)
}

fn start(db: &Database, ring: &belfort_crypto::Keyring, slug: &str) -> Started {
    signup::start(&mut db.control(), ring, now(), &form(slug)).unwrap()
}

fn attempts(db: &Database, id: SignupId) -> i32 {
    const ATTEMPTS: Statement<Integer> = Statement::new("SELECT attempts FROM public.signups WHERE id = $1");
    db.control().row(ATTEMPTS.bind::<Uuid, _>(id)).unwrap()
}

/// Schemas, roles and rows of tenants, and sign-ups.
fn left(db: &Database) -> (i64, i64, i64) {
    const LEFT: Statement<(BigInt, BigInt, BigInt)> = Statement::new(
        "SELECT (SELECT count(*) FROM pg_namespace n WHERE starts_with(n.nspname, 't_')),
                (SELECT count(*) FROM public.tenants),
                (SELECT count(*) FROM public.signups)",
    );
    db.control().row(LEFT).unwrap()
}

#[test]
fn a_confirmed_workspace_has_its_roles_and_an_admin_who_can_log_in() {
    let world = World::new();
    assert_eq!((world.tenant.slug.as_str(), world.tenant.name.as_str()), ("engines", "Analytical Engines"));
    assert_eq!(world.tenant.plan.as_str(), "free");
    let mut tx = world.begin();
    let all = roles::list(&mut tx, &VOCABULARY, None, 10).unwrap();
    let found: Vec<_> = all.into_iter().map(|r| (r.name, r.is_builtin, r.permissions)).collect();
    let expected = BuiltIn::ALL.map(|role| (role.name().to_owned(), true, role.permissions()));
    assert_eq!(found, expected);

    let credential =
        login::password_by_email(&mut tx, &Email::parse("ada@example.be").unwrap()).unwrap().unwrap();
    assert_eq!((credential.user, credential.hash), (world.admin, hash()));
    let row = world.row(world.admin).unwrap();
    assert!(row.has_joined && row.is_active && row.role_id == world.role(BuiltIn::Admin));

    let history = belfort_audit::postgres::list(&mut tx, Filter::default(), None, 10).unwrap();
    let told: Vec<_> = history.iter().rev().map(|e| (e.resource.as_str(), e.action.as_str())).collect();
    assert_eq!(told, [("workspace", "create"), ("users", "create")]);
    assert!(history.iter().all(|e| e.actor_id == Some(world.admin.uuid())));
    assert!(!format!("{history:?}").contains("argon2"));
    assert_eq!(left(&world.db), (1, 1, 0), "what was sealed for the sign-up is gone");
}

#[test]
fn nothing_of_a_sign_up_stands_in_the_clear() {
    const DUMP: Statement<(Text, Text, Text)> =
        Statement::new("SELECT s.payload, s.code, row_to_json(s)::text FROM public.signups s");
    let (db, ring) = (Database::new(), ring());
    let started = start(&db, &ring, "engines");
    let (payload, code, row): (String, String, String) = db.control().row(DUMP).unwrap();
    assert!(payload.starts_with("gAAAA") && code.starts_with("gAAAA"));
    for secret in ["ada@", "Lovelace", "Analytical", "engines", HASH, "argon2", started.code.reveal()] {
        // Six digits can turn up in a timestamp or an id by chance.
        let tokens = format!("{payload} {code}");
        let text = if secret == started.code.reveal() { &tokens } else { &row };
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn tokens_copied_into_another_sign_up_do_not_open() {
    const COPY: Statement = Statement::new(
        "UPDATE public.signups AS other SET payload = mine.payload, code = mine.code
         FROM public.signups mine WHERE mine.id = $1 AND other.id = $2",
    );
    const COPY_PAYLOAD: Statement = Statement::new(
        "UPDATE public.signups AS other SET payload = mine.payload
         FROM public.signups mine WHERE mine.id = $1 AND other.id = $2",
    );
    let (db, ring) = (Database::new(), ring());
    let (mine, other, third) =
        (start(&db, &ring, "mine"), start(&db, &ring, "other"), start(&db, &ring, "third"));
    db.control().run(COPY.bind::<Uuid, _>(mine.id).bind::<Uuid, _>(other.id)).unwrap();
    let with_my_code = Started { id: other.id, code: belfort_auth::Code::parse(mine.code.reveal()).unwrap() };
    assert!(matches!(confirm(&db, &ring, &with_my_code), Err(ConfirmError::Sealed(_))));
    // Somebody's workspace under somebody else's code.
    db.control().run(COPY_PAYLOAD.bind::<Uuid, _>(mine.id).bind::<Uuid, _>(third.id)).unwrap();
    assert!(matches!(confirm(&db, &ring, &third), Err(ConfirmError::Sealed(_))));
    assert_eq!(left(&db), (0, 0, 3));
}

#[test]
fn of_forty_wrong_guesses_at_once_five_are_compared_and_then_it_is_over() {
    let (db, ring) = (Database::new(), ring());
    let started = start(&db, &ring, "engines");
    let barrier = Barrier::new(40);
    let mut compared: Vec<i32> = std::thread::scope(|scope| {
        let guess = || {
            barrier.wait();
            let wrong = other(&started.code);
            match signup::confirm(db.tenancy(), &ring, &MIGRATIONS, &source(), started.id, &wrong) {
                Err(ConfirmError::WrongCode { left }) => Some(left),
                Err(ConfirmError::Expired) => None,
                unexpected => panic!("{unexpected:?}"),
            }
        };
        let guesses: Vec<_> = (0..40).map(|_| scope.spawn(guess)).collect();
        guesses.into_iter().filter_map(|guess| guess.join().unwrap()).collect()
    });
    compared.sort_unstable();
    assert_eq!(compared, [0, 1, 2, 3, 4]);
    assert!(
        matches!(confirm(&db, &ring, &started), Err(ConfirmError::Expired)),
        "the right code comes too late"
    );
    assert_eq!((attempts(&db, started.id), left(&db)), (5, (0, 0, 1)));
}

#[test]
fn the_fifth_attempt_may_still_be_the_right_one() {
    let (db, ring) = (Database::new(), ring());
    let started = start(&db, &ring, "engines");
    let wrong = Started { id: started.id, code: other(&started.code) };
    for left in [4, 3, 2, 1] {
        assert!(matches!(confirm(&db, &ring, &wrong), Err(ConfirmError::WrongCode { left: l }) if l == left));
    }
    assert!(confirm(&db, &ring, &started).is_ok());
}

#[test]
fn an_unknown_an_expired_and_a_used_sign_up_are_over() {
    let (db, ring) = (Database::new(), ring());
    let over = |result| assert!(matches!(result, Err(ConfirmError::Expired)), "{result:?}");
    let started = start(&db, &ring, "engines");
    over(confirm(&db, &ring, &Started { id: SignupId::new(now()), code: other(&started.code) }));
    let mut late = source();
    late.at += CODE_LIFETIME;
    over(signup::confirm(db.tenancy(), &ring, &MIGRATIONS, &late, started.id, &started.code));
    late.at -= Duration::seconds(1);
    signup::confirm(db.tenancy(), &ring, &MIGRATIONS, &late, started.id, &started.code).unwrap();
    over(confirm(&db, &ring, &started));

    start(&db, &ring, "purged");
    assert_eq!(signup::purge(&mut db.control(), now()).unwrap(), 0);
    assert_eq!(signup::purge(&mut db.control(), now() + CODE_LIFETIME).unwrap(), 1);
}

#[test]
fn of_two_confirmations_at_once_one_makes_the_workspace() {
    let (db, ring) = (Database::new(), ring());
    for round in 0..5 {
        let started = start(&db, &ring, &format!("round-{round}"));
        let once = || confirm(&db, &ring, &started).map(drop);
        let results = crate::world::race([&once, &once]);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
        assert!(results.iter().any(|result| matches!(result, Err(ConfirmError::Expired))), "{results:?}");
    }
    assert_eq!(left(&db), (5, 5, 0));
}

#[test]
fn of_two_sign_ups_for_one_slug_the_first_to_confirm_has_it() {
    let (db, ring) = (Database::new(), ring());
    let (a, b) = (start(&db, &ring, "engines"), start(&db, &ring, "engines"));
    let (first, second) = (|| confirm(&db, &ring, &a).map(drop), || confirm(&db, &ring, &b).map(drop));
    let results = crate::world::race([&first, &second]);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert!(results.iter().any(|result| matches!(result, Err(ConfirmError::SlugTaken))), "{results:?}");
    assert_eq!(left(&db), (1, 1, 1));
    let again = signup::start(&mut db.control(), &ring, now(), &form("engines"));
    assert!(matches!(again, Err(StartError::SlugTaken)));
}

/// The last thing that a confirmation does fails: nothing that went before it is left.
#[test]
fn a_confirmation_that_fails_leaves_nothing_and_can_be_made_again() {
    const FULL_DISK: &str = "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON public.tenants DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION public.refuse()";
    use diesel::connection::SimpleConnection;
    let (db, ring) = (Database::new(), ring());
    let started = start(&db, &ring, "engines");
    db.superuser().batch_execute(FULL_DISK).unwrap();
    assert!(matches!(confirm(&db, &ring, &started), Err(ConfirmError::Database(_))));
    assert_eq!((left(&db), attempts(&db, started.id)), ((0, 0, 1), 1));
    db.superuser().batch_execute("DROP TRIGGER refuse ON public.tenants").unwrap();
    confirm(&db, &ring, &started).unwrap();
}
