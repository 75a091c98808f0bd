//! A private Postgres for development and tests, from the binaries on the machine.
