//! A team, what can be changed about one, and what is audited of it.

use belfort_audit::{Audited, Fields};
use belfort_ids::{TeamId, UserId};
use chrono::{DateTime, Utc};
use diesel::dsl::{array, auto_type};
use diesel::prelude::*;
use diesel::sql_types::Uuid;

use crate::name::TeamName;
use crate::tables::{team_members, teams};

/// A team, with its members.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = teams, check_for_backend(belfort_db::Backend))]
pub struct Team {
    /// The id.
    pub id: TeamId,
    /// The name.
    pub name: String,
    /// The members, in order.
    #[diesel(select_expression = array(members_of_team()), select_expression_type = array<Uuid, members_of_team>)]
    pub member_ids: Vec<UserId>,
    /// The number of changes to all this, from 1.
    pub version: i32,
    /// The time of creation.
    pub created_at: DateTime<Utc>,
    /// The time of the last change to any of this.
    pub updated_at: DateTime<Utc>,
}

/// The members of the team of the surrounding query.
#[auto_type]
fn members_of_team() -> _ {
    let of_this_team = team_members::team_id.eq(teams::id);
    team_members::table.filter(of_this_team).order(team_members::user_id).select(team_members::user_id)
}

impl Audited for Team {
    const RESOURCE: &'static str = "teams";

    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new().with("name", &self.name).with("member_ids", &self.member_ids)
    }
}

/// A team to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTeam {
    /// The name.
    pub name: TeamName,
    /// The members.
    pub member_ids: Vec<UserId>,
}

/// A change to a team; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TeamPatch {
    /// The name.
    pub name: Option<TeamName>,
    /// The members, all of them.
    pub member_ids: Option<Vec<UserId>>,
}

/// The reason why a team was not created or changed. Nothing of it may be committed.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    /// Absent, or out of the caller's reach.
    #[error("there is no such team")]
    NotFound,
    /// The team is not as the caller last saw it.
    #[error("the team was changed in the meantime: read it again")]
    Stale,
    /// Another team has the name.
    #[error("another team has this name")]
    NameTaken,
    /// Together in a team, its members would reach what the caller does not.
    #[error("in this team people could do more than you may do yourself")]
    Escalation,
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
