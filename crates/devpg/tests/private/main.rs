//! The promises, tried on a real server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of tests may panic as the tests do"
)]

mod connection;
mod processes;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use belfort_devpg::{PrivatePostgres, Settings, StartError};
use tempfile::TempDir;

use connection::Connection;
use processes::{is_alive, kill, members_of};

#[test]
fn it_starts_answers_and_stops() {
    let temp = open_dir();
    let postgres = start(temp.path());
    assert!(!postgres.reused());
    assert_eq!(postgres.moved_to(), None);
    assert!(answers(&postgres));
    let socket_dir = postgres.socket_dir().to_path_buf();
    postgres.stop();
    assert!(UnixStream::connect(socket_dir.join(".s.PGSQL.5432")).is_err());
    assert!(!pid_file(temp.path()).exists(), "an orderly shutdown removes it");
    assert!(answers(&start(temp.path())), "again, with the data that is there");
}

#[test]
fn nobody_else_gets_to_the_data_or_the_socket() {
    let temp = open_dir();
    let postgres = start(temp.path());
    for dir in [postgres.socket_dir(), &temp.path().join("pg/data")] {
        assert_eq!(fs::metadata(dir).unwrap().permissions().mode() & 0o777, 0o700, "{}", dir.display());
    }
    assert_eq!(ask(&postgres, "SHOW listen_addresses").unwrap(), "");
    assert_eq!(ask(&postgres, "SHOW unix_socket_permissions").unwrap(), "0700");
}

#[test]
fn its_log_has_no_values_of_rows() {
    let temp = open_dir();
    let postgres = start(temp.path());
    ask(&postgres, "CREATE TABLE people (email text UNIQUE)").unwrap();
    let add = "INSERT INTO people SELECT 'ada' || chr(64) || 'example.be'";
    ask(&postgres, add).unwrap();
    assert!(ask(&postgres, add).is_err());
    postgres.stop();
    let log = fs::read_to_string(temp.path().join("pg/postgres.log")).unwrap();
    assert!(log.contains("duplicate key value violates unique constraint"), "{log}");
    assert!(!log.contains("ada@example.be"), "{log}");
}

#[test]
fn a_second_user_joins_and_the_last_one_ends_it() {
    let temp = open_dir();
    let first = start(temp.path());
    let second = start(temp.path());
    assert!(second.reused());
    first.stop();
    assert!(answers(&second), "who started it is gone, who uses it is not");
    second.stop();
    assert!(!pid_file(temp.path()).exists());
}

#[test]
fn starts_at_the_same_time_share_one_server() {
    let temp = open_dir();
    let all: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| start(temp.path()))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(all.iter().filter(|one| !one.reused()).count(), 1);
    assert!(all.iter().all(answers));
}

#[test]
fn it_recovers_after_a_killed_server() {
    let temp = open_dir();
    let first = start(temp.path());
    kill(server_pid(temp.path()));
    drop(first);
    assert!(pid_file(temp.path()).exists(), "nothing was cleaned up");
    assert!(answers(&start(temp.path())));
}

#[test]
fn a_lock_file_with_the_number_of_another_process_does_not_stop_it() {
    let temp = open_dir();
    let first = start(temp.path());
    kill(server_pid(temp.path()));
    drop(first);
    // A process of the server's user, that got the number of the killed server.
    let data = fs::metadata(temp.path().join("pg/data")).unwrap();
    let mut other = Command::new("cat");
    if rustix::process::geteuid().is_root() {
        other.uid(data.uid()).gid(data.gid());
    }
    let mut other = other.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let file = fs::read_to_string(pid_file(temp.path())).unwrap();
    let (_, rest) = file.split_once('\n').unwrap();
    fs::write(pid_file(temp.path()), format!("{}\n{rest}", other.id())).unwrap();

    assert!(answers(&start(temp.path())));
    assert_eq!(other.try_wait().unwrap(), None, "the other process was left alone");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn it_ends_when_its_owner_is_killed() {
    let temp = open_dir();
    let mut owner = owner(temp.path());
    let server = server_pid(temp.path());
    let mut connection = Connection::open(&temp.path().join("pg/socket")).unwrap();
    owner.kill().unwrap();
    owner.wait().unwrap();
    connection.read_to_end();
    eventually(|| !is_alive(server));
    let log = fs::read_to_string(temp.path().join("pg/postgres.log")).unwrap();
    assert!(log.contains("received fast shutdown request"), "it was not an orderly end: {log}");
}

#[test]
fn a_killed_owner_does_not_take_it_from_the_others() {
    let temp = open_dir();
    let mut owner = owner(temp.path());
    let second = start(temp.path());
    assert!(second.reused());
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(answers(&second));
    let server = server_pid(temp.path());
    second.stop();
    assert!(!is_alive(server));
}

#[test]
fn a_server_whose_owner_and_watcher_were_killed_is_replaced() {
    let temp = open_dir();
    let mut owner = owner(temp.path());
    let leftover = server_pid(temp.path());
    let group = rustix::process::getpgid(rustix::process::Pid::from_raw(leftover)).unwrap();
    for watcher in members_of(group.as_raw_nonzero().get()).into_iter().filter(|pid| *pid != leftover) {
        kill(watcher);
    }
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(is_alive(leftover), "nobody is left that would stop it");

    let postgres = start(temp.path());
    assert!(!postgres.reused());
    assert!(!is_alive(leftover));
    assert!(answers(&postgres));
}

#[test]
fn a_killed_initdb_leaves_nothing_in_the_way() {
    let temp = open_dir();
    let half_made = temp.path().join("pg/data.new-1");
    fs::create_dir_all(half_made.join("base")).unwrap();
    assert!(answers(&start(temp.path())));
    assert!(!half_made.exists());
}

#[test]
fn data_of_another_major_version_is_named_with_both() {
    let temp = open_dir();
    start(temp.path()).stop();
    fs::write(temp.path().join("pg/data/PG_VERSION"), "9\n").unwrap();
    let error = PrivatePostgres::start(&Settings { durable: true, ..settings(temp.path()) }).unwrap_err();
    assert!(matches!(&error, StartError::OtherMajor { made_by: 9, .. }), "{error}");
    assert!(error.to_string().contains("was made by Postgres 9, but here is Postgres "), "{error}");
    assert!(answers(&start(temp.path())), "what need not last is made anew");
}

#[test]
fn data_is_opened_by_what_was_fetched_when_that_made_it() {
    let (temp, tools) = (open_dir(), open_dir());
    let error = start_with_fetched(temp.path(), tools.path()).unwrap_err();
    assert!(error.to_string().contains("this is the fetched one"), "{error}");
}

#[test]
fn what_was_fetched_below_a_closed_directory_of_roots_is_copied_out_of_it() {
    if !rustix::process::geteuid().is_root() {
        return; // anybody else can enter the own directories
    }
    let (temp, tools) = (open_dir(), tempfile::tempdir().unwrap());
    fs::set_permissions(tools.path(), Permissions::from_mode(0o700)).unwrap();
    let error = start_with_fetched(temp.path(), tools.path()).unwrap_err();
    assert!(error.to_string().contains("this is the fetched one"), "{error}");
    let copies = fs::read_dir("/var/tmp").unwrap().map(|entry| entry.unwrap().path().join("99.1"));
    for copy in copies.filter(|copy| copy.join("bin/postgres").exists()) {
        fs::remove_dir_all(copy.parent().unwrap()).unwrap();
    }
}

/// Starts with data of a version that only a fetched installation has, whose server says so and ends.
fn start_with_fetched(dir: &Path, tools: &Path) -> Result<PrivatePostgres, StartError> {
    start(dir).stop();
    fs::write(dir.join("pg/data/PG_VERSION"), "99\n").unwrap();
    let fetched = tools.join("postgres");
    fs::create_dir_all(fetched.join("bin")).unwrap();
    for name in ["initdb", "postgres"] {
        let program = fetched.join("bin").join(name);
        let script = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'postgres (PostgreSQL) 99.1' && exit\n\
                      echo 'this is the fetched one' >&2\nexit 1\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
    }
    PrivatePostgres::start(&Settings { bin: None, fetched: Some(fetched), ..settings(dir) })
}

#[test]
fn a_server_that_does_not_start_says_what_its_log_says() {
    let temp = open_dir();
    start(temp.path()).stop();
    fs::write(temp.path().join("pg/data/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let error = PrivatePostgres::start(&settings(temp.path())).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
fn binaries_that_are_not_there_are_an_error_that_says_where_they_were_looked_for() {
    let temp = open_dir();
    let bin = temp.path().join("bin");
    // A wrapper without the program behind it is not a Postgres either.
    fs::create_dir(&bin).unwrap();
    for name in ["initdb", "postgres"] {
        fs::write(bin.join(name), "#!/bin/sh\nexit 1\n").unwrap();
        fs::set_permissions(bin.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    let asked = Settings { bin: Some(bin.clone()), ..settings(temp.path()) };
    let error = PrivatePostgres::start(&asked).unwrap_err();
    assert!(error.to_string().starts_with(bin.to_str().unwrap()), "{error}");
    assert!(error.to_string().contains("BELFORT_PG_BIN"));
}

#[test]
fn a_machine_without_postgres_is_told_what_to_install() {
    let text = StartError::NoBinaries.to_string();
    for word in [
        "./run",
        ".tools/postgres",
        "apt install postgresql",
        "dnf install postgresql-server",
        "brew install postgresql@17",
        "BELFORT_PG_BIN",
        "BELFORT_DATABASE_URL",
    ] {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}

#[test]
fn a_long_path_with_odd_characters_works() {
    let temp = open_dir();
    let dir = temp.path().join("a, b \"c\" %2F ü".repeat(12));
    fs::create_dir(&dir).unwrap();
    let postgres = start(&dir);
    assert!(answers(&postgres));
    assert!(postgres.socket_dir().starts_with("/tmp"), "too long for the address of a socket");
    let short = postgres.socket_dir().parent().unwrap().to_path_buf();
    postgres.stop();
    fs::remove_dir_all(short).unwrap();

    let dir = temp.path().join("a, b \"c\" %2F");
    fs::create_dir(&dir).unwrap();
    let postgres = start(&dir);
    assert!(postgres.socket_dir().starts_with(&dir));
    assert!(answers(&postgres));
}

#[test]
fn below_a_closed_directory_of_roots_it_moves_and_says_so() {
    if !rustix::process::geteuid().is_root() {
        return; // anybody else can enter the own directories
    }
    let temp = tempfile::tempdir().unwrap();
    fs::set_permissions(temp.path(), Permissions::from_mode(0o700)).unwrap();
    let postgres = start(temp.path());
    assert!(answers(&postgres));
    let moved = postgres.moved_to().unwrap().to_path_buf();
    assert!(moved.starts_with("/var/tmp"));
    assert!(start(temp.path()).reused(), "and is found there again");
    postgres.stop();
    fs::remove_dir_all(moved).unwrap();
}

#[test]
fn what_the_url_names_is_what_psql_connects_to() {
    // It is a package of its own, and Debian's wrapper for it another one.
    if !Command::new("psql").arg("--version").output().is_ok_and(|answer| answer.status.success()) {
        return;
    }
    let temp = open_dir();
    let postgres = start(temp.path());
    let url = postgres.url("postgres", "postgres");
    let answer = Command::new("psql").args([&url, "-XAtc"]).arg("SHOW port").output().unwrap();
    assert_eq!(answer.stdout, b"5432\n");
}

fn settings(dir: &Path) -> Settings {
    #[expect(clippy::disallowed_methods, reason = "a test is the program that the rule speaks of")]
    let (bin, path) = (std::env::var_os("BELFORT_PG_BIN").map(PathBuf::from), std::env::var_os("PATH"));
    let fetched = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/postgres"));
    Settings { dir: dir.join("pg"), bin, path, fetched, durable: false }
}

fn start(dir: &Path) -> PrivatePostgres {
    PrivatePostgres::start(&settings(dir)).unwrap()
}

/// A temporary directory that the server's user can pass through.
fn open_dir() -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::set_permissions(temp.path(), Permissions::from_mode(0o755)).unwrap();
    temp
}

/// Another process that owns the server of `dir`.
fn owner(dir: &Path) -> Child {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples/own");
    assert!(program.exists(), "{} is built by `cargo test -p belfort-devpg`", program.display());
    let mut own = Command::new(program);
    let mut child = own.arg(dir.join("pg")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("postgres://"), "{url}");
    child
}

fn answers(postgres: &PrivatePostgres) -> bool {
    ask(postgres, "SELECT 6 * 7").unwrap() == "42" && ask(postgres, "SELECT lower('AB')").unwrap() == "ab"
}

fn ask(postgres: &PrivatePostgres, sql: &str) -> std::io::Result<String> {
    Connection::open(postgres.socket_dir())?.ask(sql)
}

fn pid_file(dir: &Path) -> PathBuf {
    dir.join("pg/data/postmaster.pid")
}

fn server_pid(dir: &Path) -> i32 {
    fs::read_to_string(pid_file(dir)).unwrap().lines().next().unwrap().parse().unwrap()
}

/// For what another process does on its own: there is nothing to wait on but its effect.
fn eventually(mut done: impl FnMut() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < Duration::from_mins(1), "it did not come true");
        std::thread::yield_now();
    }
}
