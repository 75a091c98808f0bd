//! The directories of a cluster, their owners, and the lock on starting and stopping it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::StartError;
use crate::server_user::ServerUser;

/// The port, which is part of the socket's file name; nothing listens on TCP.
pub(crate) const PORT: u16 = 5432;
/// The longest time that a start may take. Making a cluster on a slow disk takes some seconds.
pub(crate) const START_TIMEOUT: Duration = Duration::from_mins(1);
/// The time between two looks at what another process does.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The shortest `sun_path` there is, macOS', less its final zero.
const SOCKET_PATH_MAX: usize = 103;

/// The directory of one cluster.
///
/// When root starts it, `path` itself stays root's: root writes the log and the lock, and must not do that in a directory
/// where a less privileged user can plant symbolic links. Only `data` and the socket's directory are the server's.
#[derive(Debug)]
pub(crate) struct ClusterDir {
    path: PathBuf,
    socket_dir: PathBuf,
    moved: bool,
    user: Option<ServerUser>,
}

impl ClusterDir {
    /// Makes what is missing of it, or of the one that stands in for it.
    pub(crate) fn prepare(asked: &Path) -> Result<Self, StartError> {
        let user = ServerUser::instead_of_root()?;
        let asked = std::path::absolute(asked).map_err(StartError::file("find", asked))?;
        fs::create_dir_all(&asked).map_err(StartError::file("make", &asked))?;
        // By symbolic links or not, one directory is one cluster.
        let asked = asked.canonicalize().map_err(StartError::file("find", &asked))?;

        let moved = user.is_some_and(|user| !user.can_enter(parent(&asked)));
        let path = if moved {
            let _ = fs::remove_dir(&asked); // only succeeds when it is empty: then it was made for nothing
            public_dir(Path::new("/var/tmp"), &asked)
        } else {
            asked.clone()
        };
        // Root's may be passed through, not listed: the server must get to its own two directories in it.
        make_own(&path, if user.is_some() { 0o711 } else { 0o700 })?;

        let mut socket_dir = path.join("socket");
        if socket_file(&socket_dir).as_os_str().len() > SOCKET_PATH_MAX {
            let short = public_dir(Path::new("/tmp"), &asked);
            make_own(&short, if user.is_some() { 0o711 } else { 0o700 })?;
            socket_dir = short.join("socket");
        }
        let dir = Self { path, socket_dir, moved, user };
        dir.make_for_server(&dir.socket_dir)?;
        Ok(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// The named pipe that each lease holds open.
    pub(crate) fn lease_pipe(&self) -> PathBuf {
        self.path.join("lease.pipe")
    }

    /// The file that each lease holds a shared lock on.
    pub(crate) fn lease_file(&self) -> PathBuf {
        self.path.join("lease.lock")
    }

    pub(crate) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket_file(&self.socket_dir)
    }

    pub(crate) fn moved(&self) -> bool {
        self.moved
    }

    pub(crate) fn user(&self) -> Option<ServerUser> {
        self.user
    }

    /// Waits until no other start or stop is under way. The lock ends with the file, also when its holder is killed.
    pub(crate) fn lock(&self) -> Result<File, StartError> {
        let path = self.path.join("start.lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = open.map_err(StartError::file("open", &path))?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(StartError::file("lock", path)(source)),
                Err(TryLockError::WouldBlock) if since.elapsed() > START_TIMEOUT => return Err(self.busy()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(POLL_INTERVAL),
            }
        }
    }

    /// The error of having waited too long for another start or stop.
    pub(crate) fn busy(&self) -> StartError {
        StartError::Busy { dir: self.path.clone(), seconds: START_TIMEOUT.as_secs() }
    }

    /// Makes a directory of the server's user that nobody else can enter.
    pub(crate) fn make_for_server(&self, path: &Path) -> Result<(), StartError> {
        make_if_absent(path, 0o700)?;
        if let Some(user) = self.user {
            chown(path, Some(user.uid), Some(user.gid)).map_err(StartError::file("give away", path))?;
        }
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(StartError::file("close", path))
    }
}

/// Makes `dir`, or sees that it is ours. In `/tmp` and its like anybody could have been there first: then it is refused.
pub(crate) fn make_own(dir: &Path, mode: u32) -> Result<(), StartError> {
    make_if_absent(dir, mode)?;
    let found = fs::symlink_metadata(dir).map_err(StartError::file("look at", dir))?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(StartError::NotPrivate { path: dir.to_path_buf() });
    }
    fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(StartError::file("close", dir))
}

fn make_if_absent(dir: &Path, mode: u32) -> Result<(), StartError> {
    match DirBuilder::new().mode(mode).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StartError::file("make", dir)(error))
        }
        _ => Ok(()),
    }
}

fn parent(dir: &Path) -> &Path {
    dir.parent().unwrap_or(dir)
}

fn socket_file(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

/// The substitute for `path` in a public directory, named by a number that tells the directories of one machine apart.
pub(crate) fn public_dir(public: &Path, path: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new(); // its keys are constants
    path.as_os_str().as_bytes().hash(&mut hasher);
    public.join(format!("belfort-{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link_is_not_a_directory_of_ours() {
        let temp = tempfile::tempdir().unwrap();
        let (link, target) = (temp.path().join("link"), temp.path().join("target"));
        fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(matches!(make_own(&link, 0o700), Err(StartError::NotPrivate { .. })));
        assert!(make_own(&target, 0o700).is_ok());
    }

    #[test]
    fn a_directory_of_somebody_else_is_not_ours() {
        let temp = tempfile::tempdir().unwrap();
        let theirs = temp.path().join("theirs");
        fs::create_dir(&theirs).unwrap();
        if chown(&theirs, Some(65534), None).is_ok() {
            assert!(matches!(make_own(&theirs, 0o700), Err(StartError::NotPrivate { .. })));
        }
    }
}
