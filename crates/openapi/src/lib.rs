#![doc = include_str!("../README.md")]

mod access;
mod checks;
mod collect;
mod component;
mod components;
mod describe;
mod document;
mod extension;
mod fault;
mod info;
mod operations;
mod problem;
mod schemas;
#[cfg(test)]
mod tests;
pub mod ui;
mod yaml;

pub use access::{permission, public, secured};
pub use describe::{
    CONTENT_DISPOSITION, ETAG, LOCATION, RETRY_AFTER, ResponseHeader, body, body_as, header_parameter,
    not_modified, path_parameters, problems, query_parameters, response, response_as, schema, text,
};
pub use document::{Document, document};
pub use extension::{by_name, literal, patchable};
pub use fault::Fault;
pub use info::{Code, Info, Tag};
