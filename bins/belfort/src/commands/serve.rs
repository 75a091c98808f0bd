//! `belfort serve`.

mod logging;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use belfort_api::{MinimumRate, Services, Settings};
use belfort_auth::{HashParams, Hasher};
use belfort_tenancy::postgres::{Exposure, Tenancy, exposures};
use belfort_values::SystemClock;

use super::{CommandResult, harden, migrate};
use crate::config::{Config, Environment, Keys, Mail};
use crate::runtime::{MIGRATIONS, Runtime, mailer};
use crate::terminal;

/// The reason why the server cannot run.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(
        "{address} is already in use, perhaps by another `belfort serve`. Stop that, or set another port: \
         {variable}={}:0 takes a free one", address.ip()
    )]
    InUse { variable: &'static str, address: SocketAddr },
    #[error("cannot listen on {address} ({variable})")]
    Listen { variable: &'static str, address: SocketAddr, source: io::Error },
    #[error(
        "the database is not hardened: SQL that is injected into one workspace's query could reach another, or stop the \
         server. Open to everybody: {}. Next: `belfort harden` prints the SQL that closes it, for a superuser to run. Where \
         there is none to be had, BELFORT_UNHARDENED_DATABASE=accepted starts the server all the same",
        harden::named(.0)
    )]
    Unhardened(Vec<Exposure>),
    #[error("the server failed")]
    Server(#[source] io::Error),
}

pub(super) fn run(environment: Environment<'_>) -> CommandResult {
    let config = Config::load(environment)?;
    logging::init(&config.log);
    // Checked before anything is started, so that a second server by mistake ends at once.
    check_free("BELFORT_LISTEN", config.http.listen)?;
    if let Some(address) = config.http.admin_listen {
        check_free("BELFORT_ADMIN_LISTEN", address)?;
    }
    let runtime = Runtime::start(&config)?;
    check_hardened(&config, &runtime.tenancy)?;
    if let Err(behind) = migrate::migrate_tenants(&runtime.tenancy)? {
        // The other tenants are served all the same.
        tracing::error!("{behind}");
    }
    for unknown in config.unknown(environment) {
        tracing::warn!(
            "{unknown} is not a setting of this program and has no effect; `belfort config` lists the settings"
        );
    }
    log_warnings(&config);
    let banner = Banner::of(&config, &runtime, environment);
    let settings = settings(&config);
    let services = Services {
        tenancy: runtime.tenancy.clone(),
        keyring: Arc::clone(&runtime.keyring),
        mailer: mailer(config.mail, &config.data_dir)?,
        hasher: Arc::new(Hasher::new(HashParams::default())?),
        clock: Arc::new(SystemClock),
        migrations: MIGRATIONS,
    };
    let served = actix_web::rt::System::new()
        .block_on(belfort_api::serve(settings, services, |address| terminal::print_line(banner.at(address))));
    // The pools go first, then the private Postgres, which waits for its last user.
    drop(runtime);
    served.map_err(ServeError::Server)?;
    Ok(())
}

/// The time in which a body may arrive at any rate.
const RATE_GRACE: Duration = Duration::from_secs(5);

fn settings(config: &Config) -> Settings {
    Settings {
        listen: config.http.listen,
        admin_listen: config.http.admin_listen,
        base_domain: config.http.base_domain.clone(),
        secure_cookies: config.http.secure_cookies(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        signup_per_ip: config.limits.signup_per_ip,
        signup_per_email_domain: config.limits.signup_per_email_domain,
        accept_per_ip: config.limits.accept_per_ip,
        invitations: config.limits.invitations,
        login: config.limits.login,
        attachment_limit: config.limits.attachment,
        body_timeout: config.limits.body_timeout,
        body_rate: MinimumRate { grace: RATE_GRACE, bytes_per_second: config.limits.body_rate },
        body_memory: config.limits.body_memory,
        max_connections: config.http.max_connections,
        db_connections: usize::try_from(config.database.pool_size).unwrap_or(usize::MAX),
        database_timeout: config.database.timeout,
        workers: None,
    }
}

/// Refuses an unhardened database in production, unless the operator accepts it, and warns of it elsewhere.
fn check_hardened(config: &Config, tenancy: &Tenancy) -> CommandResult {
    let open = exposures(&mut tenancy.control()?)?;
    if open.is_empty() {
        return Ok(());
    }
    let unhardened = ServeError::Unhardened(open);
    if config.production && !config.database.accepts_unhardened {
        return Err(unhardened.into());
    }
    tracing::warn!("{unhardened}");
    Ok(())
}

fn log_warnings(config: &Config) {
    if config.database.spares > 0 {
        tracing::warn!("BELFORT_SPARES has no effect: this version does not build tenants in advance");
    }
}

fn check_free(variable: &'static str, address: SocketAddr) -> Result<(), ServeError> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(source) if source.kind() == io::ErrorKind::AddrInUse => {
            Err(ServeError::InUse { variable, address })
        }
        Err(source) => Err(ServeError::Listen { variable, address, source }),
    }
}

/// The message that is printed once the server listens.
struct Banner {
    lines: Vec<(&'static str, String)>,
    next: Option<String>,
}

impl Banner {
    fn of(config: &Config, runtime: &Runtime, environment: Environment<'_>) -> Self {
        let database = match (&runtime.postgres, &config.database.url) {
            (Some(postgres), _) => match postgres.moved_to() {
                Some(place) => format!("a private Postgres in {}", place.display()),
                None => format!("a private Postgres in {}", config.data_dir.join("postgres").display()),
            },
            (None, Some(url)) => url.to_string(),
            (None, None) => String::new(),
        };
        let keys = match &config.keys {
            Keys::Given(_) => "from BELFORT_KEYS".to_owned(),
            Keys::File(path) | Keys::Generated(path) => path.display().to_string(),
        };
        let mail = match &config.mail {
            Mail::Files { .. } => format!("files in {}", config.data_dir.join("outbox").display()),
            Mail::Relay(_) => "sent by the relay in BELFORT_SMTP_URL".to_owned(),
        };
        let mut lines = vec![("database", database), ("keys", keys), ("mail", mail)];
        if !config.regions.by_store.is_empty() {
            lines.push(("regions", config.regions.to_string()));
        }
        // Cargo says so to what it runs.
        let demo = if (environment.get)("CARGO_MANIFEST_DIR").is_some() {
            "cargo run -- demo"
        } else {
            "belfort demo"
        };
        let next = (!config.production).then(|| format!("Next, in another terminal: {demo}"));
        Self { lines, next }
    }

    fn at(&self, address: SocketAddr) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| {
            write!(f, "Belfort listens on http://{address}")?;
            write!(f, "\n  {:<9} http://{address}/api/schema/swagger-ui/", "docs")?;
            for (what, place) in &self.lines {
                write!(f, "\n  {what:<9} {place}")?;
            }
            self.next.iter().try_for_each(|next| write!(f, "\n{next}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::load;

    /// Every value differs from the others and from its default, so that none can stand in another one's place.
    #[test]
    fn the_api_gets_the_settings_that_were_chosen() {
        let config = load(&[
            ("BELFORT_LISTEN", "127.0.0.2:8001"),
            ("BELFORT_ADMIN_LISTEN", "127.0.0.3:8002"),
            ("BELFORT_BASE_DOMAIN", "belfort.example"),
            ("BELFORT_TRUSTED_PROXIES", "192.0.2.7"),
            ("BELFORT_SIGNUP_PER_IP", "1/1m"),
            ("BELFORT_SIGNUP_PER_EMAIL_DOMAIN", "2/2m"),
            ("BELFORT_ACCEPT_PER_IP", "3/3m"),
            ("BELFORT_INVITATIONS_PER_RECIPIENT", "4/4m"),
            ("BELFORT_INVITATIONS_PER_USER", "5/5m"),
            ("BELFORT_INVITATIONS_PER_WORKSPACE", "6/6m"),
            ("BELFORT_LOGIN_FAILURE_LIMIT", "7"),
            ("BELFORT_LOGIN_COOLOFF", "7m"),
            ("BELFORT_ATTACHMENT_LIMIT", "8MiB"),
            ("BELFORT_BODY_TIMEOUT", "9s"),
            ("BELFORT_BODY_RATE", "10"),
            ("BELFORT_BODY_MEMORY", "11MiB"),
            ("BELFORT_MAX_CONNECTIONS", "12"),
            ("BELFORT_POOL_SIZE", "13"),
            ("BELFORT_DATABASE_TIMEOUT", "14s"),
        ])
        .unwrap();
        let Settings {
            listen,
            admin_listen,
            base_domain,
            secure_cookies,
            trusted_proxies,
            signup_per_ip,
            signup_per_email_domain,
            accept_per_ip,
            invitations,
            login,
            attachment_limit,
            body_timeout,
            body_rate,
            body_memory,
            max_connections,
            db_connections,
            database_timeout,
            workers,
        } = settings(&config);
        assert_eq!(
            (listen.to_string(), admin_listen.unwrap().to_string()),
            ("127.0.0.2:8001".into(), "127.0.0.3:8002".into())
        );
        assert_eq!((base_domain.as_str(), secure_cookies), ("belfort.example", true));
        assert_eq!(trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["192.0.2.7/32"]);
        let limits = [
            signup_per_ip,
            signup_per_email_domain,
            accept_per_ip,
            invitations.per_recipient,
            invitations.per_user,
            invitations.per_workspace,
            login,
        ];
        assert_eq!(
            limits.map(|limit| limit.to_string()),
            ["1/1m", "2/2m", "3/3m", "4/4m", "5/5m", "6/6m", "7/7m"]
        );
        assert_eq!((attachment_limit, body_timeout), (8 << 20, Duration::from_secs(9)));
        assert_eq!((body_rate.grace, body_rate.bytes_per_second), (RATE_GRACE, 10));
        assert_eq!((body_memory, max_connections, db_connections), (11 << 20, 12, 13));
        assert_eq!((database_timeout, workers), (Duration::from_secs(14), None));
    }
}
