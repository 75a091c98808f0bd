//! The people of a workspace.

mod create;
mod delete;
mod error;
mod update;

use std::collections::BTreeMap;

use belfort_db::{Statement, Tenant};
use belfort_ids::{RoleId, TeamId, UserId};
use belfort_policy::Users;
use belfort_rbac::{Grant, Principal, Read};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

pub(crate) use create::{Insert, insert};
pub use create::{NewUser, create};
pub use delete::delete;
pub use error::UserError;
pub use update::{UserPatch, update, update_self};

/// A user, with their role, state and teams.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct UserRow {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub full_name: String,
    /// Their role.
    pub role_id: RoleId,
    /// Whether they may come in.
    pub is_active: bool,
    /// Whether they ever chose a password: an admin who did not does not count as one.
    pub joined: bool,
    /// Their teams, in order.
    pub team_ids: Vec<TeamId>,
    /// Counts the changes of all this.
    pub version: i32,
    /// When they were made a user.
    pub created_at: DateTime<Utc>,
    /// When any of this changed last.
    pub updated_at: DateTime<Utc>,
}

/// What a change of a user is held against, beside the grant for it.
#[derive(Debug, Clone, Copy)]
pub struct Safeguards<'s> {
    /// Who changes them: nobody gives or takes what they do not hold.
    pub caller: &'s Principal,
    /// Which of the [`admins`] cannot log in at the moment: none of them counts as the one who remains.
    pub locked_out: &'s [UserId],
}

type Columns = (Uuid, Text, Text, Uuid, Bool, Bool, Array<Uuid>, Integer, Timestamptz, Timestamptz);

/// A statement about the users whom `$1` reaches (see [`belfort_rbac::Reach::people`]): the one predicate of this resource.
macro_rules! select_users {
    ($rest:literal) => {
        select_users!(
            "u.id, u.email, u.full_name, m.role_id, m.is_active, m.joined_at IS NOT NULL,
             ARRAY(SELECT t.team_id FROM team_members t WHERE t.user_id = u.id ORDER BY t.team_id),
             u.version, u.created_at, u.updated_at",
            $rest
        )
    };
    ($columns:literal, $rest:literal) => {
        Statement::new(concat!(
            "SELECT ",
            $columns,
            "
             FROM users u
             JOIN members m ON m.user_id = u.id
             CROSS JOIN (SELECT $1 AS people) reach
             WHERE (reach.people IS NULL OR u.id = ANY(reach.people)) AND ",
            $rest
        ))
    };
}

type People = Nullable<Array<Uuid>>;

/// Users in reach in the order in which they were made, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Users, Read>,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<UserRow>> {
    const LIST: Statement<Columns> =
        select_users!("u.id > coalesce($2, '00000000-0000-0000-0000-000000000000') ORDER BY u.id LIMIT $3");
    tx.rows(
        LIST.bind::<People, _>(grant.reach().people())
            .bind::<Nullable<Uuid>, _>(after)
            .bind::<BigInt, _>(limit),
    )
}

/// How many users are in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Users, Read>) -> QueryResult<i64> {
    const COUNT: Statement<BigInt> = select_users!("count(*)", "TRUE");
    tx.row(COUNT.bind::<People, _>(grant.reach().people()))
}

/// The user with this id; out of reach is `None` like absent.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Users, Read>, id: UserId) -> QueryResult<Option<UserRow>> {
    read(tx, grant.reach().people(), id)
}

/// A user's own row. It needs no grant: everybody may see themselves.
pub fn me(tx: &mut impl Tenant, user: UserId) -> QueryResult<Option<UserRow>> {
    read(tx, None, user)
}

/// What people are called who are named in rows that the caller sees. Who left is not among them.
///
/// It needs no grant: the reach of those rows was asked for already, and who may see that somebody did something may know
/// who it was.
pub fn names(tx: &mut impl Tenant, ids: &[UserId]) -> QueryResult<BTreeMap<UserId, String>> {
    const NAMES: Statement<(Uuid, Text)> =
        Statement::new("SELECT id, full_name FROM users WHERE id = ANY($1)");
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<(UserId, String)> = tx.rows(NAMES.bind::<Array<Uuid>, _>(ids))?;
    Ok(names.into_iter().collect())
}

fn read(tx: &mut impl Tenant, people: Option<&[UserId]>, id: UserId) -> QueryResult<Option<UserRow>> {
    const GET: Statement<Columns> = select_users!("u.id = $2");
    tx.find(GET.bind::<People, _>(people).bind::<Uuid, _>(id))
}

/// The user with this id as they stand, for a change: nobody else changes them until this transaction ends.
fn lock(
    tx: &mut impl Tenant,
    people: Option<&[UserId]>,
    id: UserId,
    expected: Option<i32>,
) -> Result<UserRow, UserError> {
    // Not FOR UPDATE: it would wait for every session and every key that was just written for the user.
    const LOCK: Statement<Columns> = select_users!("u.id = $2 FOR NO KEY UPDATE OF u");
    let waited: Option<UserRow> = tx.find(LOCK.bind::<People, _>(people).bind::<Uuid, _>(id))?;
    if waited.is_none() {
        return Err(UserError::NotFound);
    }
    // Read again: what is joined to a row that had to be waited for is as old as the waiting.
    let row = read(tx, people, id)?.ok_or(UserError::NotFound)?;
    if expected.is_some_and(|version| version != row.version) {
        return Err(UserError::Stale);
    }
    Ok(row)
}

/// Which of `ids` are users in reach of `people`.
pub(crate) fn known(
    tx: &mut impl Tenant,
    people: Option<&[UserId]>,
    ids: &[UserId],
) -> QueryResult<Vec<UserId>> {
    const KNOWN: Statement<Columns> = select_users!("u.id = ANY($2)");
    let rows: Vec<UserRow> = tx.rows(KNOWN.bind::<People, _>(people).bind::<Array<Uuid>, _>(ids))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
