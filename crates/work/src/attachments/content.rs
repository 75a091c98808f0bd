//! Writing content, chunk by chunk: here it is sealed, measured, digested and typed.

use belfort_crypto::Keyring;
use belfort_db::{Statement, Tenant};
use belfort_ids::TenantId;
use belfort_policy::Attachments;
use belfort_rbac::{Create, Grant};
use diesel::sql_types::{Binary, Integer, Text, Uuid};
use sha2::{Digest, Sha256};

use super::chunk::{SEALED, length, position};
use super::media_type::media_type;
use super::{AttachmentError, Upload};

/// The keys under which the content of a tenant's attachments is sealed.
#[derive(Debug, Clone, Copy)]
pub struct ContentKeys<'k> {
    /// The keyring.
    pub keyring: &'k Keyring,
    /// The tenant.
    pub tenant: TenantId,
}

/// The content of an upload while it arrives: how far it is stored.
#[derive(Debug)]
pub struct ContentWriter {
    upload: Upload,
    chunks: u32,
    size: u64,
    digest: Sha256,
    media_type: Option<&'static str>,
}

/// The content of an upload that is stored to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContent {
    pub(super) upload: Upload,
    pub(super) size: u64,
    pub(super) sha256: [u8; 32],
    pub(super) media_type: &'static str,
}

impl ContentWriter {
    /// A writer that has written nothing yet.
    pub fn new(upload: Upload) -> Self {
        Self { upload, chunks: 0, size: 0, digest: Sha256::new(), media_type: None }
    }

    /// The upload whose content it is.
    pub const fn upload(&self) -> Upload {
        self.upload
    }

    /// Stores the next chunk of an upload of the caller's own, after which others follow.
    pub fn store(
        &mut self,
        tx: &mut impl Tenant,
        grant: &Grant<Attachments, Create>,
        keys: ContentKeys<'_>,
        chunk: &[u8],
    ) -> Result<(), AttachmentError> {
        self.put(tx, grant, keys, chunk, false)
    }

    /// Stores the last chunk, which may be empty.
    pub fn finish(
        mut self,
        tx: &mut impl Tenant,
        grant: &Grant<Attachments, Create>,
        keys: ContentKeys<'_>,
        chunk: &[u8],
    ) -> Result<StoredContent, AttachmentError> {
        self.put(tx, grant, keys, chunk, true)?;
        Ok(StoredContent {
            upload: self.upload,
            size: self.size,
            sha256: self.digest.finalize().into(),
            media_type: self.media_type.unwrap_or_default(),
        })
    }

    fn put(
        &mut self,
        tx: &mut impl Tenant,
        grant: &Grant<Attachments, Create>,
        keys: ContentKeys<'_>,
        chunk: &[u8],
        last: bool,
    ) -> Result<(), AttachmentError> {
        // The lock lets nobody sweep the upload before this chunk can be seen to be swept with it.
        const STORE: Statement = Statement::new(
            "INSERT INTO attachment_pieces (attachment_id, number, key_id, sealed)
             SELECT u.id, $1, $2, $3 FROM attachment_uploads u WHERE u.id = $4 AND u.author_id = $5 FOR KEY SHARE",
        );
        let number = i32::try_from(self.chunks).map_err(|_e| AttachmentError::TooLarge)?;
        let position = position(self.upload.id(), self.chunks, last);
        let sealed = keys.keyring.seal_chunk(keys.tenant, SEALED, position, chunk);
        let stored = tx.run(
            STORE
                .bind::<Integer, _>(number)
                .bind::<Text, _>(sealed.key_id.as_str())
                .bind::<Binary, _>(&sealed.token)
                .bind::<Uuid, _>(self.upload.id())
                .bind::<Uuid, _>(grant.user()),
        )?;
        if stored == 0 {
            return Err(AttachmentError::Expired);
        }
        self.media_type.get_or_insert_with(|| media_type(chunk, last));
        self.digest.update(chunk);
        self.size = self.size.saturating_add(length(chunk.len()));
        self.chunks = self.chunks.saturating_add(1);
        Ok(())
    }
}

impl StoredContent {
    /// The SHA-256 of the content.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}
