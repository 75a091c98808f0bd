//! Tenants in Postgres: bound transactions, the control schema, provisioning, migrations.
//!
//! ```text
//! Tenancy::connect ── owner's login ──► ControlConn, ControlTx ──► provision, migrate, suspend
//!                 └── lanes' logins ──► TenantTx: BEGIN; SET LOCAL ROLE "t_…"
//! ```

mod bootstrap;
mod cache;
mod connection;
mod control;
mod lanes;
mod migrate;
mod provision;
mod quote;
mod tables;
mod tenant_tx;
pub mod tenants;
mod url;

use std::sync::Arc;
use std::time::Duration;

pub use bootstrap::{BootstrapError, bootstrap, is_hardened};
pub use control::{ControlConn, ControlTx};
pub use lanes::{SealedSecret, SecretStore, SecretStoreError};
pub use migrate::{MigrateError, Migrations, TenantOutcome};
pub use provision::{NewTenant, ProvisionError, ProvisioningTx};
pub use tenant_tx::{BindError, TenantTx};
pub use tenants::Address;
pub use url::{DatabaseUrl, DatabaseUrlError};

use cache::TenantCache;
use connection::Pool;

/// Why the database could not be reached or refused.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No connection could be made.
    #[error("cannot connect to the database: {0}")]
    Pool(#[source] r2d2::Error),
    /// A statement of the preparation failed.
    #[error("cannot prepare the database logins")]
    Prepare(#[from] diesel::result::Error),
    /// A login's password could not be sealed or opened.
    #[error("cannot read the database logins' passwords")]
    SecretStore(#[from] SecretStoreError),
}

/// No connection is to be had now; ask again.
#[derive(Debug, thiserror::Error)]
#[error("no database connection was free within {waited:?}")]
pub struct Busy {
    /// How long it was waited for.
    pub waited: Duration,
}

/// How many connections there may be and how long to wait for one.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Connections of the lane's login: how many requests can be in the database at once.
    pub size: u32,
    /// Connections of the owner's login, for the control schema.
    pub control_size: u32,
    /// How long a request waits for a connection before it is told to come again.
    pub wait: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { size: 16, control_size: 4, wait: Duration::from_secs(2) }
    }
}

/// The tenants of one database and the ways to them. Cheap to clone.
#[derive(Clone)]
pub struct Tenancy(Arc<Inner>);

struct Inner {
    control: Pool,
    lane: Pool,
    cache: TenantCache,
    wait: Duration,
}

impl Tenancy {
    /// Connects to a database whose control schema is migrated (see [`Migrations::control`]), making the lane's login where
    /// there is none.
    ///
    /// # Errors
    /// When the database is not there, refuses, or holds a login's password that `secrets` cannot open.
    pub fn connect(
        url: &DatabaseUrl,
        secrets: &dyn SecretStore,
        options: PoolOptions,
    ) -> Result<Self, ConnectError> {
        let control = connection::pool(url.clone(), options.control_size, options.wait);
        let mut owner = connection::checkout(&control).map_err(ConnectError::Pool)?;
        let lane_url = lanes::ensure_login(&mut owner, url, secrets)?;
        drop(owner);
        let lane = connection::pool(lane_url, options.size, options.wait);
        Ok(Self(Arc::new(Inner { control, lane, cache: TenantCache::default(), wait: options.wait })))
    }

    /// Begins a transaction bound to `tenant`: its tables and nothing else, as its role and no other.
    pub fn begin(&self, tenant: &Arc<Tenant>) -> Result<TenantTx, BindError> {
        tenant_tx::begin(self, tenant)
    }

    /// A connection to the control schema; each statement stands for itself.
    pub fn control(&self) -> Result<ControlConn, Busy> {
        control::checkout(&self.0.control, self.0.wait)
    }

    /// Begins a transaction on the control schema.
    pub fn begin_control(&self) -> Result<ControlTx, BindError> {
        control::begin(&self.0.control, self.0.wait)
    }

    /// The tenant at this address, from a cache that is a few seconds old at most.
    ///
    /// A stale answer cannot let anybody in: a suspended or deleted tenant's role cannot be taken, see [`Tenancy::begin`].
    pub fn find(&self, address: &Address) -> Result<Option<Arc<Tenant>>, BindError> {
        self.0.cache.find(address, || {
            let mut control = self.control()?;
            Ok(tenants::find(&mut control, address)?)
        })
    }

    /// Forgets what is remembered of addresses: for the process that just changed one.
    pub fn clear_cache(&self) {
        self.0.cache.clear();
    }

    /// Whether a connection can be had and answers.
    pub fn ping(&self) -> bool {
        self.control().is_ok_and(|mut control| control.answers())
    }
}

impl std::fmt::Debug for Tenancy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenancy").field("lane", &self.0.lane.state()).finish_non_exhaustive()
    }
}

pub use crate::{Plan, Tenant, TenantStatus};
