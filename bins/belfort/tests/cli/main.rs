//! Runs the real binary.

mod serve;
mod settings;
mod support;
