//! Files that come in and go out.

mod download;
mod media_type;
mod multipart_guard;
mod pieces;
mod range;
mod upload;

pub(crate) use download::{Content, Wanted};
pub(crate) use upload::Incoming;
