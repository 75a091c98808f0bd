//! Logging in with a password, and changing it.
//!
//! Checking a password takes tens of milliseconds of work and belongs outside a transaction, and it must be counted before it
//! is done. So both go in three steps over values, each of which a caller runs on whatever thread it wants:
//!
//! 1. [`Attempt::reserve`] reads the stored hash and counts the attempt. Too many are refused.
//! 2. [`Attempt::verify`] checks the password against the hash. It needs no connection.
//! 3. [`Verified::open_session`] acts only if the hash is still the one that was checked. When it is not, the attempt is given
//!    back and made anew, up to [`TRIES`] times.
//!
//! A wrong password stays counted. Whatever else comes of an attempt, its [`Reservation`](crate::Reservation) is refunded.
//! Changing a password takes the same steps: [`PasswordChange`] and [`NewPassword`].

mod attempt;
mod password;
mod session;
mod stored;

pub use attempt::{Attempt, TRIES, Verified};
pub use password::{NewPassword, PasswordChange, change_password};
pub use session::{NewSession, open_session, rehash};
pub use stored::{StoredPassword, password_by_email, password_of};
