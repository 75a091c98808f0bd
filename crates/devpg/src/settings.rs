//! The decisions of the caller.

use std::ffi::OsString;
use std::path::PathBuf;

/// The decisions of the caller.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of the data, the socket and the log. Made when it is not there.
    pub dir: PathBuf,
    /// The directory of `initdb` and `postgres` (`BELFORT_PG_BIN`). `None`: they are looked for.
    pub bin: Option<PathBuf>,
    /// The caller's `PATH`, where the binaries are looked for first.
    pub path: Option<OsString>,
    /// An installation with its binaries in `bin`, such as `.tools/postgres`, for machines where none is installed.
    pub fetched: Option<PathBuf>,
    /// `false` for tests: nothing is synced to disk, a power cut may cost the whole cluster, and one that another major
    /// version made is replaced.
    pub durable: bool,
}
