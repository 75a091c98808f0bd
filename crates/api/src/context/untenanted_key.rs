//! `Idempotency-Key` of requests that belong to no workspace.

use belfort_tenancy::postgres::ControlTx;
use belfort_workspace::idempotency::untenanted::{self, UntenantedKey};
use belfort_workspace::idempotency::{Claim, Stored};
use chrono::{DateTime, Utc};

use super::request_info::RequestInfo;
use crate::error::{ApiResult, Problem};
use crate::state::App;

/// The `Idempotency-Key` of a request whose subject is not known yet.
pub(crate) struct RequestKey {
    operation: String,
    key: String,
    request: [u8; 32],
}

/// A request with an `Idempotency-Key` and a subject: it acts once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyedRequest {
    key: UntenantedKey,
    request: [u8; 32],
}

impl KeyedRequest {
    /// The key of the request with this body, if it has one.
    ///
    /// # Errors
    /// 400 where it has one that cannot be kept.
    pub(crate) fn of(info: &RequestInfo, body: &[u8]) -> ApiResult<Option<RequestKey>> {
        let keyed = |key: &str| RequestKey {
            operation: format!("{} {}", info.method, info.path),
            key: key.to_owned(),
            request: info.digest(&[body]),
        };
        Ok(info.key()?.map(keyed))
    }

    /// The stored response, where the same request was made before.
    ///
    /// # Errors
    /// 422 where the key was used for another request.
    pub(crate) fn find(self, app: &App, now: DateTime<Utc>) -> ApiResult<Option<Stored>> {
        let mut control = app.services.tenancy.control()?;
        match untenanted::find(&mut control, &app.services.keyring, now, self.key, self.request)? {
            Claim::Replay(stored) => Ok(Some(stored)),
            Claim::Mismatch => Err(Problem::idempotency_key_reused()),
            Claim::New => Ok(None),
        }
    }

    /// Stores the response in the transaction of the change. Returns `false` where the key is taken.
    pub(crate) fn store(
        self,
        app: &App,
        tx: &mut ControlTx,
        answer: &Stored,
        completed: bool,
        now: DateTime<Utc>,
    ) -> ApiResult<bool> {
        Ok(untenanted::store(tx, &app.services.keyring, now, self.key, self.request, answer, completed)?)
    }

    /// Marks the stored response as complete, or deletes it where the request failed.
    pub(crate) fn finish(self, app: &App, done: bool) -> ApiResult<()> {
        let mut control = app.services.tenancy.control()?;
        if done {
            untenanted::complete(&mut control, self.key)?;
        } else {
            untenanted::forget(&mut control, self.key)?;
        }
        Ok(())
    }
}

impl RequestKey {
    /// The key for this subject. Keys of different subjects are different, so that strangers who choose the same key do not meet.
    pub(crate) fn for_subject(self, subject: &str) -> KeyedRequest {
        KeyedRequest { key: UntenantedKey::new(&self.operation, subject, &self.key), request: self.request }
    }
}
