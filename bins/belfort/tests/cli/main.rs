//! Runs the real binary.

mod external;
mod faults;
mod serve;
mod settings;
mod support;
