#![doc = include_str!("../README.md")]

mod region;

pub use region::{AllowList, Region, RegionError, Store};
