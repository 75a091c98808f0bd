//! One request inside its transaction.

use belfort_audit::Origin;
use belfort_mail::Message;
use belfort_rbac::{Action, Grant, Offers};
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::Caller;
use chrono::{DateTime, Utc};

use super::request_info::RequestInfo;
use crate::error::ApiResult;

/// One request inside its transaction.
pub(crate) struct RequestContext {
    /// The transaction, bound to the workspace.
    pub(crate) tx: TenantTx,
    /// The caller, as of this transaction.
    pub(crate) caller: Caller,
    /// The time of everything that the request does.
    pub(crate) now: DateTime<Utc>,
    /// The origin of its changes, for the audit history.
    pub(crate) origin: Origin,
    pub(crate) info: RequestInfo,
    mail: Vec<Message>,
}

impl RequestContext {
    /// Begins the transaction and authenticates the caller.
    pub(crate) fn begin(info: RequestInfo) -> ApiResult<Self> {
        let now = info.now();
        let mut tx = info.begin_tenant_tx()?;
        let caller = info.caller(&mut tx, now)?;
        let origin = info.origin(caller.actor(), now);
        Ok(Self { tx, caller, now, origin, info, mail: Vec::new() })
    }

    /// A further permission of the caller: a comment needs its task.
    pub(crate) fn grant<R: Offers<A>, A: Action>(&self) -> ApiResult<Grant<R, A>> {
        Ok(self.caller.principal.grant()?)
    }

    /// Sends a message once the transaction is committed, and only then.
    ///
    /// A relay takes seconds at times. Nobody waits for it while holding a connection or a lock. What is lost between the commit
    /// and the relay is for the operation that sends it again.
    pub(crate) fn mail_after_commit(&mut self, message: Message) {
        self.mail.push(message);
    }

    /// Commits, and returns the messages to send now.
    #[must_use = "the messages are to be sent"]
    pub(super) fn commit(self) -> ApiResult<Vec<Message>> {
        self.tx.commit()?;
        Ok(self.mail)
    }
}
