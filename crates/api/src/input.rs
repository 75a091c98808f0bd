//! What handlers take from a request, beside who sends it: bodies, query strings, ids in the path, preconditions.

mod body;
mod domain;
mod duplicate_keys;
mod field;
mod permissions;

pub(crate) use body::*;
pub(crate) use domain::*;
pub(crate) use field::*;
pub(crate) use permissions::PermissionList;
