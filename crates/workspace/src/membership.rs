//! The members of teams. They are changed from both sides, so both sides take one lock.

use belfort_db::{Statement, Tenant};
use belfort_ids::{TeamId, UserId};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Array, Timestamptz, Uuid};

/// Locks the membership of the workspace: other changes of teams, of who is in them and of who has which address wait until
/// this transaction ends.
///
/// Taken before any row is locked. A user's teams and a team's users are in the versions of both, so each such change
/// writes rows of both tables: without the lock, one that goes from a user to their teams and one that goes from a team to its
/// users would wait for each other. Addresses are unique over users and invitations together, which no constraint can say.
pub(crate) fn lock_membership(tx: &mut impl Tenant) -> QueryResult<()> {
    const LOCK: Statement = Statement::new("SELECT FROM membership_lock FOR UPDATE");
    // Without the row nothing would be locked.
    if tx.run(LOCK)? == 1 { Ok(()) } else { Err(diesel::result::Error::NotFound) }
}

/// The members of these teams.
pub(crate) fn members_of(tx: &mut impl Tenant, teams: &[TeamId]) -> QueryResult<Vec<UserId>> {
    const MEMBERS: Statement<Uuid> =
        Statement::new("SELECT DISTINCT user_id FROM team_members WHERE team_id = ANY($1)");
    if teams.is_empty() {
        return Ok(Vec::new());
    }
    tx.rows(MEMBERS.bind::<Array<Uuid>, _>(teams))
}

/// Moves a user from the teams `before` to the teams `after`. All of them exist.
pub(crate) fn set_teams(
    tx: &mut impl Tenant,
    now: DateTime<Utc>,
    user: UserId,
    before: &[TeamId],
    after: &[TeamId],
) -> QueryResult<()> {
    const LEAVE: Statement =
        Statement::new("DELETE FROM team_members WHERE user_id = $1 AND team_id = ANY($2)");
    const JOIN: Statement =
        Statement::new("INSERT INTO team_members (user_id, team_id) SELECT $1, unnest($2)");
    const BUMP: Statement =
        Statement::new("UPDATE teams SET version = version + 1, updated_at = $1 WHERE id = ANY($2)");
    let (left, joined) = (missing(before, after), missing(after, before));
    if !left.is_empty() {
        tx.run(LEAVE.bind::<Uuid, _>(user).bind::<Array<Uuid>, _>(left.as_slice()))?;
    }
    if !joined.is_empty() {
        tx.run(JOIN.bind::<Uuid, _>(user).bind::<Array<Uuid>, _>(joined.as_slice()))?;
    }
    let changed = [left, joined].concat();
    if !changed.is_empty() {
        tx.run(BUMP.bind::<Timestamptz, _>(now).bind::<Array<Uuid>, _>(changed))?;
    }
    Ok(())
}

/// Replaces the members `before` of a team by `after`. All of them exist.
pub(crate) fn set_members(
    tx: &mut impl Tenant,
    now: DateTime<Utc>,
    team: TeamId,
    before: &[UserId],
    after: &[UserId],
) -> QueryResult<()> {
    const LEAVE: Statement =
        Statement::new("DELETE FROM team_members WHERE team_id = $1 AND user_id = ANY($2)");
    const JOIN: Statement =
        Statement::new("INSERT INTO team_members (team_id, user_id) SELECT $1, unnest($2)");
    const BUMP: Statement =
        Statement::new("UPDATE users SET version = version + 1, updated_at = $1 WHERE id = ANY($2)");
    let (left, joined) = (missing(before, after), missing(after, before));
    if !left.is_empty() {
        tx.run(LEAVE.bind::<Uuid, _>(team).bind::<Array<Uuid>, _>(left.as_slice()))?;
    }
    if !joined.is_empty() {
        tx.run(JOIN.bind::<Uuid, _>(team).bind::<Array<Uuid>, _>(joined.as_slice()))?;
    }
    let changed = [left, joined].concat();
    if !changed.is_empty() {
        tx.run(BUMP.bind::<Timestamptz, _>(now).bind::<Array<Uuid>, _>(changed))?;
    }
    Ok(())
}

/// The ids that are not in `list`.
pub(crate) fn missing<T: PartialEq + Copy>(ids: &[T], list: &[T]) -> Vec<T> {
    ids.iter().filter(|id| !list.contains(id)).copied().collect()
}

/// The ids, each once and in order: how sets of them are compared and audited.
pub(crate) fn sorted<T: Ord + Copy>(ids: &[T]) -> Vec<T> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}
