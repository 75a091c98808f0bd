#![doc = include_str!("../README.md")]

mod binaries;
mod cluster;
mod cluster_dir;
mod error;
mod fetched;
mod lease;
mod probe;
mod server;
mod server_user;
mod settings;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Child;

pub use error::StartError;
pub use settings::Settings;

use cluster_dir::ClusterDir;
use lease::Lease;

/// A running private Postgres. Dropping it is [`PrivatePostgres::stop`].
#[derive(Debug)]
pub struct PrivatePostgres {
    dir: ClusterDir,
    /// `None` only while it is being dropped.
    lease: Option<Lease>,
    /// The watcher of the server, when this value started it.
    watcher: Option<Child>,
}

impl PrivatePostgres {
    /// The server of `settings.dir`: joined when it runs, else started, and made on the first time.
    ///
    /// It answers queries when this returns. When its last user is just going, this waits for the end and starts anew.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let dir = ClusterDir::prepare(&settings.dir)?;
        // One start or stop at a time, so that nobody joins a server that is going.
        let _lock = dir.lock()?;
        if let Some(lease) = Lease::join(&dir)? {
            return Ok(Self { dir, lease: Some(lease), watcher: None });
        }
        let made_by = cluster::major(&dir)?;
        let binaries = binaries::find(settings, &dir, made_by)?;
        server::stop_leftover(&dir)?;
        cluster::make_if_absent(&dir, &binaries, made_by, settings.durable)?;
        let (watcher, lease) = server::start(&dir, &binaries, settings.durable)?;
        Ok(Self { dir, lease: Some(lease), watcher: Some(watcher) })
    }

    /// The directory of the socket: libpq's `host`.
    pub fn socket_dir(&self) -> &Path {
        self.dir.socket_dir()
    }

    /// The number in the socket's file name: libpq's `port`. No TCP port is open.
    pub fn port(&self) -> u16 {
        cluster_dir::PORT
    }

    /// A connection URL for libpq. The superuser is `postgres`, and so is the database that is always there.
    pub fn url(&self, user: &str, database: &str) -> String {
        let host = percent_encoded(self.socket_dir().as_os_str().as_bytes());
        let (user, database) = (percent_encoded(user.as_bytes()), percent_encoded(database.as_bytes()));
        format!("postgres://{user}@/{database}?host={host}&port={}", cluster_dir::PORT)
    }

    /// Whether the server was already running.
    pub fn reused(&self) -> bool {
        self.watcher.is_none()
    }

    /// The directory of the cluster if it is not `settings.dir`, to tell the user.
    ///
    /// Only for root: the server runs as another user, who cannot reach a directory below root's closed home. Then it is
    /// in `/var/tmp/belfort-…`, named by a hash of the directory that was asked for.
    pub fn moved_to(&self) -> Option<&Path> {
        self.dir.moved().then(|| self.dir.path())
    }

    /// The log of the server since it started.
    pub fn log(&self) -> PathBuf {
        self.dir.log()
    }

    /// Leaves the server, and when nobody else uses it, shuts it down and waits for the end.
    pub fn stop(self) {}
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // Without the lock somebody may join between our leaving and the server's end. Better that than to hang here.
        let _lock = self.dir.lock();
        let process = probe::process(&self.dir);
        if let Some(lease) = self.lease.take()
            && lease.release()
        {
            server::await_end(self.watcher.as_mut(), process);
        }
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}"); // writing to a String cannot fail
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_url_is_encoded() {
        assert_eq!(percent_encoded(b"/a b/"), "%2Fa%20b%2F");
        assert_eq!(percent_encoded("ü?&@%".as_bytes()), "%C3%BC%3F%26%40%25");
        assert_eq!(percent_encoded(b"t_0-9.Z~"), "t_0-9.Z~");
    }
}
