//! The file of keys: created once, readable by its owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use belfort_crypto::{Keyring, KeyringError};

/// The reason why the keys in a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysFileError {
    #[error("cannot read the keys in {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot create the keys file {}", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error(
        "other users of this machine can read the keys in {} (mode {mode:04o}). Run `chmod 600 {}`, and if somebody may \
         have read the file, replace the keys",
        path.display(), path.display()
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("the keys in {} cannot be used", path.display())]
    Keys { path: PathBuf, source: KeyringError },
}

/// Reads the keyring in `path`. A file that others can read is refused.
pub(crate) fn read(path: &Path) -> Result<Keyring, KeysFileError> {
    let failed = |source| KeysFileError::Read { path: path.into(), source };
    let mut file = fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeysFileError::Open { path: path.into(), mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed)?;
    Keyring::parse(&text).map_err(|source| KeysFileError::Keys { path: path.into(), source })
}

/// Reads the keyring in `path`, and creates the file with a new key where there is none. Of two processes that do so at once,
/// one creates it.
pub(crate) fn read_or_create(path: &Path) -> Result<Keyring, KeysFileError> {
    match create(path) {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => {
            Err(KeysFileError::Create { path: path.into(), source })
        }
        _ => read(path),
    }
}

/// Creates the file: written beside its path and linked there, so a file is there whole or not at all, and never replaced.
fn create(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let text = format!(
        "# The keys that encrypt the secrets in the database, newest first. Without them those secrets are lost: keep a copy\n\
         # elsewhere, and not beside a backup of the database.\n{}\n",
        *Keyring::generate_key()
    );
    // A process of this number that was killed here may have left one.
    let _ = fs::remove_file(&draft);
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft); // the keys themselves are safe under their own name
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let first = read_or_create(&path).unwrap().primary();
        assert_eq!(read_or_create(&path).unwrap().primary(), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let winner = read_or_create(&path).unwrap().primary();
        assert_eq!(create(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(read(&path).unwrap().primary(), winner);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        read_or_create(&path).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, KeysFileError::Open { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"));
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        assert!(read(&path).unwrap_err().to_string().contains("keys"));
        fs::write(&path, "not a key").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(read(&path), Err(KeysFileError::Keys { .. })));
    }
}
