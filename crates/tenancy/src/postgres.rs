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
mod hardening;
mod lanes;
mod language;
mod lease;
mod migrate;
mod provision;
mod quote;
mod scram;
mod suspension;
mod tables;
mod tenant_tx;
pub mod tenants;
mod url;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use belfort_ids::TenantId;

pub use bootstrap::{BootstrapError, bootstrap};
pub use control::{ControlConn, ControlTx};
pub use hardening::{Exposure, exposures, harden, inspect};
pub use lanes::{SealedSecret, SecretStore, SecretStoreError};
pub use migrate::{MigrateError, Migrations, TenantOutcome};
pub use provision::{NewTenant, ProvisionError, ProvisioningTx};
pub use tenant_tx::{BindError, TenantTx};
pub use tenants::Address;
pub use url::{DatabaseUrl, DatabaseUrlError};

use cache::TenantCache;
use connection::Pool;
use lease::Doubts;

/// The reason why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No connection could be made.
    #[error("cannot connect to the database")]
    Pool(#[source] r2d2::Error),
    /// A statement of the preparation failed.
    #[error("cannot prepare the database logins")]
    Prepare(#[from] diesel::result::Error),
    /// A login's password could not be sealed or opened.
    #[error("cannot read the database logins' passwords")]
    SecretStore(#[from] SecretStoreError),
    /// The system has no random numbers.
    #[error("the system has no random numbers for a login's password")]
    Random(#[from] getrandom::Error),
    /// A login's password cannot be hashed.
    #[error("cannot hash a login's password")]
    Hash(#[from] sha2::digest::InvalidLength),
}

/// The error when no connection was free in time. Another try may succeed.
#[derive(Debug, thiserror::Error)]
#[error("no database connection was free within {waited:?}")]
pub struct Busy {
    /// The time that was waited.
    pub waited: Duration,
}

/// The sizes of the pools, and how long to wait for a connection.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// The connections of the lane's login: as many requests can be in the database at once.
    pub size: u32,
    /// The connections of the owner's login, for the control schema.
    pub control_size: u32,
    /// The time that a request waits for a connection.
    pub wait: Duration,
    /// The time that a connection may lie unused before it is tested. After a shorter one the test would cost a round trip for nothing.
    pub test_after: Duration,
    /// The longest time that a statement of a tenant's takes. It is to be well below that in which a request is answered.
    pub statement_timeout: Duration,
    /// The longest time that it waits for a lock, shorter still: whoever waits holds what others wait for.
    pub lock_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            size: 16,
            control_size: 4,
            wait: Duration::from_secs(2),
            test_after: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
        }
    }
}

/// The longest time that a connection of the owner's waits for a lock. Functions of a tenant's can hold that of its row.
const OWNER_LOCK_TIMEOUT: &str = "10s";
/// The longest time that a tenant's transaction does nothing. The server's never wait for anybody but the database.
const IDLE_TIMEOUT: &str = "60s";

/// The settings that the driver makes on each connection, made when it is opened: then a reset does not undo them.
const DRIVER_SETTINGS: [(&str, &str); 2] = [("timezone", "UTC"), ("client_encoding", "UTF8")];

/// The tenants of one database: the pools and the cache of addresses. Cheap to clone.
#[derive(Clone)]
pub struct Tenancy(Arc<Inner>);

struct Inner {
    control: Pool,
    lane: Pool,
    cache: TenantCache,
    wait: Duration,
}

impl Tenancy {
    /// Connects to a database whose control schema is migrated (see [`Migrations::run_control`]), and creates the lane's
    /// login where there is none.
    ///
    /// # Errors
    /// When the database cannot be reached, refuses, or holds a login's password that `secrets` cannot open.
    pub fn connect(
        url: &DatabaseUrl,
        secrets: &dyn SecretStore,
        options: PoolOptions,
    ) -> Result<Self, ConnectError> {
        let doubts = Doubts::new(options.test_after);
        let url = &url.with_network_limits().with_settings(&DRIVER_SETTINGS);
        let owners = url.with_settings(&[("lock_timeout", OWNER_LOCK_TIMEOUT)]);
        let control = connection::pool(owners, options.control_size, options.wait, doubts.clone());
        let mut owner = connection::checkout(&control).map_err(ConnectError::Pool)?;
        let lane_url = lanes::ensure_login(&mut owner, url, secrets)?;
        drop(owner);
        // Of the connection and not of the login, which another version may have made.
        let lane_url = lane_url.with_settings(&[
            ("statement_timeout", &milliseconds(options.statement_timeout)),
            ("lock_timeout", &milliseconds(options.lock_timeout)),
            ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
        ]);
        let lane = connection::pool(lane_url, options.size, options.wait, doubts);
        Ok(Self(Arc::new(Inner { control, lane, cache: TenantCache::default(), wait: options.wait })))
    }

    /// Begins a transaction bound to `tenant`.
    pub fn begin(&self, tenant: &Arc<Tenant>) -> Result<TenantTx, BindError> {
        tenant_tx::begin(self, tenant)
    }

    /// Takes a connection to the control schema, without a transaction.
    pub fn control(&self) -> Result<ControlConn, Busy> {
        control::checkout(&self.0.control, self.0.wait)
    }

    /// Begins a transaction on the control schema.
    pub fn begin_control(&self) -> Result<ControlTx, BindError> {
        control::begin(&self.0.control, self.0.wait)
    }

    /// Locks a tenant out: every login loses the right to take its role, on every server, and transactions that are bound to it
    /// are ended. Returns false when there is no such tenant.
    pub fn suspend(&self, tenant: TenantId) -> Result<bool, BindError> {
        suspension::suspend(self, tenant)
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

    /// The id of the tenant that was last seen at this address, however long ago; without asking the database.
    pub fn last_seen(&self, address: &Address) -> Option<TenantId> {
        self.0.cache.last_seen(address)
    }

    /// Empties the cache of addresses, in the process that has just changed one.
    pub fn clear_cache(&self) {
        self.0.cache.clear();
    }

    /// Returns whether the database answers.
    pub fn ping(&self) -> bool {
        self.control().is_ok_and(|mut control| control.answers())
    }
}

/// A time as Postgres reads it. To none it would set no limit at all.
fn milliseconds(time: Duration) -> String {
    format!("{}ms", time.as_millis().max(1))
}

impl std::fmt::Debug for Tenancy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenancy").field("lane", &self.0.lane.state()).finish_non_exhaustive()
    }
}

pub use crate::{Plan, Tenant, TenantStatus};
