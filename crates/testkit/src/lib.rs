//! For tests: a private Postgres, a tenant a test, a running server, typed callers.
