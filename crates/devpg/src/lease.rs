//! Leases on the server: it runs as long as a process holds one.
//!
//! A lease is the server's named pipe, open for writing. The watcher beside the server reads, and comes to the end of the
//! file when the last lease is gone, however it went: the kernel closes the files of a killed process too. So there is no
//! count that could be wrong. Whoever joins writes one line: that it is read shows that the watcher had not come to the end.
//!
//! With it goes a shared lock on a file. It tells the one who leaves whether to wait for the server's end, which the pipe
//! cannot: a program that this process is just starting holds a copy of the pipe for a moment.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::fs::{Mode, OFlags};

use crate::cluster_dir::{ClusterDir, POLL_INTERVAL, START_TIMEOUT};
use crate::error::StartError;
use crate::probe;

/// A lease, until it is released or the process ends.
#[derive(Debug)]
pub(crate) struct Lease {
    pipe: OwnedFd,
    lock: File,
}

impl Lease {
    /// A lease on the server of `dir`, if it is running and will stay.
    pub(crate) fn join(dir: &ClusterDir) -> Result<Option<Self>, StartError> {
        let path = dir.lease_pipe();
        match open(&path, OFlags::WRONLY | OFlags::NONBLOCK) {
            // First the lease, then a look: the other way round the server could go between the two.
            Ok(pipe) => {
                let stays = is_read(dir, &pipe)? && probe::is_ready(dir);
                Ok(if stays { Some(Self::new(dir, pipe)?) } else { None })
            }
            // Nobody reads: no watcher, so no server that would end with us.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => Ok(None),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => Ok(None),
            Err(error) => Err(StartError::file("open", path)(error)),
        }
    }

    /// The pipe of a server that is about to start: the end that its watcher reads, and the first lease.
    pub(crate) fn create(dir: &ClusterDir) -> Result<(OwnedFd, Self), StartError> {
        let path = dir.lease_pipe();
        // A new one each time: a watcher that outlived its server must not listen to the leases on the next.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StartError::file("remove", path)(error));
            }
            _ => {}
        }
        let mut mkfifo = Command::new("mkfifo");
        let made = mkfifo.args(["-m", "600"]).arg(&path).stdin(Stdio::null()).stderr(Stdio::null()).status();
        let made = made.map_err(|source| StartError::Run { program: "mkfifo".into(), source })?;
        if !made.success() {
            return Err(StartError::file("make the pipe", path)(io::Error::other(made.to_string())));
        }
        let opened = |flags| open(&path, flags).map_err(StartError::file("open", &path));
        // Without an end in hand for both, opening either would wait for the other.
        let _both = opened(OFlags::RDWR)?;
        Ok((opened(OFlags::RDONLY)?, Self::new(dir, opened(OFlags::WRONLY)?)?))
    }

    fn new(dir: &ClusterDir, pipe: OwnedFd) -> Result<Self, StartError> {
        let path = dir.lease_file();
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = open.map_err(StartError::file("open", &path))?;
        // Waits for nothing but one who leaves without the start lock, for an instant.
        lock.lock_shared().map_err(StartError::file("lock", path))?;
        Ok(Self { pipe, lock })
    }

    /// Gives the lease up, and returns true if it was the last one.
    pub(crate) fn release(self) -> bool {
        // Unlocked by hand: closing would leave the lock to whoever has a copy of the file.
        let was_last = self.lock.unlock().is_ok() && self.lock.try_lock().is_ok();
        drop(self.pipe);
        was_last
    }
}

/// Returns whether the watcher reads from the pipe still, instead of shutting its server down.
///
/// A watcher that has come to the end keeps the pipe until its server has ended, and so does a server that still answers
/// for a moment: only a line that is taken out of the pipe is proof.
fn is_read(dir: &ClusterDir, pipe: &OwnedFd) -> Result<bool, StartError> {
    let path = dir.lease_pipe();
    // An end for reading of our own: what waits in a pipe cannot be asked at the other end everywhere.
    let end = open(&path, OFlags::RDONLY | OFlags::NONBLOCK).map_err(StartError::file("open", &path))?;
    rustix::io::write(pipe, b"\n").map_err(|error| StartError::file("write to", &path)(error.into()))?;
    let since = Instant::now();
    loop {
        let waiting = rustix::io::ioctl_fionread(&end);
        if waiting.map_err(|error| StartError::file("ask", &path)(error.into()))? == 0 {
            return Ok(true);
        }
        if !probe::is_listening(dir) {
            return Ok(false);
        }
        if since.elapsed() > START_TIMEOUT {
            return Err(dir.busy());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// The traces of a server: a pipe, a socket that is listened at, and a file that says `ready`.
    fn server(dir: &ClusterDir) -> (OwnedFd, UnixListener) {
        fs::create_dir_all(dir.data()).unwrap();
        fs::create_dir_all(dir.socket_dir()).unwrap();
        fs::write(dir.data().join("postmaster.pid"), "1\n\n\n\n\n\n\nready\n").unwrap();
        let (read, first) = Lease::create(dir).unwrap();
        first.release();
        (read, UnixListener::bind(dir.socket()).unwrap())
    }

    fn waits(end: &OwnedFd) -> bool {
        rustix::io::ioctl_fionread(end).unwrap() > 0
    }

    #[test]
    fn a_watcher_that_reads_is_joined() {
        let home = tempfile::tempdir().unwrap();
        let dir = ClusterDir::prepare(&home.path().join("pg")).unwrap();
        let (read, _listener) = server(&dir);
        std::thread::scope(|scope| {
            let joined = scope.spawn(|| Lease::join(&dir).unwrap());
            while !waits(&read) {
                assert!(!joined.is_finished(), "it was joined unasked");
                std::thread::yield_now();
            }
            rustix::io::read(&read, &mut [0_u8; 8][..]).unwrap();
            assert!(joined.join().unwrap().is_some());
        });
    }

    /// Between the last lease and the end of the server, it answers still: whoever joins then would lose it at once.
    #[test]
    fn a_watcher_that_has_come_to_the_end_is_not_joined() {
        let home = tempfile::tempdir().unwrap();
        let dir = ClusterDir::prepare(&home.path().join("pg")).unwrap();
        let (read, listener) = server(&dir);
        std::thread::scope(|scope| {
            let joined = scope.spawn(|| Lease::join(&dir).unwrap());
            while !waits(&read) && !joined.is_finished() {
                std::thread::yield_now();
            }
            drop(listener);
            assert!(joined.join().unwrap().is_none());
        });
    }
}
