//! Files on tasks.
//!
//! An attachment is where its task is: every function demands the grant to read tasks beside the one for attachments. It
//! arrives in pieces, each in a transaction of its own ([`begin`], [`store`], [`finish`]), and is read in pieces ([`piece`]):
//! nobody holds a connection while the other end of the line takes its time. The pieces are sealed before they come here.

mod file_name;
mod read;
mod upload;

use belfort_audit::postgres::append;
use belfort_audit::{Audited, Event, Fields, Origin};
use belfort_db::{Statement, Tenant};
use belfort_ids::{AttachmentId, TaskId, UserId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Delete, Grant, Reach, Read};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Array, Uuid};

use crate::reach::{self, Reached};
use crate::tables::attachments;

pub use file_name::FileName;
pub use read::{StoredPiece, get, history, list, piece};
pub use upload::{LIFETIME, NewAttachment, Upload, abandon, begin, finish, store, sweep};

/// A file on a task. Nothing about it ever changes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = attachments, check_for_backend(belfort_db::Backend))]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The task it is on.
    pub task_id: TaskId,
    /// Who sent it, maybe somebody who left.
    pub author_id: UserId,
    /// What it is called.
    pub name: FileName,
    /// What is in it, by its first bytes.
    pub content_type: String,
    /// How many bytes it has.
    pub size: i64,
    /// The SHA-256 of its bytes.
    pub sha256: Vec<u8>,
    /// Always 1.
    pub version: i32,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
}

impl Attachment {
    /// The digest of its bytes in lower-case hexadecimal digits, as it is told.
    pub fn digest(&self) -> String {
        self.sha256.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
    }
}

/// Why nothing was done with an attachment.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// It or its task is not there or not in reach; nobody is told which.
    #[error("there is no such attachment or task")]
    NotFound,
    /// The version is not the attachment's.
    #[error("the attachment has another version")]
    Stale,
    /// The upload took longer than [`LIFETIME`] and was swept.
    #[error("the upload is over")]
    Expired,
    /// The database failed.
    #[error("the attachments could not be read or changed")]
    Database(#[from] Error),
}

/// Removes an attachment and its pieces, unless `expected` is given and is not its version.
pub fn delete(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Delete>,
    origin: &Origin,
    id: AttachmentId,
    expected: Option<i32>,
) -> Result<(), AttachmentError> {
    let row = attachments::table.filter(this(of_tasks.reach(), grant.reach(), id));
    let query = row.select(Attachment::as_select()).for_update();
    let gone: Attachment = tx.find(query)?.ok_or(AttachmentError::NotFound)?;
    if expected.is_some_and(|version| version != gone.version) {
        return Err(AttachmentError::Stale);
    }
    tx.run(diesel::delete(attachments::table.find(id)))?;
    drop_pieces(tx, id)?;
    Ok(append(tx, origin, &[Event::deleted(origin, &gone)])?)
}

/// Removes the attachments of a task that is locked and about to go, and answers with the events that tell of it. With the task
/// they would go untold, and their pieces would stay.
pub(crate) fn delete_of(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    const PIECES: Statement = Statement::new("DELETE FROM attachment_pieces WHERE attachment_id = ANY($1)");
    let delete = diesel::delete(attachments::table.filter(attachments::task_id.eq(task)));
    let mut gone: Vec<Attachment> = tx.rows(delete.returning(Attachment::as_returning()))?;
    let ids: Vec<AttachmentId> = gone.iter().map(|attachment| attachment.id).collect();
    // After their attachments, as everywhere: in another order two who delete at once could wait for each other.
    tx.run(PIECES.bind::<Array<Uuid>, _>(ids))?;
    gone.sort_unstable_by_key(|attachment| attachment.id);
    Ok(gone.iter().map(|attachment| Event::deleted(origin, attachment)).collect())
}

fn drop_pieces(tx: &mut impl Tenant, id: AttachmentId) -> QueryResult<usize> {
    const PIECES: Statement = Statement::new("DELETE FROM attachment_pieces WHERE attachment_id = $1");
    tx.run(PIECES.bind::<Uuid, _>(id))
}

impl Audited for Attachment {
    const RESOURCE: &'static str = "attachments";

    fn id(&self) -> uuid::Uuid {
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

fn this<'r>(of_tasks: &'r Reach, own: &'r Reach, id: AttachmentId) -> Reached<'r, attachments::table> {
    Box::new(attachments::id.eq(id).and(reach::attachment(of_tasks, own)))
}
