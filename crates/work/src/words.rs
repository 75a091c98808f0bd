//! The status and the priority of a task.

use belfort_values::word_column;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

/// The status of a task.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Debug,
    Default,
    Display,
    IntoStaticStr,
    VariantArray,
    VariantNames,
    Serialize,
    AsExpression,
    FromSqlRow,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[diesel(sql_type = Text)]
pub enum Status {
    /// Not begun.
    #[default]
    Todo,
    /// Begun.
    InProgress,
    /// Done.
    Done,
    /// Given up.
    Cancelled,
}
word_column!(Status);

/// The priority of a task.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Debug,
    Default,
    Display,
    IntoStaticStr,
    VariantArray,
    VariantNames,
    Serialize,
    AsExpression,
    FromSqlRow,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[diesel(sql_type = Text)]
pub enum Priority {
    /// For when there is nothing else.
    Low,
    /// The usual one.
    #[default]
    Normal,
    /// Before the others.
    High,
    /// At once.
    Urgent,
}
word_column!(Priority);

#[cfg(test)]
mod tests {
    use belfort_values::Word;
    use serde_json::json;

    use super::*;

    fn reads_back<T: Word + PartialEq + std::fmt::Debug + std::fmt::Display + Serialize>(words: &[&str]) {
        assert_eq!(T::WORDS, words);
        for word in T::ALL {
            assert_eq!(T::parse(word.as_str()), Ok(*word));
            assert_eq!(word.to_string(), word.as_str());
            assert_eq!(json!(word), word.as_str());
        }
    }

    #[test]
    fn every_word_reads_back() {
        reads_back::<Status>(&["todo", "in_progress", "done", "cancelled"]);
        reads_back::<Priority>(&["low", "normal", "high", "urgent"]);
    }

    #[test]
    fn the_error_says_what_would_do() {
        let error = Status::parse("open").unwrap_err();
        assert_eq!(error.to_string(), "must be one of todo, in_progress, done, cancelled");
    }
}
