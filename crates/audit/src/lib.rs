#![doc = include_str!("../README.md")]

mod audited;
mod changes;
mod event;
mod fold;

#[cfg(feature = "postgres")]
pub mod postgres;

pub use audited::{Audited, Fields};
pub use changes::{Change, Changes};
pub use event::{Actor, Event, Origin};
pub use fold::{Snapshot, Step, fold};
