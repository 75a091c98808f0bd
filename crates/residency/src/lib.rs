//! Regions, the Brussels clock and euro amounts: values every other crate may speak.
//!
//! - [`Region`] and [`AllowList`]: where a [`Store`] keeps its data, and where it may.
//! - [`Clock`], and [`brussels`]: time is UTC inside, and Europe/Brussels where people read and write it.
//! - [`Euro`]: an amount of whole cents. No floating point number goes in or comes out.
//!
//! Nothing here does I/O, but for [`SystemClock`], which reads the clock of the machine. Whether a region that was
//! declared is the one where the disks really are, is not known here: the operator declares it.
//!
//! ```
//! use belfort_residency::{AllowList, Euro, Region, brussels};
//!
//! let frankfurt = Region::parse("eu-central-1")?;
//! assert!(AllowList::default().permits(&frankfurt));
//!
//! let at = brussels::parse("2026-03-29T01:30:00Z")?;
//! assert_eq!(brussels::format(at), "2026-03-29T03:30:00+02:00");
//! assert!(brussels::parse("2026-03-29T02:30:00").is_err()); // the clocks jumped from 02:00 to 03:00
//!
//! let total = Euro::sum([Euro::parse("0.10")?, Euro::parse("0.20")?])?;
//! assert_eq!(total.to_string(), "0.30");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod brussels;
mod clock;
mod euro;
mod region;

pub use brussels::TimeError;
pub use clock::{Clock, FixedClock, SystemClock};
pub use euro::{Euro, EuroError};
pub use region::{AllowList, Region, RegionError, Store};
pub use rust_decimal::Decimal;
