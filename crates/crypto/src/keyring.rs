//! The master keys.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fernet::Fernet;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::context::{self, Column, Owner};

/// The master keys, newest first: the first one seals, every one opens.
///
/// A master key encrypts nothing itself. A value of an owner's column is a Fernet token under
/// `HKDF-SHA256(ikm = master key, salt = "belfort/field/v1", info = n ‖ tenant id ‖ m ‖ "table.column")`, 32 bytes, where
/// `n` and `m` are one byte each and say how long the next part is: 16, or 0 without a tenant, and the length of the name.
///
/// `Debug` shows the ids of the keys and nothing of the keys.
pub struct Keyring {
    primary: MasterKey,
    older: Vec<MasterKey>,
}

impl Keyring {
    /// Reads keys as `belfort keys generate` and every Fernet library write them: 32 random bytes in URL-safe base64.
    /// They are separated by commas or line ends; what follows a `#` on its line is a comment.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let keys = text
            .lines()
            .filter_map(|line| line.split('#').next())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .filter(|key| !key.is_empty());
        let mut masters: Vec<MasterKey> = Vec::new();
        for (key, position) in keys.zip(1..) {
            let master = MasterKey::parse(key, position)?;
            if let Some(same) = masters.iter().position(|other| other.id == master.id) {
                return Err(KeyringError::Duplicate { first: same + 1, second: position });
            }
            masters.push(master);
        }
        let mut masters = masters.into_iter();
        let primary = masters.next().ok_or(KeyringError::Empty)?;
        Ok(Self { primary, older: masters.collect() })
    }

    /// Generates a master key, in the form that [`Keyring::parse`] reads.
    pub fn generate_key() -> Zeroizing<String> {
        Zeroizing::new(Fernet::generate_key())
    }

    /// The id of the newest key, which seals. Tokens under another id wait for the rotation.
    pub fn primary(&self) -> KeyId {
        self.primary.id
    }

    /// The ids of all keys, newest first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.masters().map(|master| master.id)
    }

    /// A secret for another purpose than sealing, such as the key of a MAC. Every keyring with the same newest key derives the
    /// same one, so it lasts until the next key is put before it: nothing may depend on it for longer.
    ///
    /// It is `HKDF-SHA256(ikm = newest master key, salt = "belfort/secret/v1", info = purpose)`, 32 bytes: it tells nothing of
    /// the secrets of other purposes, nor of the keys that seal.
    #[must_use]
    pub fn secret(&self, purpose: &'static str) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        expand(&self.primary.key, b"belfort/secret/v1", purpose.as_bytes(), secret.as_mut());
        secret
    }

    pub(crate) fn primary_key(&self, owner: Owner, column: Column) -> Fernet {
        self.primary.derive(owner, column)
    }

    pub(crate) fn key(&self, id: &str, owner: Owner, column: Column) -> Option<Fernet> {
        self.masters().find(|master| master.id.as_str() == id).map(|master| master.derive(owner, column))
    }

    fn masters(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.primary).chain(&self.older)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")?;
        f.debug_list().entries(self.ids()).finish()
    }
}

/// The id of a master key: 8 lower-case hexadecimal digits.
///
/// It is derived with HKDF under a label of its own, so it tells nothing of the key or of the keys derived from it, and may
/// be stored beside a token, logged and shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        // They are ASCII whichever way the id was made.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl AsRef<str> for KeyId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error for a text that is not 8 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a key has 8 hexadecimal digits")]
pub struct KeyIdError;

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        <[u8; 8]>::try_from(text.as_bytes())
            .ok()
            .filter(|digits| digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
            .map(Self)
            .ok_or(KeyIdError)
    }
}

/// The reason why a keyring cannot be read. A key is named by its position, never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// No key at all.
    #[error(
        "there is no key in the keyring; make one with `belfort keys generate` and put it into BELFORT_KEYS or into the \
         file that BELFORT_KEYS_FILE names"
    )]
    Empty,
    /// A text that is not a key.
    #[error(
        "key {position} of the keyring is not 32 bytes in URL-safe base64; `belfort keys generate` makes one"
    )]
    Malformed {
        /// Counted from 1.
        position: usize,
    },
    /// The same key twice.
    #[error("keys {first} and {second} of the keyring are the same; remove one of them")]
    Duplicate {
        /// Counted from 1.
        first: usize,
        /// Counted from 1.
        second: usize,
    },
    /// A key that was not made at random.
    #[error(
        "key {position} of the keyring is not random, so it can be guessed; `belfort keys generate` makes one"
    )]
    Weak {
        /// Counted from 1.
        position: usize,
    },
}

/// One master key.
struct MasterKey {
    id: KeyId,
    key: Zeroizing<[u8; 32]>,
}

impl MasterKey {
    fn parse(text: &str, position: usize) -> Result<Self, KeyringError> {
        // The decoder wants room for a whole group of four characters more than there are.
        let mut buffer = Zeroizing::new([0; 48]);
        let len = URL_SAFE_NO_PAD.decode_slice(text.trim_end_matches('='), buffer.as_mut());
        let mut key = Zeroizing::new([0; 32]);
        match (len, buffer.first_chunk()) {
            (Ok(32), Some(decoded)) => *key = *decoded,
            _ => return Err(KeyringError::Malformed { position }),
        }
        if is_weak(&key) {
            return Err(KeyringError::Weak { position });
        }
        let mut id = [0; 4];
        expand(&key, b"belfort/key-id/v1", &[], &mut id);
        let mut digits = [0; 8];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(id) {
            pair.copy_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
        }
        Ok(Self { id: KeyId(digits), key })
    }

    fn derive(&self, owner: Owner, column: Column) -> Fernet {
        let mut key = Zeroizing::new([0; 32]);
        expand(&self.key, b"belfort/field/v1", &context::encode(owner, column), key.as_mut());
        fernet(&key)
    }
}

/// Returns whether `key` cannot have come from a random generator: all bytes equal, few different ones, or in steps.
///
/// 32 random bytes have about 30 different values; fewer than 12 happen once in 10²⁵ keys.
fn is_weak(key: &[u8; 32]) -> bool {
    let mut sorted = Zeroizing::new(*key);
    sorted.sort_unstable();
    let distinct = 1 + sorted.windows(2).filter(|pair| pair.first() != pair.last()).count();
    let mut steps = key.windows(2).map(|pair| match pair {
        [a, b] => b.wrapping_sub(*a),
        _ => 0,
    });
    let first = steps.next();
    distinct < 12 || steps.all(|step| Some(step) == first)
}

#[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes, and 4 or 32 are asked for")]
fn expand(key: &[u8; 32], salt: &[u8], info: &[u8], out: &mut [u8]) {
    Hkdf::<Sha256>::new(Some(salt), key).expand(info, out).expect("the length was refused");
}

#[expect(clippy::expect_used, reason = "32 bytes are what a Fernet key is")]
pub(crate) fn fernet(key: &[u8; 32]) -> Fernet {
    Fernet::new(&Zeroizing::new(URL_SAFE_NO_PAD.encode(key))).expect("the key was refused")
}

fn hex(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + (nibble - 10),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The key of the vectors in the Fernet specification.
    const PUBLISHED: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

    fn encode(key: [u8; 32]) -> String {
        base64::engine::general_purpose::URL_SAFE.encode(key)
    }

    #[test]
    fn the_first_key_is_the_primary_one() {
        let (new, old) = (Keyring::generate_key(), Keyring::generate_key());
        let id = |text: &str| Keyring::parse(text).unwrap().primary();
        for text in [
            format!("{},{}", *new, *old),
            format!(" {} , {} ,", *new, *old),
            format!("# newest first\n{}\n\n  {}  # of last year\r\n", *new, *old),
        ] {
            let ring = Keyring::parse(&text).unwrap();
            assert_eq!(ring.ids().collect::<Vec<_>>(), [id(&new), id(&old)]);
            assert_eq!(ring.primary(), id(&new));
        }
    }

    #[test]
    fn a_keyring_without_a_key_is_refused() {
        for text in ["", " ", "\n", ",", "# none yet\n"] {
            assert_eq!(Keyring::parse(text).unwrap_err(), KeyringError::Empty, "{text:?}");
        }
    }

    #[test]
    fn a_malformed_key_is_named_by_its_position_and_not_shown() {
        for wrong in
            ["cw_0x689RpI", "not/base64+url=", &format!("{PUBLISHED}AAAA"), &"A".repeat(5_000), "gehäim"]
        {
            let error = Keyring::parse(&format!("{PUBLISHED},{wrong}")).unwrap_err();
            assert_eq!(error, KeyringError::Malformed { position: 2 });
            assert!(!error.to_string().contains(wrong));
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        let other = Keyring::generate_key();
        // Without its padding it is the same key.
        let unpadded = PUBLISHED.trim_end_matches('=');
        let error = Keyring::parse(&format!("{PUBLISHED}\n{}\n{unpadded}", *other)).unwrap_err();
        assert_eq!(error, KeyringError::Duplicate { first: 1, second: 3 });
    }

    #[test]
    fn a_key_that_is_not_random_is_refused() {
        let counted: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let mut hello = [b' '; 32];
        hello[..8].copy_from_slice(b"password");
        for key in [[0; 32], [7; 32], [255; 32], counted, counted.map(|i| i.wrapping_mul(37)), hello] {
            assert_eq!(Keyring::parse(&encode(key)).unwrap_err(), KeyringError::Weak { position: 1 });
        }
    }

    #[test]
    fn a_generated_key_is_accepted() {
        for _ in 0..1_000 {
            assert!(Keyring::parse(&Keyring::generate_key()).is_ok());
        }
    }

    /// The ids and the derived keys of stored values may never change: these were computed apart from this crate.
    #[test]
    fn the_derivation_is_what_the_documentation_says() {
        const COLUMN: Column = Column::new("integrations.token");
        let ring = Keyring::parse(PUBLISHED).unwrap();
        assert_eq!(ring.primary().as_str(), "de798d2b");

        let tenant: belfort_ids::TenantId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        // Made by Python's `cryptography` under the key EkGhJYCKds0pBtINpJcfFAcYp4RJ4BCXBWLhLew54kU=.
        let token = "gAAAAABpVbkAU6kW2KNlpgXBGtGS6yRFKoJOLAWBMB1bB6JIyryFJwV2ePFItBmTpE2R6lNnNvdtf7hkRfT8dWL342qWLdoev9N\
                     eGM_0xQ-Ybzx9GukuTSs=";
        assert_eq!(*ring.open(tenant, COLUMN, "de798d2b", token).unwrap(), b"hello from python");

        let mut system = [0; 32];
        expand(&ring.primary.key, b"belfort/field/v1", &context::encode(Owner::System, COLUMN), &mut system);
        assert_eq!(encode(system), "ajn4CfMs1YjA3jLOk-F00UcCM1MmbrfwdQlilcyCnPo=");
    }

    #[test]
    fn a_secret_is_that_of_its_purpose_and_of_the_newest_key() {
        let (new, old) = (Keyring::generate_key(), Keyring::generate_key());
        let parse = |text: &str| Keyring::parse(text).unwrap();
        let ring = parse(&format!("{},{}", *new, *old));
        assert_eq!(ring.secret("a"), parse(&new).secret("a"), "another process");
        assert_ne!(ring.secret("a"), ring.secret("b"));
        assert_ne!(ring.secret("a"), parse(&old).secret("a"));
        assert_ne!(*ring.secret("a"), *ring.primary.key);
    }

    #[test]
    fn debug_shows_ids_and_no_key() {
        let ring = Keyring::parse(PUBLISHED).unwrap();
        assert_eq!(format!("{ring:?}"), "Keyring[de798d2b]");
    }

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        let id = Keyring::parse(PUBLISHED).unwrap().primary();
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "de798d2", "de798d2b0", "DE798D2B", "de798d2g", "é798d2b"] {
            assert_eq!(wrong.parse::<KeyId>(), Err(KeyIdError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,120}", near in "[A-Za-z0-9_=,\n#-]{0,200}") {
            let _ = (Keyring::parse(&text), Keyring::parse(&near));
        }
    }
}
