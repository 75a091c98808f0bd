//! The directories, whose they are, and the gate that lets one start or stop through at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::StartError;

/// Part of the socket's file name; nothing listens on TCP.
pub(crate) const PORT: u16 = 5432;
/// How long a start may take. Making a cluster on a slow disk takes some seconds.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
pub(crate) const POLL: Duration = Duration::from_millis(10);

/// The shortest `sun_path` there is, macOS', less its final zero.
const SOCKET_PATH_MAX: usize = 103;

/// Where one cluster lives.
///
/// When root starts it, `dir` itself stays root's: root writes the log and the lock, and must not do that in a directory
/// where a less privileged user can plant symbolic links. Only `data` and the socket's directory are the server's.
#[derive(Debug)]
pub(crate) struct Place {
    dir: PathBuf,
    socket_dir: PathBuf,
    moved: bool,
    user: Option<User>,
}

/// Whom the server runs as when it cannot be the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    uid: u32,
    gid: u32,
}

impl Place {
    pub(crate) fn prepare(asked: &Path) -> Result<Self, StartError> {
        let user = User::instead_of_root()?;
        let asked = std::path::absolute(asked).map_err(StartError::file("find", asked))?;
        fs::create_dir_all(&asked).map_err(StartError::file("make", &asked))?;
        // By symbolic links or not, one directory is one cluster.
        let asked = asked.canonicalize().map_err(StartError::file("find", &asked))?;
        let id = hash(&asked);

        let moved = user.is_some_and(|user| !user.can_enter(parent(&asked)));
        let dir = if moved {
            let _ = fs::remove_dir(&asked); // only succeeds when it is empty: then it was made for nothing
            Path::new("/var/tmp").join(format!("belfort-{id:016x}"))
        } else {
            asked
        };
        // Root's may be passed through, not listed: the server must get to its own two directories in it.
        make_own(&dir, if user.is_some() { 0o711 } else { 0o700 })?;

        let mut socket_dir = dir.join("socket");
        if socket_file(&socket_dir).as_os_str().len() > SOCKET_PATH_MAX {
            let short = Path::new("/tmp").join(format!("belfort-{id:016x}"));
            make_own(&short, if user.is_some() { 0o711 } else { 0o700 })?;
            socket_dir = short.join("socket");
        }
        let place = Self { dir, socket_dir, moved, user };
        place.make_servers(&place.socket_dir)?;
        Ok(place)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    /// The named pipe that the server's users hold open.
    pub(crate) fn users(&self) -> PathBuf {
        self.dir.join("users")
    }

    /// What they hold a shared lock on.
    pub(crate) fn presence(&self) -> PathBuf {
        self.dir.join("users.lock")
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

    pub(crate) fn user(&self) -> Option<User> {
        self.user
    }

    /// Waits until no other start or stop is under way. The lock ends with the file, also when its holder is killed.
    pub(crate) fn lock(&self) -> Result<File, StartError> {
        let path = self.dir.join("gate.lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = open.map_err(StartError::file("open", &path))?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(StartError::file("lock", path)(source)),
                Err(TryLockError::WouldBlock) if since.elapsed() > PATIENCE => return Err(self.busy()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
            }
        }
    }

    pub(crate) fn busy(&self) -> StartError {
        StartError::Busy { dir: self.dir.clone(), seconds: PATIENCE.as_secs() }
    }

    /// Makes a directory of the server's user that nobody else can enter.
    pub(crate) fn make_servers(&self, path: &Path) -> Result<(), StartError> {
        make_unless_there(path, 0o700)?;
        if let Some(User { uid, gid }) = self.user {
            chown(path, Some(uid), Some(gid)).map_err(StartError::file("give away", path))?;
        }
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(StartError::file("close", path))
    }
}

impl User {
    /// `None` when we are not root.
    fn instead_of_root() -> Result<Option<Self>, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(StartError::file("read", "/etc/passwd"))?;
        Self::in_passwd(&passwd).map(Some).ok_or(StartError::NoUser)
    }

    fn in_passwd(passwd: &str) -> Option<Self> {
        ["postgres", "nobody"].into_iter().find_map(|name| {
            let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            (uid != 0).then_some(Self { uid, gid })
        })
    }

    /// Tried, not computed from the modes: access lists and mounts have a say too.
    fn can_enter(self, dir: &Path) -> bool {
        let mut shell = command(Path::new("/bin/sh"), Some(self));
        shell.args(["-c", "cd -- \"$1\"", "sh"]).arg(dir).stdin(Stdio::null()).stderr(Stdio::null());
        shell.status().is_ok_and(|status| status.success())
    }
}

/// A program run as the server's user, with nothing of the caller's surroundings that Postgres would listen to.
pub(crate) fn command(program: &Path, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").current_dir("/");
    for name in ["PGCLIENTENCODING", "PGDATA", "PGDATESTYLE", "PGPORT", "PGTZ", "TZ"] {
        command.env_remove(name);
    }
    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid); // std drops root's supplementary groups with it
    }
    command
}

/// Makes `dir` ours. In `/tmp` and its like anybody could have been there first: then it is refused.
fn make_own(dir: &Path, mode: u32) -> Result<(), StartError> {
    make_unless_there(dir, mode)?;
    let found = fs::symlink_metadata(dir).map_err(StartError::file("look at", dir))?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(StartError::NotPrivate { path: dir.to_path_buf() });
    }
    fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(StartError::file("close", dir))
}

fn make_unless_there(dir: &Path, mode: u32) -> Result<(), StartError> {
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

/// Only has to tell directories of one machine apart.
fn hash(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new(); // its keys are constants
    path.as_os_str().as_bytes().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_gives_way_to_postgres_or_else_nobody() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/sbin/nologin\n";
        let both = format!("{nobody}postgres:x:101:104::/var/lib/postgresql:/bin/bash\n");
        assert_eq!(User::in_passwd(nobody), Some(User { uid: 65534, gid: 65533 }));
        assert_eq!(User::in_passwd(&both), Some(User { uid: 101, gid: 104 }));
        assert_eq!(User::in_passwd("root:x:0:0::/root:/bin/sh"), None);
        assert_eq!(User::in_passwd("postgres:x:0:0::/:/bin/sh"), None);
    }

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
