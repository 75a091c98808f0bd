//! Looks at a server from outside: whether it listens, whether it is ready, its process.

use std::fs;
use std::os::unix::net::UnixStream;

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

/// The number of the server's process and its state, from the first and the eighth line of `postmaster.pid`.
pub(crate) fn pid_file(dir: &ClusterDir) -> Option<(u32, String)> {
    let text = fs::read_to_string(dir.data().join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    Some((pid, lines.nth(6).unwrap_or_default().trim().to_owned()))
}
