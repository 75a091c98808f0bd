//! The running server: started under a watcher, found ready, seen to its end.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::binaries::Binaries;
use crate::error::StartError;
use crate::place::{PATIENCE, POLL, PORT, Place, command};
use crate::users::{self, Membership};

/// Runs the server, and shuts it down when its input, the pipe of the users, comes to its end.
///
/// It is a shell because it has to outlive a killed owner, and no other small program is everywhere. `$1` is how long
/// the orderly way may take; the rest is the server's command. SIGINT to Postgres disconnects the clients and shuts down
/// cleanly, SIGQUIT does not wait for anything. At the end the watcher clears its own process group: itself.
const WATCHER: &str = r#"
grace=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{
    while read -r ignored; do :; done
    kill -INT "$server"
    sleep "$grace"
    kill -QUIT "$server"
} <&3 3<&- 2>/dev/null &
exec 3<&-
wait "$server"
status=$?
trap '' TERM
kill -TERM 0
exit "$status"
"#;

/// How long an orderly shutdown may take.
const GRACE: Duration = Duration::from_secs(20);
/// Postgres kills what is left of its processes five seconds after SIGQUIT.
const GRACE_AFTER_QUIT: Duration = Duration::from_secs(10);
/// How long a lock file may stand in the way of a start without a server that answers.
const STALE_AFTER: Duration = Duration::from_secs(1);

/// Starts the server of a cluster that exists, and waits until it answers.
pub(crate) fn start(
    place: &Place,
    binaries: &Binaries,
    durable: bool,
) -> Result<(Child, Membership), StartError> {
    let since = Instant::now();
    loop {
        let (pipe, membership) = users::found(place)?;
        let mut watcher = spawn(place, binaries, durable, pipe)?;
        let Some(status) = await_ready(place, &mut watcher, since)? else {
            return Ok((watcher, membership));
        };
        // After a kill -9 of the server its workers need a moment to notice, and keep the memory until then.
        let tail = log_tail(&place.log());
        let in_the_way =
            ["pre-existing shared memory block", "lock file"].iter().any(|why| tail.contains(why));
        if !in_the_way || since.elapsed() > PATIENCE {
            return Err(StartError::Ended { status, log: place.log(), tail });
        }
        if tail.contains("lock file") && since.elapsed() > STALE_AFTER {
            // The number in it is now another process of this user. Should it be our server after all, the new one
            // still sees the shared memory of the data directory in use, and does not start.
            remove_lock_files(place);
        }
        std::thread::sleep(POLL);
    }
}

/// Whether the server takes connections and answers them.
pub(crate) fn is_ready(place: &Place) -> bool {
    // In this order: `postmaster.pid` of a crashed server says `ready` too, but then nobody is at the socket.
    is_listening(place) && pid_file(place).is_some_and(|(_, state)| state == "ready")
}

/// Shuts down a server that nobody watches, or waits for the end of one that is going.
pub(crate) fn stop_leftover(place: &Place) -> Result<(), StartError> {
    if is_listening(place) && !stop(place) {
        return Err(place.busy());
    }
    Ok(())
}

/// Waits for the end of a server whose last user has left.
pub(crate) fn await_end(place: &Place, watcher: Option<&mut Child>) {
    let limit = GRACE + GRACE_AFTER_QUIT;
    match watcher {
        Some(watcher) => until(limit, || watcher.try_wait().map_or(true, |ended| ended.is_some())),
        None => until(limit, || !is_listening(place)),
    };
}

fn spawn(place: &Place, binaries: &Binaries, durable: bool, pipe: OwnedFd) -> Result<Child, StartError> {
    let program = Path::new("/bin/sh");
    let mut shell = command(program, place.user());
    shell.args(["-c", WATCHER, "belfort-devpg"]).arg(GRACE.as_secs().to_string());
    shell.arg(binaries.program("postgres")).arg("-D").arg(place.data());
    let mut socket_dir = OsString::from("unix_socket_directories=");
    socket_dir.push(quoted(place.socket_dir()));
    shell.arg("-c").arg(socket_dir);
    let port = format!("port={PORT}");
    let always = [
        port.as_str(),
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "max_connections=100",
        "shared_buffers=64MB",
        // Creating or dropping a tenant takes a lock for each of its tables and indexes.
        "max_locks_per_transaction=256",
        "timezone=UTC",
        "log_timezone=UTC",
        "lc_messages=C",
        "logging_collector=off",
        "log_destination=stderr",
    ];
    let undurable = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
    for setting in always.iter().chain(if durable { [].iter() } else { undurable.iter() }) {
        shell.args(["-c", setting]);
    }
    shell.stdin(pipe).stdout(Stdio::null()).stderr(new_log(place)?);
    // Ctrl-C on the terminal reaches the owner only, which then leaves in its own order.
    shell.process_group(0);
    shell.spawn().map_err(|source| StartError::Run { program: program.into(), source })
}

/// `None` when the server is ready, or else how it ended.
fn await_ready(place: &Place, watcher: &mut Child, since: Instant) -> Result<Option<ExitStatus>, StartError> {
    loop {
        let ended =
            watcher.try_wait().map_err(|source| StartError::Run { program: "/bin/sh".into(), source })?;
        if ended.is_some() {
            return Ok(ended);
        }
        if is_ready(place) {
            return Ok(None);
        }
        if since.elapsed() > PATIENCE {
            let (log, seconds) = (place.log(), PATIENCE.as_secs());
            return Err(StartError::NotReady { seconds, tail: log_tail(&log), log });
        }
        std::thread::sleep(POLL);
    }
}

/// Whether the server is gone at the end.
fn stop(place: &Place) -> bool {
    let signal = |name| {
        // Somebody listens at our socket, so this is the number of the server and not of whoever got it after a crash.
        if let Some((pid, _)) = pid_file(place).filter(|_| is_listening(place)) {
            // As the server's user: it can write that file, and root must not be led to kill what it cannot.
            let mut kill = command(Path::new("/bin/sh"), place.user());
            kill.args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()]);
            let _ = kill.stdin(Stdio::null()).stderr(Stdio::null()).status(); // gone is as good
        }
    };
    signal("INT");
    until(GRACE, || !is_listening(place)) || {
        signal("QUIT");
        until(GRACE_AFTER_QUIT, || !is_listening(place))
    }
}

fn is_listening(place: &Place) -> bool {
    UnixStream::connect(place.socket()).is_ok()
}

/// The server's process and what it is doing, as it writes in the first and eighth line of `postmaster.pid`.
fn pid_file(place: &Place) -> Option<(u32, String)> {
    let text = fs::read_to_string(place.data().join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    Some((pid, lines.nth(6).unwrap_or_default().trim().to_owned()))
}

fn remove_lock_files(place: &Place) {
    let mut socket_lock = place.socket().into_os_string();
    socket_lock.push(".lock");
    // What cannot be removed, the next attempt complains about.
    let _ = fs::remove_file(place.data().join("postmaster.pid"));
    let _ = fs::remove_file(socket_lock);
}

/// The log of the run before is kept beside it: it tells why that one ended.
fn new_log(place: &Place) -> Result<File, StartError> {
    let log = place.log();
    let _ = fs::rename(&log, log.with_extension("log.old"));
    let open = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&log);
    open.map_err(StartError::file("make", log))
}

fn log_tail(log: &Path) -> String {
    const BYTES: u64 = 4096;
    let mut tail = Vec::new();
    if let Ok(mut file) = File::open(log) {
        let length = file.metadata().map_or(0, |found| found.len());
        let _ = file.seek(SeekFrom::Start(length.saturating_sub(BYTES)));
        let _ = file.take(BYTES).read_to_end(&mut tail); // a log that cannot be read says nothing
    }
    String::from_utf8_lossy(&tail).trim().to_owned()
}

/// For a list setting: a comma in the path would begin the next entry.
fn quoted(path: &Path) -> OsString {
    let mut text = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        text.extend(if *byte == b'"' { [b'"', b'"'].as_slice() } else { std::slice::from_ref(byte) });
    }
    text.push(b'"');
    OsString::from_vec(text)
}

/// Whether `done` came true within `limit`.
fn until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while !done() {
        if since.elapsed() > limit {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_path_is_doubled() {
        assert_eq!(quoted(Path::new("/a,b/\"c")), OsString::from("\"/a,b/\"\"c\""));
    }
}
