//! Who uses the server: whoever holds its named pipe open for writing.
//!
//! Nobody ever writes. The watcher beside the server reads, and comes to the end of the file when the last user is gone,
//! however it went: the kernel closes the files of a killed process too. So there is no count that could be wrong.
//!
//! Beside it each holds a shared lock. It tells the one who leaves whether to wait for the server's end, which the pipe
//! cannot: a program that this process is just starting holds a copy of the pipe for a moment.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};

use crate::error::StartError;
use crate::place::Place;
use crate::server;

/// Being a user, until it is left or the process ends.
#[derive(Debug)]
pub(crate) struct Membership {
    pipe: OwnedFd,
    presence: File,
}

/// Joins the server of `place`, if it is running and will stay.
pub(crate) fn join(place: &Place) -> Result<Option<Membership>, StartError> {
    let path = place.users();
    match open(&path, OFlags::WRONLY | OFlags::NONBLOCK) {
        // First a member, then a look: the other way round the server could go between the two.
        Ok(pipe) => {
            let membership = Membership::new(place, pipe)?;
            Ok(server::is_ready(place).then_some(membership))
        }
        // Nobody reads: no watcher, so no server that would end with us.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => Ok(None),
        Err(error) => Err(StartError::file("open", path)(error)),
    }
}

/// The pipe of a server that is about to start: what its watcher reads, and the first membership.
pub(crate) fn found(place: &Place) -> Result<(OwnedFd, Membership), StartError> {
    let path = place.users();
    // A new one each time: a watcher that outlived its server must not listen to the users of the next.
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
    Ok((opened(OFlags::RDONLY)?, Membership::new(place, opened(OFlags::WRONLY)?)?))
}

impl Membership {
    fn new(place: &Place, pipe: OwnedFd) -> Result<Self, StartError> {
        let path = place.presence();
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let presence = open.map_err(StartError::file("open", &path))?;
        // Waits for nothing but one who leaves without the gate, for an instant.
        presence.lock_shared().map_err(StartError::file("lock", path))?;
        Ok(Self { pipe, presence })
    }

    /// Leaves, and says whether nobody is left.
    pub(crate) fn leave_was_last(self) -> bool {
        // Unlocked by hand: closing would leave the lock to whoever has a copy of the file.
        let was_last = self.presence.unlock().is_ok() && self.presence.try_lock().is_ok();
        drop(self.pipe);
        was_last
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, flags | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?)
}
