//! An attachment.

use belfort_audit::{Audited, Fields};
use belfort_crypto::OpenError;
use belfort_ids::{AttachmentId, TaskId, UserId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::Error;
use uuid::Uuid;

use super::FileName;
use crate::tables::attachments;

/// A file on a task. Nothing about it ever changes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = attachments, check_for_backend(belfort_db::Backend))]
pub struct Attachment {
    /// The id.
    pub id: AttachmentId,
    /// The task.
    pub task_id: TaskId,
    /// The user who sent it, maybe somebody who left.
    pub author_id: UserId,
    /// The name of the file.
    pub name: FileName,
    /// The media type of its content, by its first bytes.
    pub content_type: String,
    /// The length of its content in bytes.
    pub size: i64,
    /// The SHA-256 of its content.
    pub sha256: Vec<u8>,
    /// The version, which is always 1.
    pub version: i32,
    /// The time at which all of it had arrived.
    pub created_at: DateTime<Utc>,
}

impl Attachment {
    /// The length of its content in bytes, which is never negative.
    pub fn length(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }

    /// The SHA-256 of its content in lower-case hexadecimal digits.
    pub fn digest(&self) -> String {
        self.sha256.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
    }
}

/// The reason why nothing was done with an attachment.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// It or its task is not there or not in reach; nobody is told which.
    #[error("there is no such attachment or task")]
    NotFound,
    /// The version is not the attachment's.
    #[error("the attachment has another version")]
    Stale,
    /// The upload took longer than [`LIFETIME`](super::LIFETIME) and was swept.
    #[error("the upload is over")]
    Expired,
    /// There are more chunks of it than can be counted.
    #[error("there is more content than an attachment can have")]
    TooLarge,
    /// A chunk that is stored is not one of the attachment.
    #[error("chunk {index} of attachment {id} cannot be read")]
    Unreadable {
        /// The attachment.
        id: AttachmentId,
        /// The index of the chunk.
        index: u32,
        /// The reason.
        #[source]
        source: ChunkError,
    },
    /// The database failed.
    #[error("the attachments could not be read or changed")]
    Database(#[from] Error),
}

/// The reason why a stored chunk cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// It has another length than the attachment says.
    #[error("it has another length than the attachment says")]
    Length,
    /// It does not open at its position.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Audited for Attachment {
    const RESOURCE: &'static str = "attachments";

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .with("task_id", self.task_id)
            .with("author_id", self.author_id)
            .with("name", &self.name)
            .with("content_type", &self.content_type)
            .with("size", self.size)
            .with("sha256", self.digest())
    }
}
