//! Creates workspaces for the operator: a sign-up without the mail between its two halves.

use belfort_crypto::Keyring;
use belfort_workspace::RequestSource;
use belfort_workspace::signup::{ConfirmError, Confirmed, Signup, StartError, confirm, start};
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::runtime::{MIGRATIONS, Runtime};

/// The reason why a workspace was not created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateWorkspaceError {
    #[error("the slug is already taken; `belfort tenant list` lists those that are")]
    SlugTaken,
    #[error("the sign-up could not be stored")]
    Start(#[source] StartError),
    #[error("the workspace could not be created")]
    Confirm(#[source] ConfirmError),
    #[error("the database is busy")]
    Busy(#[from] belfort_tenancy::postgres::Busy),
}

/// Creates a workspace with its first admin.
pub(crate) fn create_workspace(
    runtime: &Runtime,
    signup: &Signup,
    now: DateTime<Utc>,
) -> Result<Confirmed, CreateWorkspaceError> {
    let started = {
        // Back in the pool before the confirmation asks for one of its own.
        let mut control = runtime.tenancy.control()?;
        start(&mut control, &runtime.keyring, now, signup)?
    };
    let source = request_source(now);
    let (tenancy, keyring) = (&runtime.tenancy, &runtime.keyring);
    Ok(confirm(tenancy, keyring, &MIGRATIONS, &source, started.id, &started.code)?)
}

/// The origin of a command in the audit history.
pub(crate) fn request_source(now: DateTime<Utc>) -> RequestSource {
    RequestSource { at: now, request_id: "belfort-command".to_owned(), ip: None }
}

/// Generates a password of 120 random bits.
pub(crate) fn random_password() -> Zeroizing<String> {
    // A key is 256 random bits in letters, digits, `-` and `_`: six bits a character.
    let key = Keyring::generate_key();
    Zeroizing::new(key.chars().take(20).collect())
}

impl From<StartError> for CreateWorkspaceError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::SlugTaken => Self::SlugTaken,
            other @ StartError::Database(_) => Self::Start(other),
        }
    }
}

impl From<ConfirmError> for CreateWorkspaceError {
    fn from(error: ConfirmError) -> Self {
        if matches!(error, ConfirmError::SlugTaken) { Self::SlugTaken } else { Self::Confirm(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_never_the_same() {
        let (one, other) = (random_password(), random_password());
        assert_eq!(one.len(), 20);
        assert_ne!(one, other);
        assert!(belfort_auth::Password::parse(one.to_string()).is_ok());
    }
}
