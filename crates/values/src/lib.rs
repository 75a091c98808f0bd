#![doc = include_str!("../README.md")]

pub mod brussels;
mod clock;
mod euro;

pub use brussels::TimeError;
pub use clock::{Clock, FixedClock, SystemClock};
pub use euro::{Euro, EuroError};
pub use rust_decimal::Decimal;
