#![doc = include_str!("../README.md")]

mod address;
pub mod brussels;
mod clock;
mod column;
mod euro;
mod expected;
mod text;
mod word;

pub use address::has_address;
pub use brussels::TimeError;
pub use clock::{Clock, FixedClock, SystemClock};
pub use euro::{Euro, EuroError};
pub use expected::Expected;
pub use rust_decimal::Decimal;
pub use text::{BoundedText, Shape, TextError, is_unseen};
pub use word::{Word, WordError};
