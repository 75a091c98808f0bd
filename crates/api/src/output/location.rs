//! The place of a row, for `Location`.

use std::fmt::Display;

/// The path under which every operation of the API is.
pub(crate) const BASE_PATH: &str = "/api/v1";

/// The path of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location(String);

impl Location {
    /// The row with this id in a collection: `Location::of("/tasks", id)`.
    pub(crate) fn of(collection: &str, id: impl Display) -> Self {
        Self(format!("{BASE_PATH}{collection}/{id}"))
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}
