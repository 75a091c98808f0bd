//! The HTTP API: the only crate that knows its HTTP and JSON.
//!
//! It has a ceiling: no rule and no SQL. A handler names its permission in its signature, reads what came, calls the crate
//! that does it, and shows what is. What the caller is told of each crate's errors is decided in one file, by exhaustive
//! match. [`serve()`] is the server, [`document`] its OpenAPI document, which is made from the handlers and needs no database:
//!
//! ```
//! let document = belfort_api::document().expect("every operation is documented");
//! assert!(document.routes().contains(&("PATCH".into(), "/api/v1/tasks/{id}".into())));
//! let update = &document.json()["paths"]["/api/v1/tasks/{id}"]["patch"];
//! assert_eq!(update["x-permission"]["action"], "update");
//! ```
//!
//! One request, one way: the envelope (id, log, problems) → the call (where to, who) → the gate (a transaction bound to
//! the workspace, the caller as of that transaction, the grant) → the body → the crate that does it → commit → the answer.
//! All of it but the first step happens on one blocking thread, in one transaction.

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
pub use state::{Services, Settings};
