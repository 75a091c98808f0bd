//! Files that come in and go out over HTTP. How their content is stored is `belfort_work::attachments`'.

mod conditional;
mod content;
mod download;
mod multipart_guard;
mod range;
mod upload;

use belfort_tenancy::postgres::TenantTx;
use belfort_work::attachments::ContentKeys;

pub(crate) use conditional::Conditional;
pub(crate) use content::Content;
pub(crate) use upload::{MultipartUpload, UploadResult};

use crate::context::RequestInfo;

/// The keys for the content of the workspace's files.
fn content_keys<'k>(info: &'k RequestInfo, tx: &TenantTx) -> ContentKeys<'k> {
    ContentKeys { keyring: &info.app.services.keyring, tenant: tx.tenant().id }
}

/// A number of bytes in memory, which 64 bits always hold.
fn byte_count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
