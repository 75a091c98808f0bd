//! A check that the keyring has every key that values in the database are sealed under.
//!
//! A server that starts with the wrong keys would seal new values under them before anyone notices that the old ones do
//! not open. So each key that was ever the newest leaves a row with a canary, a token whose content is known.
//!
//! Needs the tables of `migrations/control/00000000000002_keyring` and `…07_keyring_lock`. Of the keys themselves nothing is in the database.

use belfort_db::{Control, Statement};
use diesel::prelude::*;

use self::schema::keyring;
use crate::context::{Column, Owner};
use crate::keyring::{KeyId, Keyring};

/// The reason why the server must not start with this keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringCheckError {
    /// Values are sealed under keys that the keyring does not have.
    #[error(
        "values in the database are encrypted under keys that are not in the keyring: {}. Add these keys after the newest \
         one, in BELFORT_KEYS or in the file that BELFORT_KEYS_FILE names, or check that this is the right database. The \
         keyring has: {}",
        comma_separated(.missing), comma_separated(.present)
    )]
    Missing {
        /// The ids of the missing keys.
        missing: Vec<String>,
        /// The ids of the keys that are there.
        present: Vec<KeyId>,
    },
    /// The row of a key was changed by something else than this application.
    #[error(
        "the check value of key {key_id} in public.keyring does not open: the row was changed. Restore it from a backup"
    )]
    Changed {
        /// The id of the key.
        key_id: String,
    },
    /// The database failed.
    #[error("cannot read the key ids in public.keyring")]
    Database(#[from] diesel::result::Error),
}

/// Checks that the keyring opens everything in the database, and registers its newest key there.
///
/// Call it within a transaction: two servers that start on a new database, each with a key of its own, queue here, and
/// the second is refused. Without one, both would start.
pub fn check_keyring(db: &mut impl Control, ring: &Keyring) -> Result<(), KeyringCheckError> {
    if db.run(LOCK)? != 1 {
        return Err(diesel::result::Error::NotFound.into());
    }
    let known: Vec<(String, String)> =
        db.rows(keyring::table.select((keyring::key_id, keyring::canary)).order(keyring::created_at))?;

    let absent = |key_id: &str| ring.ids().all(|id| id.as_str() != key_id);
    let missing: Vec<_> = known.iter().map(|(id, _)| id.clone()).filter(|id| absent(id)).collect();
    if !missing.is_empty() {
        return Err(KeyringCheckError::Missing { missing, present: ring.ids().collect() });
    }
    for (key_id, canary) in known {
        let opens =
            ring.open(Owner::System, CANARY, &key_id, &canary).is_ok_and(|text| *text == CANARY_PLAINTEXT);
        if !opens {
            return Err(KeyringCheckError::Changed { key_id });
        }
    }

    let sealed = ring.seal(Owner::System, CANARY, CANARY_PLAINTEXT);
    db.run(
        diesel::insert_into(keyring::table)
            .values((keyring::key_id.eq(sealed.key_id.as_str()), keyring::canary.eq(sealed.token)))
            .on_conflict_do_nothing(),
    )?;
    Ok(())
}

fn comma_separated(ids: &[impl AsRef<str>]) -> String {
    ids.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

const LOCK: Statement = Statement::new("SELECT FROM public.keyring_lock FOR UPDATE");

const CANARY: Column = Column::new("keyring.canary");
const CANARY_PLAINTEXT: &[u8] = b"canary";

mod schema {
    diesel::table! {
        public.keyring (key_id) {
            key_id -> Text,
            canary -> Text,
            created_at -> Timestamptz,
        }
    }
}
