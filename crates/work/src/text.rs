//! Text that people write, with its bounds.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// There is nothing to read in it.
    #[error("must not be empty")]
    Empty,
    /// It is too long.
    #[error("must have at most {max} characters")]
    TooLong {
        /// How many characters it may have.
        max: usize,
    },
    /// It holds a control character. Postgres cannot store NUL, and no reader shows the others.
    #[error("must not contain control characters")]
    Forbidden,
}

/// What is done with a text before it is measured.
enum Form {
    /// One line; blanks around it are taken off.
    Line,
    /// As it was written; may have line breaks and tabs.
    Prose,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:literal, $form:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, AsExpression, FromSqlRow)]
        #[serde(transparent)]
        #[diesel(sql_type = Text)]
        pub struct $name(String);

        impl $name {
            /// The fewest characters it may have.
            pub const MIN: usize = $min;
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// The only way to make one.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                parse(text, Self::MIN, Self::MAX, Form::$form).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <String as ToSql<Text, Pg>>::to_sql(&self.0, out)
            }
        }

        // What is stored was parsed when it was written, maybe by a version with other bounds: it is to stay readable.
        impl FromSql<Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                <String as FromSql<Text, Pg>>::from_sql(value).map(Self)
            }
        }
    )*};
}

texts! {
    /// What a task is called.
    Title: 1 to 300, Line;
    /// What a task is about; may be empty.
    Description: 0 to 20_000, Prose;
    /// What a comment says.
    CommentBody: 1 to 10_000, Prose;
    /// What a tag is called.
    TagName: 1 to 50, Line;
    /// What some time was worked on; may be empty.
    Note: 0 to 2_000, Prose;
}

impl Default for Description {
    /// Nothing to say.
    fn default() -> Self {
        Self(String::new())
    }
}

impl Default for Note {
    /// Nothing to say.
    fn default() -> Self {
        Self(String::new())
    }
}

fn parse(text: &str, min: usize, max: usize, form: Form) -> Result<String, TextError> {
    let (text, breaks): (_, &[char]) = match form {
        Form::Line => (text.trim(), &[]),
        // Some editors end their lines with `\r\n`.
        Form::Prose => (text, &['\n', '\r', '\t']),
    };
    if text.chars().any(|c| c.is_control() && !breaks.contains(&c)) {
        return Err(TextError::Forbidden);
    }
    if min > 0 && text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > max {
        return Err(TextError::TooLong { max });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        assert!(Title::parse(&"é".repeat(Title::MAX)).is_ok());
        assert_eq!(Title::parse(&"é".repeat(Title::MAX + 1)), Err(TextError::TooLong { max: 300 }));
    }

    #[test]
    fn only_a_description_and_a_note_may_be_empty() {
        assert_eq!(Title::parse(" \t "), Err(TextError::Empty));
        assert_eq!(TagName::parse(""), Err(TextError::Empty));
        assert_eq!(CommentBody::parse(" \n "), Err(TextError::Empty));
        assert_eq!(Description::parse(""), Ok(Description::default()));
        assert_eq!(Note::parse(""), Ok(Note::default()));
    }

    #[test]
    fn a_line_loses_the_blanks_around_it_and_prose_keeps_them() {
        assert_eq!(Title::parse("  Oil the bell \n").unwrap().as_str(), "Oil the bell");
        assert_eq!(CommentBody::parse("  indented\n\tmore\n").unwrap().as_str(), "  indented\n\tmore\n");
    }

    #[test]
    fn control_characters_are_refused_but_for_breaks_in_prose() {
        assert_eq!(Title::parse("two\nlines"), Err(TextError::Forbidden));
        assert_eq!(TagName::parse("a\tb"), Err(TextError::Forbidden));
        for text in ["nul\0", "bell\u{7}", "escape\u{1b}[31m", "c1\u{9b}"] {
            assert_eq!(Description::parse(text), Err(TextError::Forbidden), "{text:?}");
            assert_eq!(CommentBody::parse(text), Err(TextError::Forbidden), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_to_itself(text in any::<String>()) {
            if let Ok(title) = Title::parse(&text) {
                prop_assert_eq!(Title::parse(title.as_str()), Ok(title));
            }
        }
    }
}
