//! A database of a test's own, and tenants in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use belfort_db::Conn;
use belfort_ids::TenantId;
use belfort_tenancy::postgres::{
    ControlConn, ControlTx, DatabaseUrl, NewTenant, PoolOptions, SealedSecret, SecretStore, SecretStoreError,
    Tenancy, TenantTx, tenants,
};
use belfort_tenancy::{Plan, Slug, Tenant};
use chrono::{DateTime, Utc};

use crate::MIGRATIONS;
use crate::cluster::cluster;

/// A database of a test's own. It is dropped with the value.
#[derive(Debug)]
pub struct Database {
    name: String,
    tenancy: Tenancy,
}

/// A tenant of a [`Database`], with every table and no row.
#[derive(Debug, Clone)]
pub struct TestTenant {
    /// As the control schema has it.
    pub tenant: Arc<Tenant>,
    tenancy: Tenancy,
}

/// Keeps a lane's password where everybody can read it: the test cluster asks nobody for one.
#[derive(Debug)]
pub struct TestSecrets;

impl SecretStore for TestSecrets {
    fn generate(&self) -> Result<(String, SealedSecret), SecretStoreError> {
        let password = "open".to_owned();
        Ok((password.clone(), SealedSecret { key_id: "test".into(), token: password }))
    }

    fn open(&self, sealed: &SealedSecret) -> Result<String, SecretStoreError> {
        Ok(sealed.token.clone())
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}

impl Database {
    /// A migrated database without tenants, and a pool of four connections.
    pub fn new() -> Self {
        Self::with_pool(4)
    }

    /// The same with a pool of this many connections for tenants.
    pub fn with_pool(size: u32) -> Self {
        let name = cluster().create();
        // Long enough for a test that holds a lock while it looks at who waits.
        let options = PoolOptions {
            size,
            control_size: 8,
            wait: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            ..PoolOptions::default()
        };
        let tenancy = Tenancy::connect(&cluster().owner_url(&name), &TestSecrets, options).unwrap();
        Self { name, tenancy }
    }

    /// The way to its tenants.
    pub fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Another server process's way to the same tenants: with pools of its own.
    pub fn second_process(&self, options: PoolOptions) -> Tenancy {
        Tenancy::connect(&self.url(), &TestSecrets, options).unwrap()
    }

    /// Its URL, as its owner.
    pub fn url(&self) -> DatabaseUrl {
        cluster().owner_url(&self.name)
    }

    /// A connection to its control schema.
    pub fn control(&self) -> ControlConn {
        self.tenancy.control().unwrap()
    }

    /// A transaction on its control schema.
    pub fn begin_control(&self) -> ControlTx {
        self.tenancy.begin_control().unwrap()
    }

    /// A new tenant.
    pub fn tenant(&self) -> TestTenant {
        TestTenant { tenant: provision(&self.tenancy), tenancy: self.tenancy.clone() }
    }

    /// A connection as a superuser: for looking at what no tenant may see.
    pub fn superuser(&self) -> Conn {
        cluster().superuser(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        cluster().drop(&self.name);
    }
}

impl TestTenant {
    /// A transaction bound to the tenant.
    pub fn begin(&self) -> TenantTx {
        self.tenancy.begin(&self.tenant).unwrap()
    }
}

/// Provisions a tenant of a name of its own, with every table and no row.
pub fn provision(tenancy: &Tenancy) -> Arc<Tenant> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let new = NewTenant {
        id: TenantId::new(now()),
        slug: Slug::parse(&format!("tenant-{}", COUNT.fetch_add(1, Ordering::Relaxed))).unwrap(),
        name: "A tenant".into(),
        plan: Plan::Free,
        created_at: now(),
    };
    let mut tx = tenancy.begin_control().unwrap();
    tx.provision(&new, &MIGRATIONS).unwrap();
    tx.commit().unwrap();
    Arc::new(tenants::get(&mut tenancy.control().unwrap(), new.id).unwrap().unwrap())
}

/// A moment that is the same in every test: 2026-01-01 09:00 in Brussels.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_254_400, 0).unwrap()
}
