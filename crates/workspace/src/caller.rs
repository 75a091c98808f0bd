//! The caller of a request.

use belfort_audit::Actor;
use belfort_auth::TokenDigest;
use belfort_db::{Statement, Tenant};
use belfort_ids::{ApiKeyId, RoleId, SessionId, UserId};
use belfort_policy::VOCABULARY;
use belfort_rbac::{Permissions, Principal};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Array, Binary, Text, Timestamptz, Uuid};

/// The proof with which a request says who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A session, which somebody opened by logging in.
    Session(SessionId),
    /// An API key, with which a program acts for somebody.
    ApiKey(ApiKeyId),
}

/// An active user with a valid credential, as they stand in this transaction.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The credential of this request.
    pub credential: Credential,
    /// The user.
    pub user: UserId,
    /// The email address.
    pub email: String,
    /// The full name.
    pub full_name: String,
    /// The role.
    pub role: RoleId,
    /// The name of the role.
    pub role_name: String,
    /// The user with their permissions, from whom grants come.
    pub principal: Principal,
}

impl Caller {
    /// The session of this request; `None` for a program with an API key.
    pub const fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::ApiKey(_) => None,
        }
    }

    /// The actor of their changes, as the audit history names them.
    pub fn actor(&self) -> Actor {
        let name = self.full_name.clone();
        match self.credential {
            Credential::Session(_) => Actor::User { id: self.user, name },
            Credential::ApiKey(id) => Actor::ApiKey { id, name },
        }
    }
}

type Columns = (Uuid, Uuid, Text, Text, Uuid, Text, Array<Text>, Array<Uuid>);

/// One statement for all that a request needs to know: nothing of it can be older than the rest.
const AUTHENTICATE: Statement<Columns> = Statement::new(
    "SELECT s.id, u.id, u.email, u.full_name, r.id, r.name, r.permissions,
            ARRAY(SELECT DISTINCT mate.user_id
                  FROM team_members mine
                  JOIN team_members mate ON mate.team_id = mine.team_id
                  WHERE mine.user_id = s.user_id)
     FROM sessions s
     JOIN users u ON u.id = s.user_id
     JOIN members m ON m.user_id = s.user_id
     JOIN roles r ON r.id = m.role_id
     WHERE s.digest = $1 AND s.expires_at > $2 AND m.is_active",
);

#[derive(Queryable)]
struct Row {
    session: SessionId,
    user: UserId,
    email: String,
    full_name: String,
    role: RoleId,
    role_name: String,
    permissions: Vec<String>,
    team_mates: Vec<UserId>,
}

/// The principal that somebody is who is active; `None` for anybody else. They keep their role and stay active until this
/// transaction ends: a change of either waits, or is seen.
///
/// The role itself is not locked. A change of who is an admin locks it first and the member after, and would wait for whoever
/// waits for it.
pub(crate) fn lock_principal(tx: &mut impl Tenant, user: UserId) -> QueryResult<Option<Principal>> {
    const LOCK: Statement<Array<Text>> = Statement::new(
        "SELECT r.permissions
         FROM members m
         JOIN roles r ON r.id = m.role_id
         WHERE m.user_id = $1 AND m.is_active
         FOR SHARE OF m",
    );
    const TEAM_MATES: Statement<Uuid> = Statement::new(
        "SELECT DISTINCT mate.user_id
         FROM team_members mine
         JOIN team_members mate ON mate.team_id = mine.team_id
         WHERE mine.user_id = $1",
    );
    let permissions: Option<Vec<String>> = tx.find(LOCK.bind::<Uuid, _>(user))?;
    let Some(permissions) = permissions else { return Ok(None) };
    let permissions = Permissions::from_lines(&VOCABULARY, permissions.iter().map(String::as_str));
    let team_mates: Vec<UserId> = tx.rows(TEAM_MATES.bind::<Uuid, _>(user))?;
    Ok(Some(Principal::new(user, permissions, team_mates)))
}

/// Looks up the caller with this token. `None`: nobody, whichever of session, user and membership is missing or expired.
pub fn authenticate(
    tx: &mut impl Tenant,
    digest: &TokenDigest,
    now: DateTime<Utc>,
) -> QueryResult<Option<Caller>> {
    let query = AUTHENTICATE.bind::<Binary, _>(digest.as_bytes().as_slice()).bind::<Timestamptz, _>(now);
    let row: Option<Row> = tx.find(query)?;
    Ok(row.map(|row| {
        let permissions = Permissions::from_lines(&VOCABULARY, row.permissions.iter().map(String::as_str));
        Caller {
            credential: Credential::Session(row.session),
            user: row.user,
            email: row.email,
            full_name: row.full_name,
            role: row.role,
            role_name: row.role_name,
            principal: Principal::new(row.user, permissions, row.team_mates),
        }
    }))
}
