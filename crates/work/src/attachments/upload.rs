//! How an attachment arrives: piece by piece, and there all at once.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::{AttachmentId, TaskId, UserId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Create, Grant, Read};
use chrono::{DateTime, Duration, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Text, Timestamptz, Uuid};

use super::{Attachment, AttachmentError, drop_pieces};
use crate::FileName;
use crate::change::stored;
use crate::reach;
use crate::tables::{attachment_uploads, attachments, tasks};

/// How long an upload may take. What is older was left behind by a process that crashed.
pub const LIFETIME: Duration = Duration::hours(1);

/// An upload that was begun. Only [`begin`] makes one, so who has it was permitted to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upload {
    id: AttachmentId,
}

/// What is known of a file once all of it has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// The task it is for.
    pub task_id: TaskId,
    /// What it is called.
    pub name: FileName,
    /// What is in it; 100 characters at most.
    pub content_type: String,
    /// How many bytes it has.
    pub size: i64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Upload {
    /// The id that the attachment will have. Its pieces are sealed for it.
    pub const fn id(&self) -> AttachmentId {
        self.id
    }
}

/// Begins to attach a file to a task that the caller can see. What others left behind is swept on the way.
pub fn begin(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Create>,
    origin: &Origin,
    task: TaskId,
) -> Result<Upload, AttachmentError> {
    let upload = Upload { id: AttachmentId::new(origin.at) };
    let row = tasks::table.filter(reach::this_task(of_tasks.reach(), task)).select((
        upload.id.into_sql::<Uuid>(),
        grant.user().into_sql::<Uuid>(),
        stored(origin.at).into_sql::<Timestamptz>(),
    ));
    let insert = diesel::insert_into(attachment_uploads::table).values(row).into_columns((
        attachment_uploads::id,
        attachment_uploads::author_id,
        attachment_uploads::begun_at,
    ));
    if tx.run(insert)? == 0 {
        return Err(AttachmentError::NotFound);
    }
    sweep(tx, origin.at)?;
    Ok(upload)
}

/// Stores a sealed piece of an upload of the caller's own.
pub fn store(
    tx: &mut impl Tenant,
    grant: &Grant<Attachments, Create>,
    upload: Upload,
    number: i32,
    key_id: &str,
    sealed: &[u8],
) -> Result<(), AttachmentError> {
    // The lock lets nobody sweep the upload before this piece can be seen to be swept with it.
    const STORE: Statement = Statement::new(
        "INSERT INTO attachment_pieces (attachment_id, number, key_id, sealed)
         SELECT u.id, $1, $2, $3 FROM attachment_uploads u WHERE u.id = $4 AND u.author_id = $5 FOR KEY SHARE",
    );
    let stored = tx.run(
        STORE
            .bind::<Integer, _>(number)
            .bind::<Text, _>(key_id)
            .bind::<Binary, _>(sealed)
            .bind::<Uuid, _>(upload.id)
            .bind::<Uuid, _>(grant.user()),
    )?;
    if stored == 0 { Err(AttachmentError::Expired) } else { Ok(()) }
}

/// Makes the attachment of an upload all of whose pieces are stored. The task is asked for again: much can have happened.
pub fn finish(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Create>,
    origin: &Origin,
    upload: Upload,
    new: NewAttachment,
) -> Result<Attachment, AttachmentError> {
    if !close(tx, upload, grant.user())? {
        return Err(AttachmentError::Expired);
    }
    let attachment = new.of(upload, grant.user(), origin.at);
    insert(tx, of_tasks, &attachment)?;
    append(tx, origin, &[Event::created(origin, &attachment)])?;
    Ok(attachment)
}

impl NewAttachment {
    fn of(self, upload: Upload, author: UserId, at: DateTime<Utc>) -> Attachment {
        Attachment {
            id: upload.id,
            task_id: self.task_id,
            author_id: author,
            name: self.name,
            content_type: self.content_type,
            size: self.size,
            sha256: self.sha256.to_vec(),
            version: 1,
            created_at: stored(at),
        }
    }
}

fn insert(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    new: &Attachment,
) -> Result<(), AttachmentError> {
    let row = tasks::table.filter(reach::this_task(of_tasks.reach(), new.task_id)).select((
        new.id.into_sql::<Uuid>(),
        tasks::id,
        new.author_id.into_sql::<Uuid>(),
        (&new.name).into_sql::<Text>(),
        new.content_type.as_str().into_sql::<Text>(),
        new.size.into_sql::<BigInt>(),
        new.sha256.as_slice().into_sql::<Binary>(),
        new.created_at.into_sql::<Timestamptz>(),
    ));
    let insert = diesel::insert_into(attachments::table).values(row).into_columns((
        attachments::id,
        attachments::task_id,
        attachments::author_id,
        attachments::name,
        attachments::content_type,
        attachments::size,
        attachments::sha256,
        attachments::created_at,
    ));
    // The foreign key holds the task's row (FOR KEY SHARE) from here on, so it cannot go without telling of this attachment.
    match tx.run(insert) {
        Ok(0) => Err(AttachmentError::NotFound),
        Ok(_) => Ok(()),
        Err(error) if violated_constraint(&error) == Some("attachments_task_id_fkey") => {
            Err(AttachmentError::NotFound)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes an upload out of those that are under way; `false` when it was none.
fn close(tx: &mut impl Tenant, upload: Upload, author: UserId) -> QueryResult<bool> {
    let own = attachment_uploads::table.find(upload.id).filter(attachment_uploads::author_id.eq(author));
    Ok(tx.run(diesel::delete(own))? > 0)
}

/// Leaves nothing of an upload that did not become an attachment; of one that did, everything.
///
/// No grant is demanded: who lost theirs on the way leaves nothing either.
pub fn abandon(tx: &mut impl Tenant, upload: Upload) -> QueryResult<()> {
    // Two statements: the second one also sees the piece that the first one waited for.
    if tx.run(diesel::delete(attachment_uploads::table.find(upload.id)))? > 0 {
        drop_pieces(tx, upload.id)?;
    }
    Ok(())
}

/// Removes what uploads left behind that are older at `now` than they may be, and answers how many they were.
pub fn sweep(tx: &mut impl Tenant, now: DateTime<Utc>) -> QueryResult<usize> {
    // What is locked is just being written to, finished or swept: not by us as well, nor do we wait.
    const OVER: Statement<Uuid> = Statement::new(
        "DELETE FROM attachment_uploads
         WHERE id IN (SELECT id FROM attachment_uploads WHERE begun_at <= $1 FOR UPDATE SKIP LOCKED)
         RETURNING id",
    );
    const PIECES: Statement = Statement::new("DELETE FROM attachment_pieces WHERE attachment_id = ANY($1)");
    let over: Vec<AttachmentId> = tx.rows(OVER.bind::<Timestamptz, _>(now - LIFETIME))?;
    if !over.is_empty() {
        tx.run(PIECES.bind::<Array<Uuid>, _>(&over))?;
    }
    Ok(over.len())
}
