//! The fields of a row that are audited.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// A row whose changes are told to the history.
///
/// ```
/// use belfort_audit::{Audited, Fields};
/// use uuid::Uuid;
///
/// struct Boat { id: Uuid, name: String, berth: Option<u8>, version: i32 }
///
/// impl Audited for Boat {
///     const RESOURCE: &'static str = "boats";
///
///     fn id(&self) -> Uuid {
///         self.id
///     }
///
///     fn version(&self) -> i32 {
///         self.version
///     }
///
///     fn fields(&self) -> Fields {
///         Fields::new().with("name", &self.name).with("berth", self.berth)
///     }
/// }
/// ```
pub trait Audited {
    /// The name by which the history knows the kind of row.
    const RESOURCE: &'static str;

    /// The id of the row.
    fn id(&self) -> Uuid;

    /// The version of the row: 1 when it is new, one more after each change.
    fn version(&self) -> i32;

    /// Every field that is audited, also where it has its default or nothing: a row is made of its events
    /// again.
    ///
    /// A time is RFC 3339 with an offset and every digit that is stored, another row is named by its id, a
    /// list of rows by their ids in order.
    fn fields(&self) -> Fields;
}

/// The audited fields of a row and their values, in the order in which they are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields(Vec<(String, Value)>);

impl Fields {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a field, by the name that the API has for it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.0.push((name.to_owned(), json!(value)));
        self
    }

    /// The value of this field; `None` where there is no such field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The fields, one by one.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}
