//! Duplicate names in JSON objects.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{FieldCode, FieldError};

/// A value without names.
macro_rules! nameless {
    ($nothing:expr; $($visit:ident: $type:ty),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($nothing)
        })*
    };
}

/// Finds the names that a JSON object has more than once, and those whose value contains an object that does. `serde_json` keeps
/// the last value and says nothing; whoever looked at the request on its way may have taken the first for what is meant.
///
/// `parsed` is what it was read as. Where that has as many names as are written there, none is given twice, and nothing is kept of
/// them: of a body of nothing but names that would be many times its size.
pub(super) fn given_twice(object: &[u8], parsed: &Map<String, Value>) -> Vec<FieldError> {
    let written = serde_json::from_slice(object).map_or(0, |Written(names)| names);
    if written == distinct(parsed) {
        return Vec::new();
    }
    let names = serde_json::from_slice(object).map(|value: Inside| value.names).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut again = BTreeSet::new();
    let mut within = BTreeSet::new();
    for (name, inside) in names {
        if inside {
            within.insert(name.clone());
        }
        if !seen.insert(name.clone()) {
            again.insert(name);
        }
    }
    let told =
        |field, detail: &'static str| FieldError { field, code: FieldCode::Invalid, detail: detail.into() };
    let within = within.difference(&again).cloned().collect::<Vec<_>>();
    let twice = again.into_iter().map(|field| told(field, "must be given only once"));
    twice
        .chain(within.into_iter().map(|field| told(field, "contains an object with a repeated name")))
        .collect()
}

/// The number of names in an object and in all within it.
fn distinct(object: &Map<String, Value>) -> usize {
    object.values().map(distinct_in).fold(object.len(), usize::saturating_add)
}

fn distinct_in(value: &Value) -> usize {
    match value {
        Value::Object(object) => distinct(object),
        Value::Array(list) => list.iter().map(distinct_in).fold(0, usize::saturating_add),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The number of names that are written in a JSON value, each as often as it is.
struct Written(usize);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counter)
    }
}

struct Counter;

impl<'de> Visitor<'de> for Counter {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    nameless! { Written(0); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Written(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let mut names = 0_usize;
        while let Some(Written(within)) = list.next_element()? {
            names = names.saturating_add(within);
        }
        Ok(Written(names))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Written, A::Error> {
        let mut names = 0_usize;
        while let Some((IgnoredAny, Written(within))) = object.next_entry()? {
            names = names.saturating_add(within).saturating_add(1);
        }
        Ok(Written(names))
    }
}

/// The names in a JSON value.
#[derive(Default)]
struct Inside {
    /// The names of the object that it is, and whether something in what stands under one gives a name twice.
    names: Vec<(String, bool)>,
    /// Whether an object in it has a name twice.
    twice: bool,
}

impl<'de> Deserialize<'de> for Inside {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Inside;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    nameless! { Inside::default(); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str }

    fn visit_unit<E>(self) -> Result<Inside, E> {
        Ok(Inside::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inside, A::Error> {
        let mut twice = false;
        while let Some(value) = list.next_element::<Inside>()? {
            twice |= value.twice;
        }
        Ok(Inside { names: Vec::new(), twice })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Inside, A::Error> {
        let (mut names, mut seen, mut twice) = (Vec::new(), BTreeSet::new(), false);
        while let Some((name, value)) = object.next_entry::<String, Inside>()? {
            twice |= value.twice || !seen.insert(name.clone());
            names.push((name, value.twice));
        }
        Ok(Inside { names, twice })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_once_however_often_it_is_given_and_however_it_is_written() {
        let fields = |text: &str| {
            let parsed = serde_json::from_str(text).unwrap();
            given_twice(text.as_bytes(), &parsed).into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(
            fields(r#"{"a": 1, "b": {"c": 1}, "c": [null, {"a": -1.5}, {"a": "x"}]}"#),
            Vec::<String>::new()
        );
        assert_eq!(fields(r#"{"a": 1, "b": 2, "\u0061": 3, "a": 4}"#), ["a"]);
        assert_eq!(fields(r#"{"a": true, "b": {"c": 1, "\u0063": 2}}"#), ["b"]);
        assert_eq!(fields(r#"{"a": [{"c": [{"d": 1, "d": 2}]}], "b": 1, "a": 1}"#), ["a"]);
        assert_eq!(fields("{}"), Vec::<String>::new());
    }
}
