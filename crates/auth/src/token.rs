//! Bearer tokens, and the digests under which they are stored.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::random;

/// The lifetime of a session, from the login.
pub const SESSION_LIFETIME: Duration = Duration::days(14);

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// Its text is the prefix
        #[doc = concat!("`", $prefix, "`")]
        /// (by which leaked tokens are found in code and logs) and 256 random bits in base64url. Only its digest is stored.
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Generates a token.
            ///
            /// # Panics
            /// When the operating system has no randomness to give.
            #[must_use]
            pub fn generate() -> Self {
                let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>().as_slice()));
                Self(Zeroizing::new([$prefix, encoded.as_str()].concat()))
            }

            /// Reads a token; `None` when the text does not have the shape of one.
            pub fn parse(text: &str) -> Option<Self> {
                has_shape(text, $prefix).then(|| Self(Zeroizing::new(text.to_owned())))
            }

            /// The digest, which is stored and looked up in place of the token.
            ///
            /// The prefix is part of it, so the digest of one kind of token is never that of another.
            pub fn digest(&self) -> TokenDigest {
                TokenDigest(Sha256::digest(self.0.as_bytes()).into())
            }

            /// The text, for the owner of the token.
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[redacted]")
            }
        }
    )*};
}

tokens! {
    /// The token of a session, which a client sends with each request.
    SessionToken, "bft_";
    /// The token of an invitation, which is sent by mail.
    InvitationToken, "bfi_";
}

/// The SHA-256 of a token.
///
/// A plain digest is enough, and quick: 256 random bits cannot be found by trying. Compared as such: who learns how much of
/// a digest is right by timing cannot make a token from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    /// The first four bytes: enough to tell two apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// Returns whether `text` is `prefix` and the encoding of 32 bytes. Base64 with stray bits at its end is none.
fn has_shape(text: &str, prefix: &str) -> bool {
    let Some(encoded) = text.strip_prefix(prefix) else { return false };
    let mut bytes = Zeroizing::new([0; 33]);
    encoded.len() == 43 && URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice()) == Ok(32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text() {
        let token = SessionToken::generate();
        assert_eq!(token.reveal().len(), 47);
        let read = SessionToken::parse(token.reveal()).unwrap();
        assert_eq!(read.reveal(), token.reveal());
        assert_eq!(read.digest(), token.digest());
    }

    #[test]
    fn no_two_tokens_are_the_same() {
        assert_ne!(SessionToken::generate().digest(), SessionToken::generate().digest());
    }

    #[test]
    fn an_invitation_is_no_session() {
        let invitation = InvitationToken::generate();
        assert!(SessionToken::parse(invitation.reveal()).is_none());
        let session = SessionToken::parse(&invitation.reveal().replacen("bfi_", "bft_", 1)).unwrap();
        assert_ne!(session.digest(), invitation.digest());
    }

    #[test]
    fn another_shape_is_no_token() {
        let check = |text: &str| assert!(SessionToken::parse(text).is_none(), "{text:?}");
        let good = format!("bft_{}", "A".repeat(43));
        assert!(SessionToken::parse(&good).is_some());
        check("");
        check(&"A".repeat(43));
        check(&good.to_uppercase());
        check(&format!("{good}A"));
        check(&format!("{good}="));
        check(&format!(" {good}"));
        check(&good[..46]);
        check(&format!("bft_{}+", "A".repeat(42)));
        check(&format!("bft_{}é", "A".repeat(41)));
        // The last character holds two bits too many; with one of them set, two texts would be one token.
        check(&format!("bft_{}B", "A".repeat(42)));
    }

    #[test]
    fn the_digest_is_sha_256_of_the_text() {
        let token = SessionToken::parse(&format!("bft_{}", "A".repeat(43))).unwrap();
        let expected = Sha256::digest(b"bft_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(token.digest().as_bytes().as_slice(), expected.as_slice());
    }

    #[test]
    fn tokens_do_not_show() {
        assert_eq!(format!("{:?}", SessionToken::generate()), "[redacted]");
        assert_eq!(format!("{:?}", InvitationToken::generate()), "[redacted]");
        assert_eq!(format!("{:?}", TokenDigest([0xab; 32])), "TokenDigest(abababab…)");
    }

    proptest! {
        #[test]
        fn any_32_bytes_are_a_token_and_each_text_is_its_own(bytes: [u8; 32]) {
            let text = format!("bft_{}", URL_SAFE_NO_PAD.encode(bytes));
            let token = SessionToken::parse(&text);
            prop_assert_eq!(token.as_ref().map(SessionToken::reveal), Some(text.as_str()));
        }

        #[test]
        fn nothing_makes_it_panic(text in "(bft_)?\\PC{0,50}") {
            if let Some(token) = SessionToken::parse(&text) {
                prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
