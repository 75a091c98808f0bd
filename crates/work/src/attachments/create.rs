//! Creating an attachment of content that is stored.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Tenant, violated_constraint};
use belfort_ids::{TaskId, UserId};
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Create, Grant, Read};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text, Timestamptz, Uuid};

use super::upload::close;
use super::{Attachment, AttachmentError, FileName, StoredContent};
use crate::change::stored;
use crate::reach;
use crate::tables::{attachments, tasks};

/// An attachment to be created of content that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// The task.
    pub task_id: TaskId,
    /// The name of the file.
    pub name: FileName,
    /// The content.
    pub content: StoredContent,
}

/// Creates the attachment of content that is stored; the grant's holder is its author. The task is asked for
/// again: much can have happened.
pub fn create(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Create>,
    origin: &Origin,
    new: NewAttachment,
) -> Result<Attachment, AttachmentError> {
    if !close(tx, new.content.upload, grant.user())? {
        return Err(AttachmentError::Expired);
    }
    let attachment = new.made_by(grant.user(), origin.at)?;
    insert(tx, of_tasks, &attachment)?;
    append(tx, origin, &[Event::created(origin, &attachment)])?;
    Ok(attachment)
}

impl NewAttachment {
    fn made_by(self, author: UserId, at: DateTime<Utc>) -> Result<Attachment, AttachmentError> {
        Ok(Attachment {
            id: self.content.upload.id(),
            task_id: self.task_id,
            author_id: author,
            name: self.name,
            content_type: self.content.media_type.to_owned(),
            size: i64::try_from(self.content.size).map_err(|_e| AttachmentError::TooLarge)?,
            sha256: self.content.sha256.to_vec(),
            version: 1,
            created_at: stored(at),
        })
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
    // The foreign key holds the task's row (FOR KEY SHARE) from here on, so it cannot go without telling of
    // this attachment.
    match tx.run(insert) {
        Ok(0) => Err(AttachmentError::NotFound),
        Ok(_) => Ok(()),
        Err(error) if violated_constraint(&error) == Some("attachments_task_id_fkey") => {
            Err(AttachmentError::NotFound)
        }
        Err(error) => Err(error.into()),
    }
}
