//! The data directory: made once, whole or not at all.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Stdio;

use crate::binaries::Binaries;
use crate::cluster_dir::ClusterDir;
use crate::error::StartError;
use crate::server_user::command;

/// The name of a cluster that is being made, before the number of the process that makes it.
const UNFINISHED: &str = "data.new-";

/// The major version that made the data, if there is data.
pub(crate) fn major(dir: &ClusterDir) -> Result<Option<u32>, StartError> {
    let version_file = dir.data().join("PG_VERSION");
    match fs::read_to_string(&version_file) {
        Ok(version) => match version.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(StartError::NotACluster { version_file }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::file("read", version_file)(error)),
    }
}

/// Makes the cluster, if there is none. One that nobody needs to keep makes room for another major version's.
///
/// It is made beside its final place and moved there, so that a killed `initdb` leaves nothing that looks like one.
pub(crate) fn make_if_absent(
    dir: &ClusterDir,
    binaries: &Binaries,
    made_by: Option<u32>,
    durable: bool,
) -> Result<(), StartError> {
    match made_by {
        Some(made_by) if made_by == binaries.major() => return Ok(()),
        Some(made_by) if durable => {
            return Err(StartError::OtherMajor { data: dir.data(), made_by, found: binaries.major() });
        }
        Some(_) => fs::remove_dir_all(dir.data()).map_err(StartError::file("remove", dir.data()))?,
        None => {}
    }
    sweep(dir.path());
    // A name of our own: the `initdb` of a process that was killed may still be writing into its.
    let new = dir.path().join(format!("{UNFINISHED}{}", std::process::id()));
    dir.make_for_server(&new)?;
    // Text sorts by bytes, which is fast and the same everywhere, but `lower('É')` shall work.
    if initdb(dir, binaries, &new, durable, &["--locale=C", "--lc-ctype=C.UTF-8"]).is_err() {
        // Not every system has C.UTF-8. Whatever else was wrong is reported by the second attempt.
        initdb(dir, binaries, &new, durable, &["--locale=C"])?;
    }
    fs::rename(&new, dir.data()).map_err(StartError::file("put the new cluster at", dir.data()))
}

fn initdb(
    dir: &ClusterDir,
    binaries: &Binaries,
    data: &Path,
    durable: bool,
    locale: &[&str],
) -> Result<(), StartError> {
    let program = binaries.program("initdb");
    let mut initdb = command(&program, dir.user());
    initdb
        .arg("--pgdata")
        .arg(data)
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
        .args(locale);
    if !durable {
        initdb.arg("--no-sync");
    }
    let done = initdb.stdin(Stdio::null()).output().map_err(|source| StartError::Run { program, source })?;
    if done.status.success() {
        return Ok(());
    }
    Err(StartError::Initdb { output: String::from_utf8_lossy(&done.stderr).trim().to_owned() })
}

/// Removes what killed attempts left. What cannot be removed is in nobody's way.
fn sweep(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
