#![doc = include_str!("../README.md")]

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
