//! The source of the keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use belfort_crypto::Keyring;

use super::Reader;

/// The source of the keys that encrypt secrets in the database.
#[derive(Debug)]
pub(crate) enum Keys {
    /// `BELFORT_KEYS`: the keys themselves, newest first, separated by commas.
    Given(Arc<Keyring>),
    /// `BELFORT_KEYS_FILE`: a file with one key a line, newest first, that only its owner can read.
    File(PathBuf),
    /// Neither, in development: a file in the data directory, which is created where there is none.
    Generated(PathBuf),
}

impl Keys {
    pub(super) fn load(reader: &mut Reader<'_>, data_dir: Option<&Path>) -> Option<Self> {
        let given = reader.secret("BELFORT_KEYS", Keyring::parse, |_, ring| {
            format!("ids {}", ring.ids().map(|id| id.to_string()).collect::<Vec<_>>().join(", "))
        });
        let file = reader.read("BELFORT_KEYS_FILE", |text| Ok::<_, &str>(PathBuf::from(text)));
        let is_given = reader.is_set("BELFORT_KEYS");
        match (is_given, given, file) {
            (true, _, Some(_)) => {
                reader.problem(
                    "BELFORT_KEYS and BELFORT_KEYS_FILE are both set: set only one of them".to_owned(),
                );
                None
            }
            (true, given, None) => given.map(|ring| Self::Given(Arc::new(ring))),
            (false, _, Some(file)) => Some(Self::File(file)),
            (false, _, None) => {
                reader.require(
                    "BELFORT_KEYS or BELFORT_KEYS_FILE",
                    "set the keys that encrypt secrets in the database; `belfort keys generate` prints a new one",
                );
                data_dir.map(|dir| Self::Generated(dir.join("keys")))
            }
        }
    }
}
