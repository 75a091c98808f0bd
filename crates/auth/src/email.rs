//! Email addresses in the one form in which they are stored, compared and counted.

use std::fmt;

/// A plausible email address, trimmed and in lower case, so that two spellings of one address are equal.
///
/// ASCII only: internationalised addresses (RFC 6531) are refused with a clear error. The check comes before the
/// lower-casing: the Kelvin sign lower-cases to `k`, and an address that merely turns into somebody else's must not
/// receive their password reset.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email {
    text: String,
    at: usize,
}

impl Email {
    /// Reads an address: a dot-atom of RFC 5321, one `@`, and a DNS name with at least one dot.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(EmailError::Control);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        if text.len() > MAX {
            return Err(EmailError::TooLong);
        }
        let text = text.to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
        if domain.contains('@') {
            return Err(EmailError::At);
        }
        if !is_local_part(local) {
            return Err(EmailError::Local);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        let at = local.len();
        Ok(Self { text, at })
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain, after the `@`.
    pub fn domain(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Email").field(&self.text).finish()
    }
}

impl std::str::FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The reason why a text is not an email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// A tab, a line break or another control character.
    #[error("must not contain control characters")]
    Control,
    /// A letter outside ASCII.
    #[error("must be ASCII: letters outside of it are not supported yet")]
    NotAscii,
    /// More than 254 characters.
    #[error("must have at most 254 characters")]
    TooLong,
    /// No `@`, or more than one.
    #[error("must contain exactly one @")]
    At,
    /// The part before the `@`.
    #[error(
        "the part before the @ must be 1 to 64 letters, digits or characters such as . _ + -, without a dot at either end and \
         without two in a row"
    )]
    Local,
    /// The part after the `@`.
    #[error("the part after the @ must be a domain name, such as example.com")]
    Domain,
}

fn is_local_part(text: &str) -> bool {
    let atext = |c: char| c.is_ascii_alphanumeric() || ATEXT.contains(c);
    text.len() <= 64 && text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext))
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits alone would be an IP address, which takes part in no limit by domain.
    let named = |(_, last): (&str, &str)| !last.chars().all(|c| c.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(label) && text.rsplit_once('.').is_some_and(named)
}

const MAX: usize = 254;
const ATEXT: &str = "!#$%&'*+-/=?^_`{|}~";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        let email = Email::parse(" Ann.Peeters+belfort@Mail.Example.BE\n").unwrap();
        assert_eq!(email.as_str(), "ann.peeters+belfort@mail.example.be");
        assert_eq!(email.domain(), "mail.example.be");
        assert_eq!(email, Email::parse("ann.peeters+belfort@mail.example.be").unwrap());
    }

    #[test]
    fn what_is_no_address_says_why() {
        let check = |text: &str, error| assert_eq!(Email::parse(text), Err(error), "{text:?}");
        for text in ["", "ann", "ann@@example.be", "a@b@example.be"] {
            check(text, EmailError::At);
        }
        for text in ["@example.be", ".a@example.be", "a.@example.be", "a..b@example.be", "a b@example.be"] {
            check(text, EmailError::Local);
        }
        for text in ["\"a\"@example.be", "a,b@example.be", "a:b@example.be", "<a@example.be"] {
            check(text, EmailError::Local);
        }
        check(&format!("{}@example.be", "a".repeat(65)), EmailError::Local);
        for text in ["a@", "a@localhost", "a@.be", "a@example.", "a@-x.be", "a@x-.be", "a@x_y.be", "a@x y.be"]
        {
            check(text, EmailError::Domain);
        }
        check("a@10.0.0.1", EmailError::Domain);
        check(&format!("a@{}.be", "x".repeat(64)), EmailError::Domain);
        check(&format!("a@{}be", "x.".repeat(126)), EmailError::TooLong);
        for text in ["a\0@example.be", "a@example.be\r\nBcc: b@example.be"] {
            check(text, EmailError::Control);
        }
    }

    #[test]
    fn an_address_of_254_characters_is_one() {
        let domain = format!("{}.be", [(); 3].map(|()| "x".repeat(62)).join("."));
        let text = format!("{}@{domain}", "a".repeat(MAX - 1 - domain.len()));
        assert_eq!(text.len(), MAX);
        assert!(Email::parse(&text).is_ok());
    }

    #[test]
    fn no_letter_turns_into_an_ascii_one() {
        // K and ſ are the two that Unicode case mapping brings into ASCII.
        for text in ["\u{212A}im@example.be", "kim@booking\u{17F}.be", "kim@exämple.be"] {
            assert_eq!(Email::parse(text), Err(EmailError::NotAscii));
        }
    }

    proptest! {
        #[test]
        fn the_parsed_form_is_a_fixed_point(text in "[a-zA-Z0-9+_.-]{1,20}@[a-zA-Z0-9.-]{1,20}\\.[a-z]{2,4}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert_eq!(email.as_str().rsplit('@').next(), Some(email.domain()));
            }
        }

        #[test]
        fn nothing_makes_it_panic_and_nothing_strange_comes_out(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()));
            }
        }
    }
}
