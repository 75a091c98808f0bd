//! Looks at a server from outside: whether it listens, whether it is ready, its process.

use std::fs;
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::cluster_dir::ClusterDir;

/// Whether the server takes connections and answers them.
pub(crate) fn is_ready(dir: &ClusterDir) -> bool {
    // In this order: `postmaster.pid` of a crashed server says `ready` too, but then nobody is at the socket.
    is_listening(dir) && pid_file(dir).is_some_and(|(_, state)| state == "ready")
}

/// Whether anybody listens at the socket.
pub(crate) fn is_listening(dir: &ClusterDir) -> bool {
    UnixStream::connect(dir.socket()).is_ok()
}

/// The server's process, if it is running.
pub(crate) fn process(dir: &ClusterDir) -> Option<Pid> {
    // Somebody listens at our socket, so this is the number of the server and not of whoever got it after a crash.
    let (pid, _) = pid_file(dir).filter(|_| is_listening(dir))?;
    Pid::from_raw(pid)
}

/// Whether a process has ended, and has been waited for by its parent. One that may not be signalled has not.
pub(crate) fn has_ended(process: Pid) -> bool {
    test_kill_process(process) == Err(Errno::SRCH)
}

/// The number of the server's process and its state, from the first and the eighth line of `postmaster.pid`.
fn pid_file(dir: &ClusterDir) -> Option<(i32, String)> {
    let text = fs::read_to_string(dir.data().join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    Some((pid, lines.nth(6).unwrap_or_default().trim().to_owned()))
}
