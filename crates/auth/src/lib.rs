//! Passwords, sessions, one-time codes, and the counters that bound guessing at them.
//!
//! What this crate promises:
//! - A password is kept as Argon2id, never weaker than the OWASP floor, and a login for a user who does not exist costs the
//!   same work as one for a user who does ([`Hasher`]).
//! - A session or an invitation is a random token of 256 bits of which only the SHA-256 digest is stored
//!   ([`SessionToken`], [`InvitationToken`]): who reads the database cannot log in with what stands there.
//! - A [`Code`] is six digits without bias, compared in constant time.
//! - With a [`Limit`] of five, exactly five attempts pass, however many arrive at once and at however many servers
//!   (`postgres::counters`, feature `postgres`).
//! - Nothing secret shows in `Debug`, and secrets are wiped from memory when they are dropped.
//!
//! What it does not: it sends no mail, keeps no code (whoever does encrypts it), and does not decide who the caller of a
//! request is. Hashing takes tens of milliseconds and 19 MiB, so call it on a blocking thread, under a bounded number of
//! permits. [`CODE_ATTEMPTS`] is a number for the store of the codes to hold; comparing a [`Code`] counts nothing.
//!
//! ```
//! use belfort_auth::{Email, HashParams, Hasher, Password, SessionToken, Verdict};
//!
//! let email = Email::parse(" Ann@Example.BE ")?;
//! assert_eq!(email.as_str(), "ann@example.be");
//!
//! let hasher = Hasher::new(HashParams::default())?;
//! let hash = hasher.hash(&Password::parse("correct horse battery staple".to_owned())?)?;
//! let attempt = Password::attempt("correct horse".to_owned())?;
//! assert_eq!(hasher.verify(&attempt, &hash), Verdict::Mismatch);
//!
//! let token = SessionToken::generate();
//! let presented = SessionToken::parse(token.reveal()).map(|token| token.digest());
//! assert_eq!(presented, Some(token.digest()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block_pool;
mod code;
mod counter_key;
mod email;
mod hasher;
mod limit;
mod password;
mod password_hash;
#[cfg(feature = "postgres")]
pub mod postgres;
mod random;
mod token;

pub use code::{CODE_ATTEMPTS, CODE_LIFETIME, Code};
pub use counter_key::CounterKey;
pub use email::{Email, EmailError};
pub use hasher::{HashError, HashParams, Hasher, Verdict};
pub use limit::{Limit, LimitError};
pub use password::{Password, PasswordError};
pub use password_hash::{PasswordHash, PasswordHashError};
pub use token::{InvitationToken, SESSION_LIFETIME, SessionToken, TokenDigest};
