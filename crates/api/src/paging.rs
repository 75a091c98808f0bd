//! Lists in pages.

mod cursor;
mod page;

pub(crate) use page::{ListQuery, NoFilter};
