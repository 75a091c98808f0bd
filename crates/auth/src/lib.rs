#![doc = include_str!("../README.md")]

mod block_pool;
mod code;
mod counter_key;
mod email;
mod guessable;
mod hasher;
mod limit;
mod password;
mod password_hash;
#[cfg(feature = "postgres")]
pub mod postgres;
mod random;
mod token;

pub use block_pool::HashingLoad;
pub use code::{CODE_ATTEMPTS, CODE_LIFETIME, Code};
pub use counter_key::{CounterKey, CounterKeys};
pub use email::{Email, EmailError};
pub use hasher::{HashError, HashParams, Hasher, Verdict};
pub use limit::{Limit, LimitError};
pub use password::{Password, PasswordError};
pub use password_hash::{PasswordHash, PasswordHashError};
pub use token::{InvitationToken, SESSION_LIFETIME, SessionToken, TokenDigest};
