#![doc = include_str!("../README.md")]

mod context;
mod document;
mod error;
mod files;
mod handlers;
mod input;
mod mail;
mod middleware;
mod output;
mod paging;
mod routes;
mod server;
mod state;

pub use document::document;
pub use server::serve;
pub use state::{MinimumRate, Services, Settings};
