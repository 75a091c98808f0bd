//! One page of a list, as it is sent.

use paperclip::actix::Apiv2Schema;
use serde::Serialize;

/// A page of a list.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct Page<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; null on the last one.
    pub(crate) next_cursor: Option<String>,
}
