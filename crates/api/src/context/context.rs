//! One request inside its transaction.

use belfort_audit::Origin;
use belfort_rbac::{Action, Grant, Offers};
use belfort_tenancy::postgres::TenantTx;
use belfort_workspace::Caller;
use chrono::{DateTime, Utc};

use super::RequestInfo;
use crate::error::ApiResult;

/// One request inside its transaction.
pub(crate) struct RequestContext {
    /// The transaction, bound to the workspace.
    pub(crate) tx: TenantTx,
    /// Who asks, as of this transaction.
    pub(crate) caller: Caller,
    /// The moment that everything in it is dated with.
    pub(crate) now: DateTime<Utc>,
    /// Where its changes come from.
    pub(crate) origin: Origin,
    pub(crate) info: RequestInfo,
}

impl RequestContext {
    /// Begins the transaction and finds out who asks.
    pub(crate) fn begin(info: RequestInfo) -> ApiResult<Self> {
        let now = info.now();
        let mut tx = info.begin_tenant_tx()?;
        let caller = info.caller(&mut tx, now)?;
        let origin = info.origin(caller.actor(), now);
        Ok(Self { tx, caller, now, origin, info })
    }

    /// The permission to do something else beside: a comment needs its task.
    pub(crate) fn grant<R: Offers<A>, A: Action>(&self) -> ApiResult<Grant<R, A>> {
        Ok(self.caller.principal.grant()?)
    }

    /// Makes what was done last.
    pub(crate) fn commit(self) -> ApiResult<()> {
        Ok(self.tx.commit()?)
    }
}
