//! `Idempotency-Key`: a request that is sent again acts once.

use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::idempotency::{self, Claim, Requester, Stored};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::request_context::RequestContext;
use super::request_info::RequestInfo;
use crate::error::{ApiResult, Problem, ProblemCode};

impl RequestInfo {
    /// The `Idempotency-Key` of the request, if it has one.
    ///
    /// # Errors
    /// 400 where it has one that cannot be kept.
    pub(crate) fn key(&self) -> ApiResult<Option<&str>> {
        match self.idempotency_key.as_deref() {
            Some(key) if !(1..=255).contains(&key.len()) => Err(Problem::new(
                ProblemCode::BadIdempotencyKey,
                "Send at most one Idempotency-Key, of 1 to 255 ASCII characters.",
            )),
            key => Ok(key),
        }
    }

    /// The digest of the method, the path and these parts of the body: it tells requests with the same key apart.
    pub(crate) fn digest(&self, body: &[&[u8]]) -> [u8; 32] {
        let head: [&[u8]; 2] = [self.method.as_str().as_bytes(), self.path.as_bytes()];
        digest(head.iter().chain(body))
    }
}

impl RequestContext {
    /// The stored response to this request, where it was made before. The key is claimed for as long as the transaction lasts.
    pub(crate) fn stored(&mut self, body: &[u8]) -> ApiResult<Option<Stored>> {
        let Some(key) = self.info.key()?.map(str::to_owned) else { return Ok(None) };
        let request = self.info.digest(&[body]);
        claim(&mut self.tx, Requester::User(self.caller.user), &key, request, self.now)
    }

    /// Runs `work` once for each `Idempotency-Key`: the same request, recognized by its digest, gets the stored response.
    ///
    /// The key is claimed in the transaction of the change, so a crash in between loses both, and a second request with the
    /// key waits for the first.
    pub(crate) fn idempotently(
        &mut self,
        request: [u8; 32],
        work: impl FnOnce(&mut Self) -> ApiResult<Stored>,
    ) -> ApiResult<Stored> {
        let Some(key) = self.info.key()?.map(str::to_owned) else { return work(self) };
        let requester = Requester::User(self.caller.user);
        if let Some(stored) = claim(&mut self.tx, requester, &key, request, self.now)? {
            return Ok(stored);
        }
        let stored = work(self)?;
        idempotency::store(&mut self.tx, requester, &key, &stored)?;
        Ok(stored)
    }
}

/// Claims a key for a request, or returns the stored response to the same request.
///
/// # Errors
/// 422 where the key was used for another request.
pub(crate) fn claim(
    tx: &mut TenantTx,
    requester: Requester<'_>,
    key: &str,
    request: [u8; 32],
    now: DateTime<Utc>,
) -> ApiResult<Option<Stored>> {
    match idempotency::claim(tx, requester, now, key, request)? {
        Claim::Replay(stored) => Ok(Some(stored)),
        Claim::Mismatch => Err(Problem::idempotency_key_reused()),
        Claim::New => Ok(None),
    }
}

/// The SHA-256 of some parts, each preceded by its length.
fn digest<'p>(parts: impl IntoIterator<Item = &'p &'p [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
