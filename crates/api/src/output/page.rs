//! One page of a list, as it is sent.

use paperclip::actix::Apiv2Schema;
use serde::Serialize;

/// A page of a list.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct Page<T> {
    /// The items of the page.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page; null on the last page.
    pub(crate) next_cursor: Option<String>,
}
