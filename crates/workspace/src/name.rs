//! Names that people give: to themselves, their workspace, their teams and roles.

use std::fmt;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $max:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $name(String);

        impl $name {
            /// How many characters it may have.
            pub const MAX: usize = $max;

            /// Reads a name: trimmed, neither empty nor too long, without control characters.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                parse(text, Self::MAX).map(Self)
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// What a person is called, in one field: how names are made up of parts differs too much to ask for them.
    FullName, 200;
    /// What a workspace is called.
    WorkspaceName, 200;
    /// What a team is called.
    TeamName, 100;
    /// What a role is called.
    RoleName, 50;
}

/// Why a text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("a name has at least one character that is not a blank")]
    Empty,
    /// Too many characters.
    #[error("the name has more than {max} characters")]
    TooLong {
        /// How many it may have.
        max: usize,
    },
    /// A line break, a NUL or the like: Postgres refuses NUL, and a line break in a mail's header begins another header.
    #[error("a name has no line breaks or other control characters")]
    ControlCharacter,
}

fn parse(text: &str, max: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::ControlCharacter);
    }
    if text.chars().count() > max {
        return Err(NameError::TooLong { max });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_name_says_why() {
        let check = |text: &str, error| assert_eq!(TeamName::parse(text), Err(error), "{text:?}");
        check("", NameError::Empty);
        check(" \t\n\u{a0}", NameError::Empty);
        check("a\nb", NameError::ControlCharacter);
        check("a\0", NameError::ControlCharacter);
        check(&"é".repeat(101), NameError::TooLong { max: 100 });
        assert!(TeamName::parse(&"é".repeat(100)).is_ok());
        assert!(FullName::parse(&"é".repeat(200)).is_ok());
    }

    proptest! {
        #[test]
        fn a_name_is_a_fixed_point_and_fits_its_column(text in "\\PC{0,230}|[ \\t\\n\\x00a]{0,9}") {
            if let Ok(name) = FullName::parse(&text) {
                prop_assert_eq!(FullName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=200).contains(&name.as_str().chars().count()));
                prop_assert!(!name.as_str().contains('\0'));
            }
        }
    }
}
