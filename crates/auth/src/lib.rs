//! Passwords, sessions, one-time codes and the counters that bound guessing.
