//! The passwords of the server's own database logins, sealed under the keyring.

use std::cell::RefCell;

use belfort_crypto::{Column, Keyring, OpenError, Owner};
use belfort_tenancy::postgres::{SealedSecret, SecretStore, SecretStoreError};

/// A store that seals under a keyring, and remembers the key that was missing from it.
#[derive(Debug)]
pub(crate) struct KeyringSecrets<'k> {
    keyring: &'k Keyring,
    missing: RefCell<Option<String>>,
}

const SECRET: Column = Column::new("lanes.secret");

impl<'k> KeyringSecrets<'k> {
    pub(crate) fn new(keyring: &'k Keyring) -> Self {
        Self { keyring, missing: RefCell::new(None) }
    }

    /// The id of a key that was needed and is not in the keyring.
    pub(crate) fn missing(&self) -> Option<String> {
        self.missing.borrow().clone()
    }
}

impl SecretStore for KeyringSecrets<'_> {
    fn generate(&self) -> Result<(String, SealedSecret), SecretStoreError> {
        // Made like a key: 256 random bits in letters, digits, `-`, `_` and `=`.
        let password = Keyring::generate_key();
        let sealed = self.keyring.seal(Owner::System, SECRET, password.as_bytes());
        Ok((
            password.as_str().to_owned(),
            SealedSecret { key_id: sealed.key_id.to_string(), token: sealed.token },
        ))
    }

    fn open(&self, sealed: &SealedSecret) -> Result<String, SecretStoreError> {
        match self.keyring.open(Owner::System, SECRET, &sealed.key_id, &sealed.token) {
            Ok(bytes) => String::from_utf8(bytes.to_vec()).ok().ok_or(SecretStoreError),
            Err(OpenError::UnknownKey { key_id }) => {
                *self.missing.borrow_mut() = Some(key_id);
                Err(SecretStoreError)
            }
            Err(OpenError::Refused) => Err(SecretStoreError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_opened_by_the_same_keys_only() {
        let ring = || Keyring::parse(&Keyring::generate_key()).unwrap();
        let (ours, other) = (ring(), ring());
        let (ours, other) = (KeyringSecrets::new(&ours), KeyringSecrets::new(&other));
        let (password, sealed) = ours.generate().unwrap();
        assert!(!sealed.token.contains(&password));
        assert_eq!((ours.open(&sealed).unwrap(), ours.missing()), (password, None));
        assert!(other.open(&sealed).is_err());
        assert_eq!(other.missing(), Some(sealed.key_id));
    }
}
