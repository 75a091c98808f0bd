//! The fields that changed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::audited::Fields;

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name, as the API has it.
    pub field: String,
    /// The value before; null where there was nothing.
    pub from: Value,
    /// The value now; null where there is nothing.
    pub to: Value,
}

/// The fields that changed, in the order in which they were compared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Every field of a row that is new.
    pub fn created(after: &Fields) -> Self {
        Self(after.iter().map(|(name, to)| change(name, Value::Null, to.clone())).collect())
    }

    /// The fields whose values differ; equal values are no change.
    pub fn between(before: &Fields, after: &Fields) -> Self {
        let changed = |(name, to): (&str, &Value)| {
            let from = before.get(name).unwrap_or(&Value::Null);
            (from != to).then(|| change(name, from.clone(), to.clone()))
        };
        Self(after.iter().filter_map(changed).collect())
    }

    /// Every field of a row that is gone.
    pub fn deleted(before: &Fields) -> Self {
        Self(before.iter().map(|(name, from)| change(name, from.clone(), Value::Null)).collect())
    }

    /// Compares one field before and after; equal values are no change.
    pub fn field<T: Serialize + PartialEq + ?Sized>(&mut self, field: &str, from: &T, to: &T) -> &mut Self {
        if from != to {
            self.0.push(change(field, json!(from), json!(to)));
        }
        self
    }

    /// Adds a field of a row that is new.
    pub fn set(&mut self, field: &str, to: impl Serialize) -> &mut Self {
        self.0.push(change(field, Value::Null, json!(to)));
        self
    }

    /// Adds a field of a row that is gone.
    pub fn gone(&mut self, field: &str, from: impl Serialize) -> &mut Self {
        self.0.push(change(field, json!(from), Value::Null));
        self
    }

    /// The same without these fields, which events of their own tell of.
    #[must_use]
    pub fn without(mut self, fields: &[&str]) -> Self {
        self.0.retain(|change| !fields.contains(&change.field.as_str()));
        self
    }

    /// Whether nothing changed: then there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.0.iter()
    }

    /// The changes, as the history stores them.
    pub fn to_json(&self) -> Value {
        json!(self.0)
    }
}

fn change(field: &str, from: Value, to: Value) -> Change {
    Change { field: field.to_owned(), from, to }
}

impl<'c> IntoIterator for &'c Changes {
    type Item = &'c Change;
    type IntoIter = std::slice::Iter<'c, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Changes {
    type Item = Change;
    type IntoIter = std::vec::IntoIter<Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_field_is_told_exactly_when_it_changed(from in any::<Option<String>>(), to in any::<Option<String>>()) {
            let mut changes = Changes::default();
            changes.field("field", &from, &to);
            prop_assert_eq!(changes.is_empty(), from == to);
            if let [change] = &changes.0[..] {
                prop_assert_eq!(&change.from, &json!(from));
                prop_assert_eq!(&change.to, &json!(to));
            }
            let fields = |value: &Option<String>| Fields::new().with("field", value);
            prop_assert_eq!(Changes::between(&fields(&from), &fields(&to)), changes);
        }
    }
}
