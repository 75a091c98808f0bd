//! Finds `initdb` and `postgres`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cluster_dir::ClusterDir;
use crate::error::StartError;
use crate::fetched;
use crate::server_user::{ServerUser, command};
use crate::settings::Settings;

/// A directory whose `initdb` and `postgres` run and are of one version.
#[derive(Debug)]
pub(crate) struct Binaries {
    dir: PathBuf,
    version: Version,
}

/// Major and minor. A beta counts as its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

/// The directories where installers put each major version in one of its own: base, what precedes the number, what follows.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),                       // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                // the RPMs of postgresql.org
    ("/opt/homebrew/opt", "postgresql@", "bin"),              // Homebrew, Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),                 // Homebrew, Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"), // Homebrew, Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The directory the caller named, or else the highest version on the machine; if `made_by` is one of them, then that one.
///
/// Fetched binaries are for machines where none is installed, or not the one that made the data.
pub(crate) fn find(
    settings: &Settings,
    dir: &ClusterDir,
    made_by: Option<u32>,
) -> Result<Binaries, StartError> {
    if let Some(bin) = &settings.bin {
        return Binaries::at(bin, dir.user()).ok_or_else(|| StartError::UnusableBin { bin: bin.clone() });
    }
    let installed = candidates(settings).into_iter().filter_map(|bin| Binaries::at(&bin, dir.user()));
    let installed = choose(installed.collect(), made_by);
    match installed {
        Some(installed) if made_by.is_none_or(|major| major == installed.major()) => Ok(installed),
        Some(installed) => {
            let fetched = fetched(settings, dir)?;
            Ok(fetched.filter(|fetched| Some(fetched.major()) == made_by).unwrap_or(installed))
        }
        None => fetched(settings, dir)?.ok_or(StartError::NoBinaries),
    }
}

fn fetched(settings: &Settings, dir: &ClusterDir) -> Result<Option<Binaries>, StartError> {
    let Some(installation) = &settings.fetched else { return Ok(None) };
    let Some(bin) = fetched::bin(installation)? else { return Ok(None) };
    match dir.user() {
        Some(user) if !user.can_enter(&bin) => {
            let Some(ours) = Binaries::at(&bin, None) else { return Ok(None) };
            let copy = fetched::copy(installation, &ours.version.to_string())?;
            Ok(Binaries::at(&copy, Some(user)))
        }
        user => Ok(Binaries::at(&bin, user)),
    }
}

impl Binaries {
    /// The binaries of `dir`, if they run. Both are tried: a wrapper without its server, or a directory that the server's user cannot enter, is no find.
    fn at(dir: &Path, user: Option<ServerUser>) -> Option<Self> {
        let version_of = |program| {
            let program = dir.join(program);
            if !program.is_file() {
                return None;
            }
            let answer = command(&program, user).arg("--version").stdin(Stdio::null()).output().ok()?;
            if answer.status.success() {
                Version::parse(&String::from_utf8_lossy(&answer.stdout))
            } else {
                None
            }
        };
        let version = version_of("postgres")?;
        (version_of("initdb")? == version).then(|| Self { dir: dir.to_path_buf(), version })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn major(&self) -> u32 {
        self.version.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl Version {
    /// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `initdb (PostgreSQL) 18beta1`.
    fn parse(answer: &str) -> Option<Self> {
        let word = answer.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut numbers = word.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = if word.starts_with(&format!("{major}.")) { numbers.next()?.ok()? } else { 0 };
        Some(Self(major, minor))
    }
}

fn choose(found: Vec<Binaries>, made_by: Option<u32>) -> Option<Binaries> {
    // Of equals `max_by_key` takes the last; the first is the one that the user's PATH names.
    found.into_iter().rev().max_by_key(|binaries| (Some(binaries.major()) == made_by, binaries.version))
}

/// In the order of how much the user meant them.
fn candidates(settings: &Settings) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = settings.path.iter().flat_map(std::env::split_paths).collect();
    dirs.extend(pg_config_bindir(settings));
    for (base, before, after) in VERSIONED {
        for entry in fs::read_dir(base).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(before));
            if number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
                dirs.push(entry.path().join(after));
            }
        }
    }
    dirs.retain(|dir| dir.is_absolute()); // `.` in a PATH would run whatever lies in the current directory
    dirs
}

fn pg_config_bindir(settings: &Settings) -> Option<PathBuf> {
    let program = settings.path.iter().flat_map(std::env::split_paths).map(|dir| dir.join("pg_config"));
    let program = program.filter(|program| program.is_absolute()).find(|program| program.is_file())?;
    let answer = Command::new(program).arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let dir = String::from_utf8(answer.stdout).ok()?;
    Some(PathBuf::from(dir.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_answer() {
        let check = |answer, expected| assert_eq!(Version::parse(answer), expected, "{answer}");
        check("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(Version(15, 18)));
        check("initdb (PostgreSQL) 18beta1\n", Some(Version(18, 0)));
        check("postgres (PostgreSQL) 19devel", Some(Version(19, 0)));
        check("command not found", None);
        check("", None);
    }

    /// `./run` and `./test` fetch a Postgres only where none would be found.
    #[test]
    fn the_script_that_fetches_looks_where_we_look() {
        let script = include_str!("../../../scripts/fetch");
        for (base, before, after) in VERSIONED {
            let place = format!("{base}/{before}*/{after}");
            assert!(script.contains(&place), "{place} is not in scripts/fetch");
        }
    }

    #[test]
    fn the_highest_version_is_chosen_but_the_one_that_made_the_data_before_it() {
        let some = || -> Vec<Binaries> {
            let at = |dir: &str, major, minor| Binaries { dir: dir.into(), version: Version(major, minor) };
            vec![at("/first", 15, 9), at("/second", 17, 2), at("/third", 17, 2), at("/fourth", 9, 6)]
        };
        let chosen = |made_by| choose(some(), made_by).unwrap().dir;
        assert_eq!(chosen(None), Path::new("/second"));
        assert_eq!(chosen(Some(15)), Path::new("/first"));
        assert_eq!(chosen(Some(16)), Path::new("/second"));
        assert!(choose(Vec::new(), None).is_none());
    }
}
