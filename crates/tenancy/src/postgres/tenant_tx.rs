//! The transaction that is bound to a tenant.

use std::sync::Arc;

use belfort_db::{Conn, Key, Queries, Tag};

use super::connection::{self, BeginError, Pooled};
use super::{Busy, Tenancy, tenants};
use crate::{Tenant, TenantStatus};

/// A transaction bound to a tenant: it sees that tenant's tables and no others, as that tenant's role.
///
/// It is the only value in Belfort that a query on a tenant's tables can run with. [`TenantTx::commit`] consumes it; dropped
/// without, be it by `?` or by a panic, it is rolled back. Either way the binding ends before the connection goes
/// back to the pool, because Postgres ends it with the transaction.
pub struct TenantTx {
    lease: Pooled,
    tenant: Arc<Tenant>,
    open: bool,
}

/// The reason why a transaction could not begin.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No connection was free in time.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The tenant is suspended: no login may take its role.
    #[error("the tenant is suspended")]
    Suspended,
    /// The tenant was deleted.
    #[error("the tenant was deleted")]
    Gone,
    /// The database failed.
    #[error("the database refused a transaction")]
    Database(#[from] diesel::result::Error),
}

pub(super) fn begin(tenancy: &Tenancy, tenant: &Arc<Tenant>) -> Result<TenantTx, BindError> {
    if tenant.status == TenantStatus::Suspended {
        return Err(BindError::Suspended);
    }
    // One message, so one round trip. The utility statement needs no right to execute `set_config`, which nobody has.
    let bind = format!("BEGIN; SET LOCAL ROLE \"{}\"", tenant.schema());
    match connection::begin_with(&tenancy.0.lane, tenancy.0.wait, &bind) {
        Ok(lease) => Ok(TenantTx { lease, tenant: Arc::clone(tenant), open: true }),
        Err(BeginError::Busy(busy)) => Err(busy.into()),
        Err(BeginError::Refused(error)) => Err(refusal(tenancy, tenant, error)),
    }
}

/// Finds out why Postgres refused the role: the tenant may have been suspended or deleted since its address was looked up.
fn refusal(tenancy: &Tenancy, tenant: &Tenant, error: diesel::result::Error) -> BindError {
    if belfort_db::is_transient(&error) {
        return BindError::Database(error);
    }
    tenancy.clear_cache();
    let now =
        tenancy.control().map_err(BindError::from).and_then(|mut c| Ok(tenants::get(&mut c, tenant.id)?));
    match now {
        Ok(None) => BindError::Gone,
        Ok(Some(now)) if now.status == TenantStatus::Suspended => BindError::Suspended,
        Ok(Some(_)) => BindError::Database(error),
        Err(other) => other,
    }
}

impl TenantTx {
    /// The tenant.
    pub fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// When a statement in it failed, whatever became of that error: nothing lasts then. And when the database did not confirm
    /// it: it is not known then whether the changes last, and no client may be told so.
    pub fn commit(mut self) -> Result<(), diesel::result::Error> {
        self.open = false;
        self.lease.commit()
    }
}

impl Queries for TenantTx {
    fn tag(&self) -> Option<Tag> {
        Tag::new(self.tenant.schema().as_bytes())
    }

    fn with<T>(&mut self, _: Key, run: impl FnOnce(&mut Conn) -> T) -> T {
        run(&mut self.lease.pg)
    }
}

impl belfort_db::Tenant for TenantTx {}

impl Drop for TenantTx {
    fn drop(&mut self) {
        if self.open {
            self.lease.roll_back();
        }
    }
}

impl std::fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTx").field("tenant", &self.tenant.id).finish_non_exhaustive()
    }
}
