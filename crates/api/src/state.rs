//! The state of the server, and the turns of blocking work.

mod known_users;
mod minimum_rate;
mod turns;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::web;
use belfort_auth::{Hasher, Limit};
use belfort_crypto::Keyring;
use belfort_mail::Mailer;
use belfort_openapi::Document;
use belfort_tenancy::Host;
use belfort_tenancy::postgres::{Migrations, Tenancy};
use belfort_values::Clock;
use belfort_workspace::Counters;
use belfort_workspace::invitations::InvitationLimits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiResult, Problem};

use known_users::KnownUsers;
pub use minimum_rate::MinimumRate;
use turns::Turns;
pub(crate) use turns::{Holder, Share};

/// The settings of the server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the API's listener.
    pub listen: SocketAddr,
    /// The address of the admin listener, which serves `/metrics`.
    pub admin_listen: Option<SocketAddr>,
    /// The base domain: a workspace is at `{slug}.{base domain}`.
    pub base_domain: Host,
    /// Whether cookies are marked `Secure`. Off on localhost.
    pub secure_cookies: bool,
    /// The proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The limit of sign-ups from one IP address.
    pub signup_per_ip: Limit,
    /// The limit of sign-ups with email addresses of one domain.
    pub signup_per_email_domain: Limit,
    /// The limit of acceptances of invitations from one IP address.
    pub accept_per_ip: Limit,
    /// The limits of messages with invitations.
    pub invitations: InvitationLimits,
    /// The limit of failed logins as one user, within the cool-off. From one address it is ten times as high: an office shares one.
    pub login: Limit,
    /// The maximum size of an attached file in bytes. Every other body has at most 1 MiB.
    pub attachment_limit: u64,
    /// The time in which a body arrives, and an upload goes on.
    pub body_timeout: Duration,
    /// The rate at which a body has to arrive.
    pub body_rate: MinimumRate,
    /// The memory for the bodies of more than 16 KiB that are being received, in bytes. A body has at most 1 MiB.
    pub body_memory: u64,
    /// The number of connections that each worker serves at once. Others wait to be accepted.
    pub max_connections: usize,
    /// The size of the tenants' pool: the number of requests that can be in the database at once.
    pub db_connections: usize,
    /// The time in which the database answers. A request that it does not answer gets 503; a statement's time limit is to be shorter.
    pub database_timeout: Duration,
    /// The number of threads that serve HTTP; by default one for each core.
    pub workers: Option<usize>,
}

/// The services that the server composes.
#[derive(Debug, Clone)]
pub struct Services {
    /// The access to tenants.
    pub tenancy: Tenancy,
    /// The keyring.
    pub keyring: Arc<Keyring>,
    /// The mailer.
    pub mailer: Arc<dyn Mailer>,
    /// The password hasher.
    pub hasher: Arc<Hasher>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The migrations of new tenants.
    pub migrations: Migrations,
}

/// The server's state, shared by all its threads.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) services: Services,
    pub(crate) counters: Counters,
    /// The turns in the database, as many as the pool has connections: who holds one never waits for a connection on a thread.
    database: Arc<Turns>,
    /// The turns of what takes the database seconds of a core, as many as there are cores.
    long_reads: Arc<Turns>,
    /// The users of the credentials that were seen, for their share of the turns.
    pub(crate) known_users: KnownUsers,
    /// The paths of the operations that document query parameters, each with its methods.
    query_operations: BTreeMap<String, BTreeSet<String>>,
    /// The turns at hashing for anybody, as many as there are cores: each hash takes a core and 19 MiB for some 25 ms.
    anonymous_hashing: Arc<Semaphore>,
    /// The turns at hashing for whoever is known, half as many: they do not queue behind a storm of logins.
    known_hashing: Arc<Semaphore>,
    /// Whether it was said that an `X-Forwarded-For` is not believed.
    warned_of_forwarding: AtomicBool,
    /// The memory for large bodies, in KiB.
    body_memory: Arc<Semaphore>,
}

/// The sender of a request that hashes, which decides where it queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HashingFor {
    /// Anybody: nothing about them was checked.
    Anybody,
    /// Whoever has a live session or a valid invitation.
    Known,
}

/// The time that a request waits for its turn in the database.
const DATABASE_WAIT: Duration = Duration::from_secs(2);
/// The time that a request waits for its turn at what takes the database long.
const LONG_READ_WAIT: Duration = Duration::from_secs(10);
/// The time that a request waits for memory for its body.
const MEMORY_WAIT: Duration = Duration::from_secs(2);
/// The time that a request waits for its turn at hashing. A storm of logins queues here, and everything else goes on.
const HASHING_WAIT: Duration = Duration::from_secs(10);

impl App {
    /// The state of a server with these settings and services.
    pub(crate) fn new(settings: Settings, services: Services, document: &Document) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let database = Turns::new(settings.db_connections);
        // No less than the largest body: it would wait for ever.
        let body_memory = usize::try_from(settings.body_memory / 1024).unwrap_or(usize::MAX);
        let body_memory = Arc::new(Semaphore::new(body_memory.clamp(1024, Semaphore::MAX_PERMITS)));
        let counters = Counters::new(services.tenancy.clone(), &services.keyring);
        Arc::new(Self {
            settings,
            services,
            counters,
            database,
            // Two at least, so that one share cannot have all.
            long_reads: Turns::new(cores.max(2)),
            known_users: KnownUsers::default(),
            body_memory,
            warned_of_forwarding: AtomicBool::new(false),
            anonymous_hashing: Arc::new(Semaphore::new(cores)),
            known_hashing: Arc::new(Semaphore::new((cores / 2).max(1))),
            query_operations: document.query_operations(),
        })
    }

    /// A place in memory for a body of `bytes`; 503 when none is free for too long.
    pub(crate) async fn body_memory(&self, bytes: usize) -> ApiResult<OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        permits(&self.body_memory, kib, MEMORY_WAIT).await
    }

    /// Runs work that uses the database on a blocking thread, when it is its turn; 503 when that takes too long.
    ///
    /// A database that has come to a halt does not even end a statement in time. Who asked is told so, and the thread goes on waiting,
    /// with its turn: the connection is not free before. What it does at last may be committed then, which whoever repeats the
    /// request with its `Idempotency-Key` finds out.
    pub(crate) async fn database<T: Send + 'static>(
        self: &Arc<Self>,
        share: Share,
        work: impl FnOnce(&Self) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let done = async {
            let turn = tokio::time::timeout(DATABASE_WAIT, self.database.take(share)).await;
            self.blocking(turn.map_err(|_elapsed| Problem::busy())?, work).await
        };
        let late = |_| Err(Problem::busy().because("the database did not answer in time"));
        tokio::time::timeout(self.settings.database_timeout, done).await.unwrap_or_else(late)
    }

    /// A turn at what takes the database long; 503 when that takes too long. It comes before the turn in the database, and is to be kept
    /// until that is over.
    pub(crate) async fn long_read(&self, share: Share) -> ApiResult<impl Send + 'static> {
        let turn = tokio::time::timeout(LONG_READ_WAIT, self.long_reads.take(share)).await;
        turn.map_err(|_elapsed| Problem::busy())
    }

    /// Runs work that hashes on a blocking thread, when it is its turn; 503 when that takes too long.
    pub(crate) async fn hashing<T: Send + 'static>(
        self: &Arc<Self>,
        sender: HashingFor,
        work: impl FnOnce(&Hasher) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let turns = match sender {
            HashingFor::Anybody => &self.anonymous_hashing,
            HashingFor::Known => &self.known_hashing,
        };
        let turn = permits(turns, 1, HASHING_WAIT).await?;
        self.blocking(turn, move |app| work(&app.services.hasher)).await
    }

    /// Sends a message, on a blocking thread; 503 when it cannot be sent.
    pub(crate) async fn mail(self: &Arc<Self>, message: belfort_mail::Message) -> ApiResult<()> {
        let (app, span) = (Arc::clone(self), tracing::Span::current());
        let sent = web::block(move || span.in_scope(|| app.post(&message)));
        sent.await.map_err(|_panicked| Problem::internal("the mailer panicked"))?
    }

    /// Sends a message from a thread that may block.
    pub(crate) fn post(&self, message: &belfort_mail::Message) -> ApiResult<()> {
        self.services.mailer.send(message).map_err(|error| {
            tracing::error!(%error, "a message could not be sent");
            Problem::mail_unavailable()
        })
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        turn: impl Send + 'static,
        work: impl FnOnce(&Self) -> ApiResult<T> + Send + 'static,
    ) -> ApiResult<T> {
        let (app, span) = (Arc::clone(self), tracing::Span::current());
        let done = web::block(move || {
            let _turn = turn;
            span.in_scope(|| work(&app))
        });
        done.await.map_err(|_panicked| Problem::internal("the work panicked"))?
    }

    /// Returns whether the operation documents query parameters.
    pub(crate) fn reads_query(&self, method: &Method, path: &str) -> bool {
        self.query_operations.get(path).is_some_and(|methods| methods.contains(method.as_str()))
    }

    /// Logs once that an `X-Forwarded-For` is not believed: behind a proxy that nobody declared, everybody has its address, and
    /// shares the limit on wrong passwords.
    pub(crate) fn warn_of_forwarding(&self, why: &str, peer: IpAddr) {
        if !self.warned_of_forwarding.swap(true, Ordering::Relaxed) {
            tracing::warn!(%peer, "an X-Forwarded-For header is not believed, because {why}; this is said once");
        }
    }

    /// Returns whether this address is a trusted proxy.
    pub(crate) fn trusts(&self, proxy: IpAddr) -> bool {
        self.settings.trusted_proxies.iter().any(|net| net.contains(&proxy))
    }
}

async fn permits(semaphore: &Arc<Semaphore>, count: u32, wait: Duration) -> ApiResult<OwnedSemaphorePermit> {
    match tokio::time::timeout(wait, Arc::clone(semaphore).acquire_many_owned(count)).await {
        Ok(Ok(permit)) => Ok(permit),
        // The other case, a closed semaphore, does not happen: nobody closes it.
        Ok(Err(_)) | Err(_) => Err(Problem::busy()),
    }
}
