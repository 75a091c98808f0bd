//! Fernet tokens under keys derived for each tenant and column, from a keyring outside the database.
//!
//! What this promises:
//!
//! - Whoever has the database and not the [`Keyring`] reads nothing that was sealed and changes none of it unnoticed.
//! - A token that is copied to another tenant or another column does not open there.
//! - Content is sealed in chunks that open at their own position alone: see [`ChunkPosition`].
//! - Keys are replaced without a pause: the newest seals, all of them open, and the id beside each token tells which
//!   rows still wait.
//!
//! And what not: a token can be moved to another *row* of its own column, the length of the plaintext shows, and a
//! token says when it was made, by the clock of the machine that made it.
//!
//! A token is a standard Fernet token (<https://github.com/fernet/spec>), under a key that [`Keyring`] documents, so it
//! can be opened without this crate.
//!
//! ```
//! use belfort_crypto::{Column, Keyring, OpenError};
//! use belfort_ids::TenantId;
//!
//! const TOKEN: Column = Column::new("integrations.token");
//!
//! let keyring = Keyring::parse(&Keyring::generate_key())?;
//! # let now = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap();
//! let (ours, theirs) = (TenantId::new(now), TenantId::new(now));
//!
//! let sealed = keyring.seal(ours, TOKEN, b"s3cret");
//! assert!(sealed.token.starts_with("gAAAA"));
//! assert_eq!(*keyring.open(ours, TOKEN, sealed.key_id, &sealed.token)?, b"s3cret");
//! assert_eq!(keyring.open(theirs, TOKEN, sealed.key_id, &sealed.token), Err(OpenError::Refused));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunk;
mod context;
mod keyring;
#[cfg(feature = "postgres")]
pub mod postgres;
mod seal;

pub use chunk::{ChunkPosition, SealedChunk};
pub use context::{Column, Owner};
pub use keyring::{KeyId, KeyIdError, Keyring, KeyringError};
pub use seal::{OpenError, Sealed};
