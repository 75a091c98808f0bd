//! The runtime of commands: a Postgres, the keys, the control schema, the tenants.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use belfort_crypto::Keyring;
use belfort_crypto::postgres::{KeyringCheckError, check_keyring};
use belfort_devpg::{PrivatePostgres, StartError};
use belfort_mail::{FileMailer, Mailer, SetupError};
use belfort_tenancy::postgres::{
    BindError, BootstrapError, ConnectError, DatabaseUrl, DatabaseUrlError, MigrateError, Migrations,
    PoolOptions, Tenancy, bootstrap,
};
use belfort_values::{Clock, SystemClock};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::config::{Config, Database, Keys, Mail};
use crate::keys_file::{self, KeysFileError};
use crate::secrets::KeyringSecrets;

/// The migrations of this version.
pub(crate) const MIGRATIONS: Migrations = Migrations::new(&CONTROL, &TENANT);
static CONTROL: EmbeddedMigrations = embed_migrations!("../../migrations/control");
static TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");

/// The names of the role and the database in the private Postgres.
const OWNER: &str = "belfort";

/// The runtime of a command that uses the database. The Postgres is the last field, so it stops after what uses it.
pub(crate) struct Runtime {
    pub(crate) tenancy: Tenancy,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) postgres: Option<PrivatePostgres>,
}

/// The reason why the runtime cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuntimeError {
    #[error("cannot create or use the data directory {} (BELFORT_DATA_DIR)", dir.display())]
    DataDir { dir: PathBuf, source: io::Error },
    #[error("cannot start the private Postgres")]
    Postgres(#[from] StartError),
    #[error("the private Postgres has an address that cannot be used")]
    Address(#[from] DatabaseUrlError),
    #[error("cannot prepare the private Postgres")]
    Bootstrap(#[from] BootstrapError),
    #[error("cannot use the keys")]
    Keys(#[from] KeysFileError),
    #[error("cannot migrate the control schema")]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    WrongKeys(#[from] KeyringCheckError),
    #[error("cannot begin a transaction")]
    Bind(#[from] BindError),
    #[error("cannot use the database")]
    Connect(#[from] ConnectError),
    #[error("cannot set up mail")]
    Mail(#[from] SetupError),
}

impl Runtime {
    /// Starts or joins what is configured. Another process may be starting too, or be serving.
    pub(crate) fn start(config: &Config) -> Result<Self, RuntimeError> {
        // Two first starts at once would both create the role, the database and the keys.
        let _lock = if config.keeps_data_here() { Some(lock_data_dir(&config.data_dir)?) } else { None };
        // The keys first: when they cannot be read, nothing was started.
        let keyring = keyring(&config.keys)?;
        let (postgres, url) = database(&config.database, &config.data_dir)?;
        MIGRATIONS.run_control(&url)?;
        let options = pool_options(&config.database);
        let tenancy = connect(&url, &keyring, options)?;
        let mut tx = tenancy.begin_control()?;
        check_keyring(&mut tx, &keyring)?;
        tx.commit().map_err(KeyringCheckError::Database)?;
        Ok(Self { tenancy, keyring, postgres })
    }
}

/// The database that is configured, which for the private Postgres is started or joined. Nothing is migrated.
pub(crate) fn open_database(config: &Config) -> Result<(Option<PrivatePostgres>, DatabaseUrl), RuntimeError> {
    let _lock = if config.database.url.is_none() { Some(lock_data_dir(&config.data_dir)?) } else { None };
    database(&config.database, &config.data_dir)
}

/// The mailer for these settings.
pub(crate) fn mailer(mail: Mail, data_dir: &Path) -> Result<Arc<dyn Mailer>, RuntimeError> {
    Ok(match mail {
        Mail::Relay(relay) => Arc::new(*relay),
        Mail::Files { from } => {
            Arc::new(FileMailer::open(data_dir.join("outbox"), &from, Arc::new(|| SystemClock.now()))?)
        }
    })
}

/// Creates the data directory, and waits until no other process is preparing it. The lock ends with the value.
fn lock_data_dir(data_dir: &Path) -> Result<File, RuntimeError> {
    let failed = |source| RuntimeError::DataDir { dir: data_dir.into(), source };
    // Nobody else may list it, nor hold the lock: root's Postgres, which runs as another user, is let through.
    let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    if !data_dir.try_exists().map_err(failed)? {
        fs::create_dir_all(data_dir).map_err(failed)?;
        fs::set_permissions(data_dir, fs::Permissions::from_mode(mode)).map_err(failed)?;
        // There will be keys in it, which are not to be committed by mistake.
        fs::write(data_dir.join(".gitignore"), "*\n").map_err(failed)?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(data_dir.join("start.lock"))
        .map_err(failed)?;
    // One of an older version was open to everybody. It is ours, or we could not have opened it.
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

fn database(
    database: &Database,
    data_dir: &Path,
) -> Result<(Option<PrivatePostgres>, DatabaseUrl), RuntimeError> {
    if let Some(url) = &database.url {
        return Ok((None, url.clone()));
    }
    let postgres = PrivatePostgres::start(&belfort_devpg::Settings {
        dir: data_dir.join("postgres"),
        bin: database.pg_bin.clone(),
        path: database.path.clone(),
        fetched: Some(".tools/postgres".into()), // of the checkout, where `./run` puts one and starts us
        durable: true,
    })?;
    let url = |user, database| DatabaseUrl::parse(&postgres.url(user, database));
    let owners = url(OWNER, OWNER)?;
    bootstrap(&url("postgres", "postgres")?, &url("postgres", OWNER)?, OWNER, OWNER)?;
    Ok((Some(postgres), owners))
}

/// Connects. The passwords of the database logins are the first thing that the keys have to open, so wrong keys are found
/// here; the error is the same as when anything else does not open.
fn connect(url: &DatabaseUrl, keyring: &Keyring, options: PoolOptions) -> Result<Tenancy, RuntimeError> {
    let secrets = KeyringSecrets::new(keyring);
    Tenancy::connect(url, &secrets, options).map_err(|error| match secrets.missing() {
        Some(key_id) => {
            KeyringCheckError::Missing { missing: vec![key_id], present: keyring.ids().collect() }.into()
        }
        None => error.into(),
    })
}

/// The sizes and limits of the pools. A statement ends before its request does, and waits for a lock for a part of that time.
fn pool_options(database: &Database) -> PoolOptions {
    PoolOptions {
        size: database.pool_size,
        statement_timeout: database.timeout.saturating_mul(2) / 3,
        lock_timeout: database.timeout / 3,
        ..PoolOptions::default()
    }
}

fn keyring(keys: &Keys) -> Result<Arc<Keyring>, RuntimeError> {
    Ok(match keys {
        Keys::Given(ring) => Arc::clone(ring),
        Keys::File(path) => Arc::new(keys_file::read(path)?),
        Keys::Generated(path) => Arc::new(keys_file::read_or_create(path)?),
    })
}
