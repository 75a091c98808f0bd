//! Runs the real binary.

mod external;
mod serve;
mod settings;
mod support;
