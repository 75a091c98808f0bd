//! A tag.

use belfort_audit::{Audited, Fields};
use belfort_db::violated_constraint;
use belfort_ids::{TagId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use uuid::Uuid;

use crate::TagName;
use crate::tables::tags;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tags, check_for_backend(belfort_db::Backend))]
pub struct Tag {
    /// The id.
    pub id: TagId,
    /// The name; no two tags have the same.
    pub name: TagName,
    /// The user who created it, maybe somebody who left.
    pub created_by_id: UserId,
    /// The version: 1, and one more with each change.
    pub version: i32,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
}

/// A tag to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag {
    /// The name.
    pub name: TagName,
}

/// A change of a tag; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagPatch {
    /// The name.
    pub name: Option<TagName>,
}

/// The reason why nothing was done with a tag.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// It is not there or not in reach; nobody is told which.
    #[error("there is no such tag")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the tag was changed by somebody else")]
    Stale,
    /// Another tag has the name.
    #[error("there is a tag with this name")]
    NameTaken,
    /// The database failed.
    #[error("the tags could not be read or changed")]
    Database(#[source] Error),
}

impl From<Error> for TagError {
    fn from(error: Error) -> Self {
        match violated_constraint(&error) {
            Some("tags_name_key") => Self::NameTaken,
            _ => Self::Database(error),
        }
    }
}

impl Audited for Tag {
    const RESOURCE: &'static str = "tags";

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new().with("name", &self.name).with("created_by_id", self.created_by_id)
    }
}
