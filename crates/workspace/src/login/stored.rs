//! Reading the hashes of passwords.

use belfort_auth::{Email, PasswordHash};
use belfort_db::{Statement, Tenant};
use belfort_ids::UserId;
use diesel::QueryResult;
use diesel::sql_types::{Text, Uuid};

/// The hash of a user's password, to check a password against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// The user.
    pub user: UserId,
    /// The hash.
    pub hash: PasswordHash,
}

/// The password hash of the active user with this address. It needs no grant: nobody is logged in yet.
///
/// `None` also for users who are inactive or never chose a password; to whoever asks they are all nobody.
pub fn password_by_email(tx: &mut impl Tenant, email: &Email) -> QueryResult<Option<StoredPassword>> {
    const BY_EMAIL: Statement<(Uuid, Text)> = Statement::new(
        "SELECT u.id, c.password_hash
         FROM users u
         JOIN members m ON m.user_id = u.id
         JOIN credentials c ON c.user_id = u.id
         WHERE u.email = $1 AND m.is_active",
    );
    tx.find(BY_EMAIL.bind::<Text, _>(email.as_str()))?.map(read).transpose()
}

/// The password hash of a user, for the check of their current password when they change it.
pub fn password_of(tx: &mut impl Tenant, user: UserId) -> QueryResult<Option<StoredPassword>> {
    const BY_USER: Statement<(Uuid, Text)> =
        Statement::new("SELECT user_id, password_hash FROM credentials WHERE user_id = $1");
    tx.find(BY_USER.bind::<Uuid, _>(user))?.map(read).transpose()
}

fn read((user, hash): (UserId, String)) -> QueryResult<StoredPassword> {
    let hash =
        PasswordHash::parse(&hash).map_err(|e| diesel::result::Error::DeserializationError(e.into()))?;
    Ok(StoredPassword { user, hash })
}
