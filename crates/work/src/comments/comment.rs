//! A comment.

use belfort_audit::{Audited, Fields};
use belfort_ids::{CommentId, TaskId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use uuid::Uuid;

use crate::CommentBody;
use crate::tables::comments;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = comments, check_for_backend(belfort_db::Backend))]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// The task it is on.
    pub task_id: TaskId,
    /// The user who wrote it, maybe somebody who left.
    pub author_id: UserId,
    /// The text.
    pub body: CommentBody,
    /// The version: 1, and one more with each change.
    pub version: i32,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
    /// The time of its last change.
    pub updated_at: DateTime<Utc>,
}

/// A comment to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewComment {
    /// The text.
    pub body: CommentBody,
}

/// A change of a comment; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommentPatch {
    /// The text.
    pub body: Option<CommentBody>,
}

/// The reason why nothing was done with a comment.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// It or its task is not there or not in reach; nobody is told which.
    #[error("there is no such comment or task")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the comment was changed by somebody else")]
    Stale,
    /// The database failed.
    #[error("the comments could not be read or changed")]
    Database(#[from] Error),
}

impl Audited for Comment {
    const RESOURCE: &'static str = "comments";

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new().with("task_id", self.task_id).with("author_id", self.author_id).with("body", &self.body)
    }
}
