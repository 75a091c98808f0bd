//! Who is in which team. It is changed from both sides, so both sides queue here.

use belfort_db::{Statement, Tenant};
use belfort_ids::{TeamId, UserId};
use belfort_rbac::Grant;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Array, Timestamptz, Uuid};

/// Makes other changes of teams, of who is in them and of who has which address wait until this transaction ends.
///
/// Taken before any row is locked. A user's teams and a team's users are in the versions of both, so each such change
/// writes rows of both tables: without the queue, one that goes from a user to their teams and one that goes from a team to its
/// users would wait for each other. Addresses are unique over users and invitations together, which no constraint can say.
pub(crate) fn queue(tx: &mut impl Tenant) -> QueryResult<()> {
    const QUEUE: Statement =
        Statement::new("SELECT pg_advisory_xact_lock(hashtextextended(current_schema()::text, 1))");
    tx.run(QUEUE).map(drop)
}

/// For a grant that does not go for everything: whose teams it goes for.
pub(crate) fn seat<R, A>(grant: &Grant<R, A>) -> Option<UserId> {
    grant.reach().people().map(|_| grant.user())
}

/// Makes `after` the teams of a user who is in the teams `before`. All of them exist.
pub(crate) fn set_teams(
    tx: &mut impl Tenant,
    user: UserId,
    before: &[TeamId],
    after: &[TeamId],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    const LEAVE: Statement =
        Statement::new("DELETE FROM team_members WHERE user_id = $1 AND team_id = ANY($2)");
    const JOIN: Statement =
        Statement::new("INSERT INTO team_members (user_id, team_id) SELECT $1, unnest($2)");
    const TELL: Statement =
        Statement::new("UPDATE teams SET version = version + 1, updated_at = $1 WHERE id = ANY($2)");
    let (left, joined) = (missing(before, after), missing(after, before));
    if !left.is_empty() {
        tx.run(LEAVE.bind::<Uuid, _>(user).bind::<Array<Uuid>, _>(left.as_slice()))?;
    }
    if !joined.is_empty() {
        tx.run(JOIN.bind::<Uuid, _>(user).bind::<Array<Uuid>, _>(joined.as_slice()))?;
    }
    let told = [left, joined].concat();
    if !told.is_empty() {
        tx.run(TELL.bind::<Timestamptz, _>(now).bind::<Array<Uuid>, _>(told))?;
    }
    Ok(())
}

/// Makes `after` the members of a team that has the members `before`. All of them exist.
pub(crate) fn set_members(
    tx: &mut impl Tenant,
    team: TeamId,
    before: &[UserId],
    after: &[UserId],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    const LEAVE: Statement =
        Statement::new("DELETE FROM team_members WHERE team_id = $1 AND user_id = ANY($2)");
    const JOIN: Statement =
        Statement::new("INSERT INTO team_members (team_id, user_id) SELECT $1, unnest($2)");
    const TELL: Statement =
        Statement::new("UPDATE users SET version = version + 1, updated_at = $1 WHERE id = ANY($2)");
    let (left, joined) = (missing(before, after), missing(after, before));
    if !left.is_empty() {
        tx.run(LEAVE.bind::<Uuid, _>(team).bind::<Array<Uuid>, _>(left.as_slice()))?;
    }
    if !joined.is_empty() {
        tx.run(JOIN.bind::<Uuid, _>(team).bind::<Array<Uuid>, _>(joined.as_slice()))?;
    }
    let told = [left, joined].concat();
    if !told.is_empty() {
        tx.run(TELL.bind::<Timestamptz, _>(now).bind::<Array<Uuid>, _>(told))?;
    }
    Ok(())
}

/// Which of `ids` are not in `list`.
pub(crate) fn missing<T: PartialEq + Copy>(ids: &[T], list: &[T]) -> Vec<T> {
    ids.iter().filter(|id| !list.contains(id)).copied().collect()
}

/// Each once, in order: how sets of ids are compared and told.
pub(crate) fn set<T: Ord + Copy>(ids: &[T]) -> Vec<T> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}
