//! Reading ranges of content, chunk by chunk.

use std::ops::RangeInclusive;

use belfort_db::Tenant;
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Grant, Read};
use diesel::prelude::*;

use super::chunk::{Chunks, SEALED};
use super::read::this;
use super::{Attachment, AttachmentError, ChunkError, ContentKeys};
use crate::tables::{attachment_pieces, attachments};

/// A range of the content of an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteRange {
    content: Chunks,
    bytes: RangeInclusive<u64>,
    chunks: RangeInclusive<u32>,
}

impl ByteRange {
    /// All the content of an attachment; `None` when it has more chunks than can be counted.
    pub fn all(of: &Attachment) -> Option<Self> {
        Self::of(of, 0..=of.length().saturating_sub(1))
    }

    /// These bytes of an attachment, the last one included; `None` when it does not have all of them.
    pub fn of(of: &Attachment, bytes: RangeInclusive<u64>) -> Option<Self> {
        let content = Chunks { of: of.id, size: of.length() };
        let chunks = content.holding(&bytes)?;
        Some(Self { content, bytes, chunks })
    }

    /// The indices of the chunks that hold it, in their order.
    pub fn chunks(&self) -> RangeInclusive<u32> {
        self.chunks.clone()
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attachment_pieces, check_for_backend(belfort_db::Backend))]
struct StoredChunk {
    key_id: String,
    sealed: Vec<u8>,
}

/// The part of a range that is in the chunk of this index.
///
/// Whether the attachment is there and in reach is asked again: what was lost on the way is
/// [`ChunkError::Missing`].
pub fn read_chunk(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<Attachments, Read>,
    keys: ContentKeys<'_>,
    range: &ByteRange,
    index: u32,
) -> Result<Vec<u8>, AttachmentError> {
    let id = range.content.of;
    let unreadable = |source: ChunkError| AttachmentError::Unreadable { id, index, source };
    let (position, length) = range.content.position(index).ok_or_else(|| unreadable(ChunkError::Missing))?;
    let number = i32::try_from(index).map_err(|_e| unreadable(ChunkError::Missing))?;
    // Boxed for the same reason as in `reach`.
    let in_reach = attachments::table.filter(this(of_tasks.reach(), grant.reach(), id));
    let row = attachment_pieces::table
        .filter(attachment_pieces::attachment_id.eq_any(in_reach.select(attachments::id).into_boxed()))
        .filter(attachment_pieces::number.eq(number));
    let stored: Option<StoredChunk> = tx.find(row.select(StoredChunk::as_select()))?;
    let StoredChunk { key_id, sealed } = stored.ok_or_else(|| unreadable(ChunkError::Missing))?;
    let opened = keys
        .keyring
        .open_chunk(keys.tenant, SEALED, &key_id, &sealed, position)
        .map_err(|error| unreadable(error.into()))?;
    if opened.len() != length {
        return Err(unreadable(ChunkError::Length));
    }
    if opened.is_empty() {
        return Ok(Vec::new());
    }
    let within = Chunks::within(index, &range.bytes);
    let end = (*within.end()).min(length.saturating_sub(1));
    let bytes = opened.get(*within.start()..=end).ok_or_else(|| unreadable(ChunkError::Length))?;
    Ok(bytes.to_vec())
}
