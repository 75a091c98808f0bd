//! The API over real HTTP: a server, a database of its own, and callers who do what users and attackers do.

mod harness;

mod lifecycle;
