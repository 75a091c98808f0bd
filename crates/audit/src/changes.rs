//! The fields that changed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One field that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its name, as the API has it.
    pub field: String,
    /// What it was; null where there was nothing.
    pub from: Value,
    /// What it is now; null where there is nothing.
    pub to: Value,
}

/// The fields that changed, in the order in which they were compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Compares one field before and after; equal values are no change.
    pub fn field<T: Serialize + PartialEq + ?Sized>(&mut self, field: &str, from: &T, to: &T) -> &mut Self {
        if from != to {
            self.0.push(Change { field: field.to_owned(), from: json!(from), to: json!(to) });
        }
        self
    }

    /// A field of a row that is new.
    pub fn set(&mut self, field: &str, to: impl Serialize) -> &mut Self {
        self.0.push(Change { field: field.to_owned(), from: Value::Null, to: json!(to) });
        self
    }

    /// A field of a row that is gone.
    pub fn gone(&mut self, field: &str, from: impl Serialize) -> &mut Self {
        self.0.push(Change { field: field.to_owned(), from: json!(from), to: Value::Null });
        self
    }

    /// Whether nothing changed: then there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes, as the history stores them.
    pub fn to_json(&self) -> Value {
        json!(self.0)
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
        }
    }
}
