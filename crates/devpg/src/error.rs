//! The errors of a start.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// A private Postgres could not be started. The message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No Postgres binaries are where they usually are.
    #[error(
        "no Postgres server was found on this machine. In a checkout, `./run` and `./test` fetch one into \
         .tools/postgres, where it is found from then on. Or install one:\n  \
         Debian, Ubuntu: apt install postgresql\n  \
         Fedora, RHEL:   dnf install postgresql-server\n  \
         macOS:          brew install postgresql@17\n\
         or set BELFORT_PG_BIN to the directory that has initdb and postgres, \
         or BELFORT_DATABASE_URL to a database that is already running"
    )]
    NoBinaries,
    /// The directory that the caller named does not have working binaries.
    #[error("{}: initdb and postgres are not there or do not run; correct BELFORT_PG_BIN", bin.display())]
    UnusableBin {
        /// The directory that was named.
        bin: PathBuf,
    },
    /// Somebody else can have put there what would be run.
    #[error(
        "{} belongs to another user, or others may write to it: what is in it is not run. Delete it, or set \
         BELFORT_PG_BIN",
        bin.display()
    )]
    UntrustedBin {
        /// The directory of the binaries.
        bin: PathBuf,
    },
    /// The data was made by a version of Postgres that is not here.
    #[error(
        "{} was made by Postgres {made_by}, but here is Postgres {found}: install Postgres {made_by} again, \
         or delete that directory and begin with an empty database",
        data.display()
    )]
    OtherMajor {
        /// The data directory.
        data: PathBuf,
        /// The major version that made it.
        made_by: u32,
        /// The major version that was found.
        found: u32,
    },
    /// The data directory exists but does not say what made it.
    #[error("{} does not name a version of Postgres: move it away or delete it", version_file.display())]
    NotACluster {
        /// Its file `PG_VERSION`.
        version_file: PathBuf,
    },
    /// Root needs another user to run the server.
    #[error(
        "Postgres does not run as root, and there is no user `postgres` or `nobody` on this machine to run it as"
    )]
    NoUser,
    /// A directory below a public one belongs to somebody else, who could read or replace what we put there.
    #[error("{} is not a private directory of ours: delete it, or choose another data directory", path.display())]
    NotPrivate {
        /// The directory.
        path: PathBuf,
    },
    /// A file or directory could not be read, made or changed.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// The attempt, as a verb.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A program could not be run.
    #[error("cannot run {}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The cluster could not be made.
    #[error("initdb failed: {output}")]
    Initdb {
        /// Its error output.
        output: String,
    },
    /// The server ended before it was ready.
    #[error("Postgres did not start ({status}). The end of {}:\n{tail}", log.display())]
    Ended {
        /// Its exit status.
        status: ExitStatus,
        /// The whole log.
        log: PathBuf,
        /// The end of the log.
        tail: String,
    },
    /// The server was not ready in time.
    #[error("Postgres was not ready after {seconds} seconds. The end of {}:\n{tail}", log.display())]
    NotReady {
        /// The time that was waited.
        seconds: u64,
        /// The whole log.
        log: PathBuf,
        /// The end of the log.
        tail: String,
    },
    /// Another process has been starting or stopping the server of this directory for too long.
    #[error(
        "another process has been starting or stopping the Postgres of {} for {seconds} seconds; \
         look for it, or choose another data directory",
        dir.display()
    )]
    Busy {
        /// The directory.
        dir: PathBuf,
        /// The time that was waited.
        seconds: u64,
    },
}

impl StartError {
    /// For `map_err`: says what was being done with which file.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
