//! Sealing values and opening them.

use fernet::Fernet;
use zeroize::Zeroizing;

use crate::context::{Column, Owner};
use crate::keyring::{KeyId, Keyring};

/// A sealed value, as it is stored: in two columns, so that an index finds the rows under an old key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key that the token was made under.
    pub key_id: KeyId,
    /// A Fernet token. It begins with `gAAAA`.
    pub token: String,
}

/// The reason why a token does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The key is not in the keyring.
    #[error(
        "the keyring has no key {key_id}; add it at the end of BELFORT_KEYS or of the file that BELFORT_KEYS_FILE names"
    )]
    UnknownKey {
        /// The key id that stands beside the token.
        key_id: String,
    },
    /// It is no token, was changed, or belongs to another tenant, column or position.
    #[error(
        "the sealed value does not open: it was changed, or it belongs to another tenant, column or position"
    )]
    Refused,
}

impl Keyring {
    /// Seals `plaintext` under the newest key. What was sealed for one owner and column opens for no other.
    pub fn seal(&self, owner: impl Into<Owner>, column: Column, plaintext: &[u8]) -> Sealed {
        let token = self.primary_key(owner.into(), column).encrypt(plaintext);
        Sealed { key_id: self.primary(), token }
    }

    /// Opens what [`Keyring::seal`] made; `key_id` is what is stored beside the token.
    ///
    /// The time in the token plays no part. A value does not become false by its age, and one that was written by a
    /// machine whose clock is fast has to open all the same.
    pub fn open(
        &self,
        owner: impl Into<Owner>,
        column: Column,
        key_id: impl AsRef<str>,
        token: &str,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let key_id = key_id.as_ref();
        let key = self
            .key(key_id, owner.into(), column)
            .ok_or_else(|| OpenError::UnknownKey { key_id: key_id.to_owned() })?;
        decrypt(&key, token).ok_or(OpenError::Refused)
    }
}

/// Decrypts `token`, whenever it was made.
///
/// `Fernet::decrypt` refuses tokens that are more than 60 seconds ahead of the clock of the reader: a row written on a
/// machine whose clock is wrong would be lost for that long. Its sibling with a time to live computes with the time in
/// the token before it looks at the MAC, and can overflow. Neither is used; at the end of time no token is ahead.
fn decrypt(key: &Fernet, token: &str) -> Option<Zeroizing<Vec<u8>>> {
    /// Added to the time by `Fernet`, unchecked.
    const SKEW: u64 = 60;
    key.decrypt_at_time(token, None, u64::MAX - SKEW).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE;
    use belfort_ids::TenantId;
    use hkdf::Hkdf;
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::*;

    const TOKEN: Column = Column::new("integrations.token");
    const SECRET: Column = Column::new("users.totp_secret");

    fn ring() -> Keyring {
        Keyring::parse(&Keyring::generate_key()).unwrap()
    }

    fn tenant(n: u32) -> TenantId {
        format!("01890a5d-ac96-774b-bcce-b3020000{n:04x}").parse().unwrap()
    }

    #[test]
    fn a_token_of_another_tenant_does_not_open() {
        let ring = ring();
        let sealed = ring.seal(tenant(1), TOKEN, b"s3cret");
        assert_eq!(*ring.open(tenant(1), TOKEN, sealed.key_id, &sealed.token).unwrap(), b"s3cret");
        for other in [tenant(2).into(), Owner::System] {
            assert_eq!(ring.open(other, TOKEN, sealed.key_id, &sealed.token), Err(OpenError::Refused));
        }
    }

    #[test]
    fn a_token_of_another_column_does_not_open() {
        let ring = ring();
        let sealed = ring.seal(tenant(1), TOKEN, b"s3cret");
        assert_eq!(ring.open(tenant(1), SECRET, sealed.key_id, &sealed.token), Err(OpenError::Refused));
    }

    #[test]
    fn a_token_under_a_key_that_is_gone_is_told_apart_from_a_forged_one() {
        let sealed = ring().seal(tenant(1), TOKEN, b"s3cret");
        let error = ring().open(tenant(1), TOKEN, sealed.key_id, &sealed.token).unwrap_err();
        assert_eq!(error, OpenError::UnknownKey { key_id: sealed.key_id.to_string() });
    }

    #[test]
    fn a_token_opens_only_under_the_key_that_it_names() {
        let ring =
            Keyring::parse(&format!("{}\n{}", *Keyring::generate_key(), *Keyring::generate_key())).unwrap();
        let sealed = ring.seal(tenant(1), TOKEN, b"s3cret");
        let older = ring.ids().nth(1).unwrap();
        assert_eq!(ring.open(tenant(1), TOKEN, older, &sealed.token), Err(OpenError::Refused));
    }

    #[test]
    fn an_older_key_opens_and_the_newest_one_seals() {
        let (new, old) = (Keyring::generate_key(), Keyring::generate_key());
        let before = Keyring::parse(&old).unwrap();
        let during = Keyring::parse(&format!("{},{}", *new, *old)).unwrap();
        let after = Keyring::parse(&new).unwrap();

        let sealed = before.seal(tenant(1), TOKEN, b"s3cret");
        let plaintext = during.open(tenant(1), TOKEN, sealed.key_id, &sealed.token).unwrap();
        let again = during.seal(tenant(1), TOKEN, &plaintext);
        assert_eq!(again.key_id, during.primary());
        assert_eq!(*after.open(tenant(1), TOKEN, again.key_id, &again.token).unwrap(), b"s3cret");
        assert!(after.open(tenant(1), TOKEN, sealed.key_id, &sealed.token).is_err());
    }

    #[test]
    fn a_token_written_by_a_host_a_day_ahead_opens() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let ring = ring();
        let key = ring.primary_key(tenant(1).into(), TOKEN);
        for at in [now + 86_400, 0, u64::MAX] {
            let token = key.encrypt_at_time(b"s3cret", at);
            assert_eq!(*ring.open(tenant(1), TOKEN, ring.primary(), &token).unwrap(), b"s3cret");
        }
        // What the library does by itself, and why it is not used.
        assert!(key.decrypt(&key.encrypt_at_time(b"s3cret", now + 86_400)).is_err());
    }

    #[test]
    fn a_forged_time_cannot_bring_the_reader_down() {
        let ring = ring();
        let mut forged = vec![0x80];
        forged.extend(u64::MAX.to_be_bytes());
        forged.extend([0; 16 + 16 + 32]);
        let refused = ring.open(tenant(1), TOKEN, ring.primary(), &URL_SAFE.encode(forged));
        assert_eq!(refused, Err(OpenError::Refused));
    }

    #[test]
    fn the_same_value_twice_makes_two_tokens() {
        let ring = ring();
        assert_ne!(ring.seal(tenant(1), TOKEN, b"x"), ring.seal(tenant(1), TOKEN, b"x"));
    }

    // The vectors of https://github.com/fernet/spec. They are under a key used as it is, so they are put to the step
    // below the derivation.

    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

    /// `generate.json` and `verify.json`, which have the same token.
    #[test]
    fn the_published_token_opens() {
        let token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        assert_eq!(*decrypt(&Fernet::new(KEY).unwrap(), token).unwrap(), b"hello");
    }

    /// `invalid.json`, without the two that are about time: see below.
    #[test]
    fn the_published_forgeries_do_not_open() {
        for (why, token) in [
            (
                "incorrect mac",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
            ),
            ("too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=="),
            (
                "invalid base64",
                "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
            ),
            (
                "payload size not multiple of block size",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
            ),
            (
                "payload padding error",
                "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
            ),
            (
                "incorrect IV (causes padding error)",
                "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
            ),
        ] {
            assert_eq!(decrypt(&Fernet::new(KEY).unwrap(), token), None, "{why}");
        }
    }

    /// Those of `invalid.json` that are genuine but for their time. We have no time to live, and no clock is trusted.
    #[test]
    fn a_genuine_token_opens_whatever_its_time() {
        for token in [
            "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==",
            "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
        ] {
            assert!(decrypt(&Fernet::new(KEY).unwrap(), token).is_some());
        }
    }

    /// Version, time, IV, whole blocks, and HMAC-SHA256 under the first half of the key over all before it.
    #[test]
    fn a_token_has_the_layout_of_the_specification() {
        let key = crate::keyring::fernet(&[42; 32]);
        let token = URL_SAFE.decode(key.encrypt_at_time(b"hello", 499_162_800)).unwrap();
        let (message, mac) = token.split_at(token.len() - 32);
        assert_eq!(message[0], 0x80);
        assert_eq!(message[1..9], 499_162_800_u64.to_be_bytes());
        assert_eq!(message.len(), 1 + 8 + 16 + 16);
        // The first step of HKDF is an HMAC of its input under the salt.
        let (expected, _) = Hkdf::<Sha256>::extract(Some(&[42; 16]), message);
        assert_eq!(mac, expected.as_slice());
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(plaintext: Vec<u8>, n in 0_u32..0xffff) {
            let ring = ring();
            let sealed = ring.seal(tenant(n), TOKEN, &plaintext);
            prop_assert!(sealed.token.starts_with("gAAAA"));
            let opened = ring.open(tenant(n), TOKEN, sealed.key_id, &sealed.token).unwrap();
            prop_assert_eq!(&*opened, &plaintext);
        }

        #[test]
        fn a_token_with_any_bit_flipped_is_refused(plaintext: Vec<u8>, at: prop::sample::Index, bit in 0_u8..8) {
            let ring = ring();
            let sealed = ring.seal(tenant(1), TOKEN, &plaintext);
            let mut bytes = URL_SAFE.decode(&sealed.token).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let refused = ring.open(tenant(1), TOKEN, sealed.key_id, &URL_SAFE.encode(bytes));
            prop_assert_eq!(refused, Err(OpenError::Refused));
        }

        #[test]
        fn a_token_with_any_character_replaced_is_refused(at: prop::sample::Index, other in "[ -~]") {
            let ring = ring();
            let sealed = ring.seal(tenant(1), TOKEN, b"s3cret");
            let at = at.index(sealed.token.len());
            let mut token = sealed.token.clone();
            token.replace_range(at..=at, &other);
            prop_assume!(token != sealed.token);
            prop_assert_eq!(ring.open(tenant(1), TOKEN, sealed.key_id, &token), Err(OpenError::Refused));
        }

        #[test]
        fn no_text_makes_it_panic(token in "\\PC{0,200}", near in "gAAAA[A-Za-z0-9_-]{0,200}={0,2}", key_id in "\\PC{0,10}") {
            let ring = ring();
            for token in [token, near] {
                let _ = ring.open(tenant(1), TOKEN, ring.primary(), &token);
                let _ = ring.open(tenant(1), TOKEN, &key_id, &token);
            }
        }
    }
}
