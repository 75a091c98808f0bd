//! Passwords in the clear, for as long as it takes to hash them.

use std::fmt;

use zeroize::Zeroizing;

use crate::guessable::{is_common, is_made_of};

/// A password in the clear, wiped from memory when it is dropped.
///
/// Any characters, spaces and emoji included, and no rules of composition: they make passwords worse. The text is hashed as
/// it came, without Unicode normalisation.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Reads a new password: 8 to 256 characters without NUL, and none of those that are guessed first.
    pub fn parse(text: String) -> Result<Self, PasswordError> {
        let password = Self::attempt(text)?;
        if password.0.chars().count() < MIN {
            return Err(PasswordError::TooShort);
        }
        if password.0.contains('\0') {
            return Err(PasswordError::Nul);
        }
        if is_common(&password.0) {
            return Err(PasswordError::Common);
        }
        Ok(password)
    }

    /// Refuses a new password that is made of what is known of whose it is: their name, their address, where they work.
    pub fn check_personal(&self, about: &[&str]) -> Result<(), PasswordError> {
        if is_made_of(&self.0, about) { Err(PasswordError::Personal) } else { Ok(()) }
    }

    /// Reads a password to be verified: only its length is bounded.
    ///
    /// What [`Password::parse`] would refuse is checked like any other: it may be older than the rules, and an early
    /// refusal would tell which attempts are not worth making.
    pub fn attempt(text: String) -> Result<Self, PasswordError> {
        let text = Zeroizing::new(text);
        if text.chars().nth(MAX).is_some() {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The reason why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 8 characters.
    #[error("must have at least 8 characters")]
    TooShort,
    /// More than 256 characters.
    #[error("must have at most 256 characters")]
    TooLong,
    /// One of the passwords that most people have.
    #[error(
        "must not be one of the commonest passwords; four words that have nothing to do with each other are a good one"
    )]
    Common,
    /// Somebody's name or address, or that of their workspace.
    #[error("must not be your name or email address, or the name of the workspace, with or without digits")]
    Personal,
    /// A NUL, which other systems would cut the password at.
    #[error("must not contain a NUL character")]
    Nul,
}

const MIN: usize = 8;
const MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(), PasswordError> {
        Password::parse(text.to_owned()).map(|_| ())
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(parse("ééééééé"), Err(PasswordError::TooShort));
        assert_eq!(parse("éééééééé"), Ok(()));
        assert_eq!(parse(&"🔔".repeat(256)), Ok(()));
        assert_eq!(parse(&"a".repeat(257)), Err(PasswordError::TooLong));
    }

    #[test]
    fn of_characters_only_nul_is_refused() {
        assert_eq!(parse("  \t\n    "), Ok(()));
        assert_eq!(parse("12345678\0"), Err(PasswordError::Nul));
    }

    #[test]
    fn what_is_guessed_first_is_refused_where_a_password_is_chosen_alone() {
        assert_eq!(parse("12345678"), Err(PasswordError::Common));
        assert!(Password::attempt("12345678".to_owned()).is_ok(), "it may be older than the rules");
        let password = Password::parse("Lovelace1815".to_owned()).unwrap();
        assert_eq!(password.check_personal(&["Ada Lovelace"]), Err(PasswordError::Personal));
        assert_eq!(password.check_personal(&["Charles Babbage"]), Ok(()));
    }

    #[test]
    fn an_attempt_is_bounded_in_length_only() {
        for text in ["", "short", "a\0b"] {
            assert!(Password::attempt(text.to_owned()).is_ok());
        }
        assert_eq!(Password::attempt("a".repeat(257)).err(), Some(PasswordError::TooLong));
    }

    #[test]
    fn a_password_does_not_show() {
        let password = Password::parse("correct horse".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "[redacted]");
    }
}
