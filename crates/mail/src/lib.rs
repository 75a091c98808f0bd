//! Letters out: an outbox folder in development, SMTP in production.
