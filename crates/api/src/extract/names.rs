//! The names in an object, each time that they are given.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::problem::FieldError;

/// The names that a JSON object gives more than once. `serde_json` keeps the last value and says nothing; whoever looked at
/// the request on its way may have taken the first for what is meant.
pub(super) fn given_twice(object: &[u8]) -> Vec<FieldError> {
    let names = serde_json::from_slice(object).map(|Names(names)| names).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let again: BTreeSet<String> = names.into_iter().filter(|name| !seen.insert(name.clone())).collect();
    let twice = |field| FieldError { field, code: "invalid", detail: "is given twice".into() };
    again.into_iter().map(twice).collect()
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = object.next_entry()? {
            names.push(name);
        }
        Ok(Names(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_once_however_often_it_is_given_and_however_it_is_written() {
        let fields = |text: &str| {
            given_twice(text.as_bytes()).into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(r#"{"a": 1, "b": {"c": 1, "c": 2}}"#), Vec::<String>::new());
        assert_eq!(fields(r#"{"a": 1, "b": 2, "\u0061": 3, "a": 4}"#), ["a"]);
    }
}
