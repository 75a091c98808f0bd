//! Teams: whom the scope `team` speaks of.

mod change;

use belfort_db::{Statement, Tenant};
use belfort_ids::{TeamId, UserId};
use belfort_policy::Teams;
use belfort_rbac::{Grant, Read};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::Queryable;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid};

pub use change::{NewTeam, TeamPatch, create, delete, update};

use crate::membership::seat;

/// A team, with its members.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TeamRow {
    /// Its id.
    pub id: TeamId,
    /// What it is called.
    pub name: String,
    /// Its members, in order.
    pub member_ids: Vec<UserId>,
    /// Counts the changes of all this.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When any of this changed last.
    pub updated_at: DateTime<Utc>,
}

/// Why a team was not made or changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// Absent, or out of the caller's reach.
    #[error("there is no such team")]
    NotFound,
    /// The team is not as the caller last saw it.
    #[error("the team was changed in the meantime: read it again")]
    Stale,
    /// Another team is called that.
    #[error("another team has this name")]
    NameTaken,
    /// The field `member_ids` names these, who are no users, or none that the caller may put into a team.
    #[error("there are no such users")]
    UnknownMembers(Vec<UserId>),
    /// The database failed.
    #[error("the team could not be read or changed")]
    Database(#[source] diesel::result::Error),
}

impl From<diesel::result::Error> for TeamError {
    fn from(error: diesel::result::Error) -> Self {
        match belfort_db::violated_constraint(&error) {
            Some("teams_name_key") => Self::NameTaken,
            _ => Self::Database(error),
        }
    }
}

type Columns = (Uuid, Text, Array<Uuid>, Integer, Timestamptz, Timestamptz);

/// A statement about the teams that the user `$1` is in, or about all: the one predicate of this resource.
macro_rules! select_teams {
    ($rest:literal) => {
        select_teams!(
            "t.id, t.name,
             ARRAY(SELECT m.user_id FROM team_members m WHERE m.team_id = t.id ORDER BY m.user_id),
             t.version, t.created_at, t.updated_at",
            $rest
        )
    };
    ($columns:literal, $rest:literal) => {
        Statement::new(concat!(
            "SELECT ",
            $columns,
            "
             FROM teams t
             CROSS JOIN (SELECT $1 AS member) reach
             WHERE (reach.member IS NULL
                    OR EXISTS (SELECT FROM team_members m WHERE m.team_id = t.id AND m.user_id = reach.member))
               AND ",
            $rest
        ))
    };
}

/// Teams in reach in the order in which they were made, from after `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Teams, Read>,
    after: Option<TeamId>,
    limit: i64,
) -> QueryResult<Vec<TeamRow>> {
    const LIST: Statement<Columns> =
        select_teams!("t.id > coalesce($2, '00000000-0000-0000-0000-000000000000') ORDER BY t.id LIMIT $3");
    tx.rows(
        LIST.bind::<Nullable<Uuid>, _>(seat(grant)).bind::<Nullable<Uuid>, _>(after).bind::<BigInt, _>(limit),
    )
}

/// How many teams are in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Teams, Read>) -> QueryResult<i64> {
    const COUNT: Statement<BigInt> = select_teams!("count(*)", "TRUE");
    tx.row(COUNT.bind::<Nullable<Uuid>, _>(seat(grant)))
}

/// The team with this id; out of reach is `None` like absent.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Teams, Read>, id: TeamId) -> QueryResult<Option<TeamRow>> {
    read(tx, seat(grant), id)
}

fn read(tx: &mut impl Tenant, seat: Option<UserId>, id: TeamId) -> QueryResult<Option<TeamRow>> {
    const GET: Statement<Columns> = select_teams!("t.id = $2");
    tx.find(GET.bind::<Nullable<Uuid>, _>(seat).bind::<Uuid, _>(id))
}

/// Which of `ids` are teams, or teams that `seat` is in.
pub(crate) fn known(tx: &mut impl Tenant, seat: Option<UserId>, ids: &[TeamId]) -> QueryResult<Vec<TeamId>> {
    const KNOWN: Statement<Columns> = select_teams!("t.id = ANY($2)");
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<TeamRow> = tx.rows(KNOWN.bind::<Nullable<Uuid>, _>(seat).bind::<Array<Uuid>, _>(ids))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
