//! The user that the server runs as when root starts it.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::StartError;

/// An unprivileged user, since Postgres does not run as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ServerUser {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl ServerUser {
    /// The user `postgres` or else `nobody`; `None` when we are not root.
    pub(crate) fn instead_of_root() -> Result<Option<Self>, StartError> {
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

    /// Whether it can enter `dir`. This is tried and not computed from the modes: access lists and mounts have a say too.
    pub(crate) fn can_enter(self, dir: &Path) -> bool {
        let mut shell = command(Path::new("/bin/sh"), Some(self));
        shell.args(["-c", "cd -- \"$1\"", "sh"]).arg(dir).stdin(Stdio::null()).stderr(Stdio::null());
        shell.status().is_ok_and(|status| status.success())
    }
}

/// A program run as the server's user, with nothing of the caller's surroundings that Postgres would listen to.
pub(crate) fn command(program: &Path, user: Option<ServerUser>) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C").current_dir("/");
    for name in ["PGCLIENTENCODING", "PGDATA", "PGDATESTYLE", "PGPORT", "PGTZ", "TZ"] {
        command.env_remove(name);
    }
    if let Some(ServerUser { uid, gid }) = user {
        command.uid(uid).gid(gid); // std drops root's supplementary groups with it
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_gives_way_to_postgres_or_else_nobody() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/sbin/nologin\n";
        let both = format!("{nobody}postgres:x:101:104::/var/lib/postgresql:/bin/bash\n");
        assert_eq!(ServerUser::in_passwd(nobody), Some(ServerUser { uid: 65534, gid: 65533 }));
        assert_eq!(ServerUser::in_passwd(&both), Some(ServerUser { uid: 101, gid: 104 }));
        assert_eq!(ServerUser::in_passwd("root:x:0:0::/root:/bin/sh"), None);
        assert_eq!(ServerUser::in_passwd("postgres:x:0:0::/:/bin/sh"), None);
    }
}
