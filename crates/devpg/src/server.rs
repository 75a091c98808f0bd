//! Starts the server under a watcher, waits until it is ready, and waits for its end.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use crate::binaries::Binaries;
use crate::cluster_dir::{ClusterDir, POLL_INTERVAL, PORT, START_TIMEOUT};
use crate::error::StartError;
use crate::lease::Lease;
use crate::probe;
use crate::server_user::command;

/// Runs the server, and shuts it down when its input, the pipe of the leases, comes to its end.
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

/// The longest time that an orderly shutdown may take.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);
/// The longest time after SIGQUIT: Postgres kills what is left of its processes five seconds after SIGQUIT.
const QUIT_GRACE: Duration = Duration::from_secs(10);
/// The time that a lock file may stand in the way of a start without a server that answers.
const STALE_AFTER: Duration = Duration::from_secs(1);

/// Starts the server of a cluster that exists, and waits until it answers.
pub(crate) fn start(
    dir: &ClusterDir,
    binaries: &Binaries,
    durable: bool,
) -> Result<(Child, Lease), StartError> {
    let since = Instant::now();
    loop {
        let (pipe, lease) = Lease::create(dir)?;
        let mut watcher = spawn(dir, binaries, durable, pipe)?;
        let Some(status) = await_ready(dir, &mut watcher, since)? else {
            return Ok((watcher, lease));
        };
        // After a kill -9 of the server its workers need a moment to notice, and keep the memory until then.
        let tail = log_tail(&dir.log());
        let in_the_way =
            ["pre-existing shared memory block", "lock file"].iter().any(|why| tail.contains(why));
        if !in_the_way || since.elapsed() > START_TIMEOUT {
            return Err(StartError::Ended { status, log: dir.log(), tail });
        }
        if tail.contains("lock file") && since.elapsed() > STALE_AFTER {
            // The number in it is now another process of this user. Should it be our server after all, the new one
            // still sees the shared memory of the data directory in use, and does not start.
            remove_lock_files(dir);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Shuts down a server that no watcher watches, or waits for the end of one that is going.
pub(crate) fn stop_leftover(dir: &ClusterDir) -> Result<(), StartError> {
    if probe::is_listening(dir) && !stop(dir) {
        return Err(dir.busy());
    }
    Ok(())
}

/// Waits for the end of a server whose last lease is gone, by its watcher or else by its process.
///
/// The socket does not tell: it is closed before the process has ended.
pub(crate) fn await_end(watcher: Option<&mut Child>, process: Option<Pid>) {
    let limit = SHUTDOWN_GRACE + QUIT_GRACE;
    match watcher {
        Some(watcher) => until(limit, || watcher.try_wait().map_or(true, |ended| ended.is_some())),
        None => until(limit, || process.is_none_or(probe::has_ended)),
    };
}

fn spawn(dir: &ClusterDir, binaries: &Binaries, durable: bool, pipe: OwnedFd) -> Result<Child, StartError> {
    let program = Path::new("/bin/sh");
    let mut shell = command(program, dir.user());
    shell.args(["-c", WATCHER, "belfort-devpg"]).arg(SHUTDOWN_GRACE.as_secs().to_string());
    shell.arg(binaries.program("postgres")).arg("-D").arg(dir.data());
    let mut socket_dir = OsString::from("unix_socket_directories=");
    socket_dir.push(quoted(dir.socket_dir()));
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
        // Without the details of an error, which are the values of rows: addresses of people, say.
        "log_error_verbosity=terse",
    ];
    let undurable = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
    for setting in always.iter().chain(if durable { [].iter() } else { undurable.iter() }) {
        shell.args(["-c", setting]);
    }
    shell.stdin(pipe).stdout(Stdio::null()).stderr(new_log(dir)?);
    // Ctrl-C on the terminal reaches the owner only, which then leaves in its own order.
    shell.process_group(0);
    shell.spawn().map_err(|source| StartError::Run { program: program.into(), source })
}

/// Waits until the server is ready (`None`) or has ended (its status).
fn await_ready(
    dir: &ClusterDir,
    watcher: &mut Child,
    since: Instant,
) -> Result<Option<ExitStatus>, StartError> {
    loop {
        let ended =
            watcher.try_wait().map_err(|source| StartError::Run { program: "/bin/sh".into(), source })?;
        if ended.is_some() {
            return Ok(ended);
        }
        if probe::is_ready(dir) {
            return Ok(None);
        }
        if since.elapsed() > START_TIMEOUT {
            let (log, seconds) = (dir.log(), START_TIMEOUT.as_secs());
            return Err(StartError::NotReady { seconds, tail: log_tail(&log), log });
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Shuts the server down, and returns true if it is gone.
fn stop(dir: &ClusterDir) -> bool {
    let signal = |name| {
        if let Some(process) = probe::process(dir) {
            // As the server's user: it can write that file, and root must not be led to kill what it cannot.
            let mut kill = command(Path::new("/bin/sh"), dir.user());
            kill.args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &process.as_raw_nonzero().to_string()]);
            let _ = kill.stdin(Stdio::null()).stderr(Stdio::null()).status(); // gone is as good
        }
    };
    signal("INT");
    until(SHUTDOWN_GRACE, || !probe::is_listening(dir)) || {
        signal("QUIT");
        until(QUIT_GRACE, || !probe::is_listening(dir))
    }
}

fn remove_lock_files(dir: &ClusterDir) {
    let mut socket_lock = dir.socket().into_os_string();
    socket_lock.push(".lock");
    // What cannot be removed, the next attempt complains about.
    let _ = fs::remove_file(dir.data().join("postmaster.pid"));
    let _ = fs::remove_file(socket_lock);
}

/// A new log. The one before is kept beside it: it tells why that run ended.
fn new_log(dir: &ClusterDir) -> Result<File, StartError> {
    let log = dir.log();
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

/// A path as an entry of a list setting: a comma in the path would begin the next entry.
fn quoted(path: &Path) -> OsString {
    let mut text = vec![b'"'];
    for byte in path.as_os_str().as_bytes() {
        text.extend(if *byte == b'"' { [b'"', b'"'].as_slice() } else { std::slice::from_ref(byte) });
    }
    text.push(b'"');
    OsString::from_vec(text)
}

/// Waits until `done` is true, and returns true if that was within `limit`.
fn until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while !done() {
        if since.elapsed() > limit {
            return false;
        }
        std::thread::sleep(POLL_INTERVAL);
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
