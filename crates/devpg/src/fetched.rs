//! An installation that was fetched into a directory of the caller's, where it is found by its path and not by its installer.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cluster_dir::{make_own, public_dir};
use crate::error::StartError;

/// The directory of its binaries, if it is there and nobody but us or root can have put them there.
///
/// The path may be relative: whoever starts Postgres in a public directory must not run what somebody else left in it.
pub(crate) fn bin(installation: &Path) -> Result<Option<PathBuf>, StartError> {
    let bin = installation.join("bin");
    // Without links from here on: what is looked at now is what is run later.
    let bin = match bin.canonicalize() {
        Ok(bin) => bin,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StartError::file("find", bin)(error)),
    };
    let found = fs::metadata(&bin).map_err(StartError::file("look at", &bin))?;
    let ours = found.uid() == rustix::process::geteuid().as_raw() || found.uid() == 0;
    if ours && found.mode() & 0o022 == 0 { Ok(Some(bin)) } else { Err(StartError::UntrustedBin { bin }) }
}

/// The binaries of a copy in `/var/tmp`, for a server's user who cannot get to the original: below root's closed home, say.
pub(crate) fn copy(installation: &Path, version: &str) -> Result<PathBuf, StartError> {
    let installation = installation.canonicalize().map_err(StartError::file("find", installation))?;
    let dir = public_dir(Path::new("/var/tmp"), &installation);
    make_own(&dir, 0o711)?;
    // One copies, also of those who start other clusters at the same time.
    let lock = dir.join("copy.lock");
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock);
    let locked = open.and_then(|file| file.lock().map(|()| file));
    let _lock = locked.map_err(StartError::file("lock", lock))?;
    let copy = dir.join(version);
    if !copy.exists() {
        let new = dir.join("new");
        let _ = fs::remove_dir_all(&new); // of one who was killed
        // As it is, with its modes and its symbolic links, which are relative and stay within.
        let cp = Command::new("cp").arg("-RPp").args([&installation, &new]).stdin(Stdio::null()).output();
        let cp = cp.map_err(|source| StartError::Run { program: "cp".into(), source })?;
        if !cp.status.success() {
            let output = String::from_utf8_lossy(&cp.stderr).trim().to_owned();
            return Err(StartError::file("copy", installation)(io::Error::other(output)));
        }
        fs::rename(&new, &copy).map_err(StartError::file("put the copy of Postgres at", &copy))?;
    }
    Ok(copy.join("bin"))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    #[test]
    fn an_installation_is_ours_when_only_we_can_write_its_binaries() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(bin(temp.path()).unwrap(), None, "there is none");
        let real = temp.path().join("package/bin");
        fs::create_dir_all(&real).unwrap();
        symlink("package/bin", temp.path().join("bin")).unwrap();
        let mode = |mode| fs::set_permissions(&real, Permissions::from_mode(mode)).unwrap();
        mode(0o755);
        assert_eq!(bin(temp.path()).unwrap(), Some(real.canonicalize().unwrap()));
        for open in [0o775, 0o757] {
            mode(open);
            assert!(matches!(bin(temp.path()), Err(StartError::UntrustedBin { .. })), "{open:o}");
        }
        mode(0o755);
        if chown(&real, Some(65534), None).is_ok() {
            assert!(matches!(bin(temp.path()), Err(StartError::UntrustedBin { .. })));
        }
    }
}
