//! The words that say how a task stands.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// The word is none of those that can stand here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}", words.join(", "))]
pub struct WordError {
    /// Those that can.
    pub words: &'static [&'static str],
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, AsExpression, FromSqlRow)]
        #[serde(rename_all = "snake_case")]
        #[diesel(sql_type = Text)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = WordError;

            fn from_str(word: &str) -> Result<Self, WordError> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(WordError { words: Self::WORDS }),
                }
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
            }
        }

        impl FromSql<Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(<String as FromSql<Text, Pg>>::from_sql(value)?.parse()?)
            }
        }
    };
}

words! {
    /// How far a task is.
    Status {
        /// Nobody began.
        #[default]
        Todo = "todo",
        /// Somebody is at it.
        InProgress = "in_progress",
        /// It is done.
        Done = "done",
        /// It will not be done.
        Cancelled = "cancelled",
    }
}

words! {
    /// How much a task matters.
    Priority {
        /// When there is nothing else.
        Low = "low",
        /// As it comes.
        #[default]
        Normal = "normal",
        /// Before the others.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::json!(status), status.as_str());
        }
        for priority in Priority::ALL {
            assert_eq!(priority.as_str().parse(), Ok(*priority));
            assert_eq!(serde_json::json!(priority), priority.as_str());
        }
    }

    #[test]
    fn the_error_says_what_would_do() {
        let error = "open".parse::<Status>().unwrap_err();
        assert_eq!(error.to_string(), "must be one of todo, in_progress, done, cancelled");
    }
}
