//! A running server and typed callers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use belfort_api::{MinimumRate, Services, Settings};
use belfort_auth::{HashParams, Hasher, Limit};
use belfort_crypto::Keyring;
use belfort_mail::{MailError, Mailer, Message};
use belfort_tenancy::Host;
use belfort_tenancy::postgres::{PoolOptions, Tenancy};
use belfort_testkit::{Database, MIGRATIONS, now};
use belfort_values::FixedClock;
use belfort_workspace::invitations::InvitationLimits;
use serde_json::json;

pub(crate) use crate::client::{Client, Reply};

/// Everything that one test talks to.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) db: Database,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) keyring: Arc<Keyring>,
    /// What the first process hashes with.
    pub(crate) hasher: Arc<Hasher>,
    mail: Arc<SentMail>,
}

/// Keeps mail instead of sending it.
#[derive(Debug, Default)]
struct SentMail {
    messages: Mutex<Vec<Message>>,
    is_refused: AtomicBool,
}

impl Mailer for SentMail {
    fn send(&self, message: &Message) -> Result<(), MailError> {
        if self.is_refused.load(Ordering::SeqCst) {
            let (folder, source) = ("/nowhere".into(), std::io::ErrorKind::StorageFull.into());
            return Err(MailError::File { folder, source });
        }
        self.messages.lock().unwrap().push(message.clone());
        Ok(())
    }
}

/// Settings that do not get in the way of a test; change what it is about.
pub(crate) fn settings() -> Settings {
    let plenty = Limit::new(10_000, chrono::Duration::hours(1));
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin_listen: None,
        base_domain: Host::parse("localhost").unwrap(),
        secure_cookies: false,
        trusted_proxies: Vec::new(),
        signup_per_ip: plenty,
        signup_per_email_domain: plenty,
        accept_per_ip: plenty,
        invitations: InvitationLimits { per_recipient: plenty, per_user: plenty, per_workspace: plenty },
        login: Limit::new(5, chrono::Duration::minutes(15)),
        attachment_limit: 25 * 1024 * 1024,
        body_timeout: Duration::from_secs(15),
        body_rate: MinimumRate { grace: Duration::from_secs(5), bytes_per_second: 4096 },
        body_memory: 64 * 1024 * 1024,
        max_connections: 1024,
        db_connections: 8,
        database_timeout: Duration::from_secs(15),
        workers: Some(2),
    }
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let keyring = Arc::new(Keyring::parse(&Keyring::generate_key()).unwrap());
        Self::over(Database::with_pool(8), keyring, settings)
    }

    fn over(db: Database, keyring: Arc<Keyring>, settings: Settings) -> Self {
        let clock = Arc::new(FixedClock::new(now()));
        let mail = Arc::new(SentMail::default());
        let hasher = hasher();
        let address = serve(&settings, db.tenancy().clone(), &keyring, &hasher, &clock, &mail);
        Self { address, db, clock, keyring, hasher, mail }
    }

    /// A second process with the same database and keys.
    pub(crate) fn second_process(&self, settings: &Settings) -> SocketAddr {
        let options =
            PoolOptions { size: 8, control_size: 2, wait: Duration::from_secs(30), ..PoolOptions::default() };
        let tenancy = self.db.second_process(options);
        serve(settings, tenancy, &self.keyring, &hasher(), &self.clock, &self.mail)
    }

    /// Somebody who is not logged in, at this workspace.
    pub(crate) fn anonymous(&self, slug: &str) -> Client {
        Client { address: self.address, host: format!("{slug}.localhost"), token: None }
    }

    /// The mail to this address, the oldest first.
    pub(crate) fn mail_to(&self, email: &str) -> Vec<String> {
        let mail = self.mail.messages.lock().unwrap();
        mail.iter().filter(|message| message.to() == email).map(|message| message.text().to_owned()).collect()
    }

    /// The code in the last message to this address.
    pub(crate) fn code_to(&self, email: &str) -> String {
        let message = self.mail_to(email).pop().unwrap();
        message
            .split_whitespace()
            .find(|w| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit()))
            .unwrap()
            .to_owned()
    }

    /// A new workspace, signed up for over HTTP; its admin, logged in.
    pub(crate) fn workspace(&self, slug: &str) -> Client {
        let email = format!("ada@{slug}.example");
        let anywhere = Client { address: self.address, host: "localhost".into(), token: None };
        let body = json!({ "email": email, "password": PASSWORD, "full_name": "Ada", "workspace_name": slug, "slug": slug });
        let started = anywhere.post("/signup", &body).expect(202);
        let id = started["signup_id"].as_str().unwrap();
        let code = self.code_to(&email);
        anywhere.post(&format!("/signup/{id}/confirm"), &json!({ "code": code })).expect(201);
        self.anonymous(slug).log_in(&email)
    }

    /// Somebody with this role, invited by `admin`, who accepted and logged in.
    pub(crate) fn person(&self, admin: &Client, name: &str, role: &str) -> Client {
        let slug = admin.host.split('.').next().unwrap();
        let email = format!("{name}@{slug}.example");
        let role = admin.role(role);
        admin.post("/users/invitations", &json!({ "email": email, "role_id": role })).expect(201);
        let message = self.mail_to(&email).pop().unwrap();
        let token = message.split_whitespace().find(|word| word.starts_with("bfi_")).unwrap();
        let body = json!({ "token": token, "full_name": name, "password": PASSWORD });
        let anonymous = self.anonymous(slug);
        anonymous.post("/users/invitations/accept", &body).expect(201);
        anonymous.log_in(&email)
    }
}

pub(crate) const PASSWORD: &str = "correct horse battery staple";

fn hasher() -> Arc<Hasher> {
    Arc::new(Hasher::new(HashParams::default()).unwrap())
}

fn serve(
    settings: &Settings,
    tenancy: Tenancy,
    keyring: &Arc<Keyring>,
    hasher: &Arc<Hasher>,
    clock: &Arc<FixedClock>,
    mail: &Arc<SentMail>,
) -> SocketAddr {
    let services = Services {
        tenancy,
        keyring: Arc::clone(keyring),
        mailer: mail.clone(),
        hasher: Arc::clone(hasher),
        clock: clock.clone(),
        migrations: MIGRATIONS,
    };
    let (settings, (tell, told)) = (settings.clone(), std::sync::mpsc::channel());
    // It ends with the process.
    std::thread::spawn(move || {
        let served = belfort_api::serve(settings, services, move |address| tell.send(address).unwrap());
        actix_web::rt::System::new().block_on(served).unwrap();
    });
    told.recv().unwrap()
}

impl Server {
    /// From now on whoever sends a message panics.
    pub(crate) fn break_mail(&self) {
        let mail = Arc::clone(&self.mail);
        let broken = std::thread::spawn(move || {
            let _held = mail.messages.lock().unwrap();
            panic!("the mailer breaks, as this test wants it to");
        });
        assert!(broken.join().is_err());
    }

    pub(crate) fn mend_mail(&self) {
        self.mail.messages.clear_poison();
        self.mail.is_refused.store(false, Ordering::SeqCst);
    }

    /// From now on no message is taken.
    pub(crate) fn refuse_mail(&self) {
        self.mail.is_refused.store(true, Ordering::SeqCst);
    }

    /// Whoever sends a message waits until this is dropped.
    pub(crate) fn hold_mail(&self) -> MutexGuard<'_, Vec<Message>> {
        self.mail.messages.lock().unwrap()
    }
}
