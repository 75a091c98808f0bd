//! A cache of tenants by address, for a few seconds.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use belfort_ids::TenantId;

use super::BindError;
use super::tenants::Address;
use crate::{Tenant, TenantStatus};

/// The age of the oldest entry that is still used. It bounds how long a renamed tenant is found under its old name, and nothing else:
/// whether a tenant may be used is decided by Postgres at each transaction.
const CACHE_TTL: Duration = Duration::from_secs(5);
/// The most entries; then all are dropped.
const CACHE_CAPACITY: usize = 20_000;

/// A cache of tenants by address.
#[derive(Default)]
pub(super) struct TenantCache(RwLock<HashMap<Address, (Instant, Arc<Tenant>)>>);

impl TenantCache {
    pub(super) fn find(
        &self,
        address: &Address,
        look_up: impl FnOnce() -> Result<Option<Tenant>, BindError>,
    ) -> Result<Option<Arc<Tenant>>, BindError> {
        if let Some((at, tenant)) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(address)
            && at.elapsed() < CACHE_TTL
        {
            return Ok(Some(Arc::clone(tenant)));
        }
        let Some(tenant) = look_up()?.map(Arc::new) else { return Ok(None) };
        // A suspended tenant is not cached: it is back as soon as it is resumed.
        if tenant.status == TenantStatus::Active {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= CACHE_CAPACITY {
                known.clear();
            }
            known.insert(address.clone(), (Instant::now(), Arc::clone(&tenant)));
        }
        Ok(Some(tenant))
    }

    /// The tenant that was found at this address, however long ago.
    pub(super) fn last_seen(&self, address: &Address) -> Option<TenantId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(address).map(|(_, tenant)| tenant.id)
    }

    pub(super) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
