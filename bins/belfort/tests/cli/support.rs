//! Runs the real binary, in a directory of its own and with no variable but those given.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A directory of its own to run the program in.
pub(crate) struct Sandbox(TempDir);

/// A running server.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// The lines that it printed when it was ready.
    pub(crate) startup_lines: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        // Open, because Postgres does not run as root: started by root, it runs as another user, who has to get there.
        let open = Permissions::from_mode(0o755);
        let dir = tempfile::Builder::new().prefix("belfort-").permissions(open).tempdir().unwrap();
        // As in a checkout, where `./test` puts a Postgres if there is none.
        symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools"), dir.path().join(".tools")).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path().join(".belfort").join(name)
    }

    /// Prepares a command.
    pub(crate) fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_belfort"));
        command.args(arguments).current_dir(self.path()).env_clear();
        // Where Postgres is, is the machine's business and not the test's.
        for variable in ["PATH", "BELFORT_PG_BIN"] {
            if let Some(value) = inherited(variable) {
                command.env(variable, value);
            }
        }
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        self.command(arguments, variables).output().unwrap()
    }

    /// Runs a command that must succeed, and returns its stdout.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[]);
        assert!(output.status.success(), "{arguments:?} failed: {}", stderr(&output));
        stdout(&output)
    }

    /// Runs a command that must fail, and returns its stderr.
    pub(crate) fn fails(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.run(arguments, variables);
        assert!(!output.status.success(), "{arguments:?} did not fail: {}", stdout(&output));
        stderr(&output)
    }

    /// Starts a server on a free port and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same, with these variables.
    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let (mut child, mut out) = self.spawn_server(variables);
        let mut said: Vec<String> = Vec::new();
        // Its last line, which in production is not the next step.
        let last = if variables.contains(&("BELFORT_ENV", "production")) { "  regions" } else { "Next" };
        while !said.iter().any(|line| line.starts_with(last)) {
            let mut line = String::new();
            assert!(
                out.read_line(&mut line).unwrap() != 0,
                "the server ended: {:?}; it had said {said:#?} and {}",
                child.wait(),
                self.log()
            );
            said.push(line.trim_end().to_owned());
        }
        let address = said.iter().find_map(|line| line.strip_prefix("Belfort listens on http://"));
        let address = address.expect("it says where it listens").parse().unwrap();
        Server { child, out, startup_lines: said, address }
    }

    /// Tries to start a server that must not start, and returns its stderr. One that does start is ended.
    pub(crate) fn does_not_start(&self, variables: &[(&str, &str)]) -> String {
        let (mut child, mut out) = self.spawn_server(variables);
        let mut said = String::new();
        while out.read_line(&mut said).unwrap() != 0 {
            if said.contains("Belfort listens on") {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(1), "it started: {said}{}", self.log());
        self.log()
    }

    /// Starts a server on free ports.
    fn spawn_server(&self, variables: &[(&str, &str)]) -> (Child, BufReader<ChildStdout>) {
        let ports = [("BELFORT_LISTEN", "127.0.0.1:0"), ("BELFORT_ADMIN_LISTEN", "127.0.0.1:0")];
        let stderr = std::fs::File::create(self.path().join("stderr")).unwrap();
        let mut command = self.command(&["serve"], &[&ports, variables].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        (child, out)
    }

    /// What the last server that was started here has written to stderr.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("stderr")).unwrap_or_default()
    }

    /// Returns whether the private Postgres accepts connections.
    pub(crate) fn postgres_runs(&self) -> bool {
        let socket = self.data("postgres").join("socket/.s.PGSQL.5432");
        UnixStream::connect(socket).is_ok()
    }
}

impl Server {
    /// The status of `GET path`.
    pub(crate) fn get(&self, path: &str) -> u16 {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    /// The status of `POST path` with this JSON at a workspace.
    pub(crate) fn post(&self, path: &str, workspace: &str, json: &str) -> u16 {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Workspace: {workspace}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
            json.len()
        ))
    }

    fn send(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap()
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.ask_to_stop();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Server {
    /// After a failed assertion. Its Postgres ends with it.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tests are programs: they hand on where Postgres is")]
pub(crate) fn inherited(variable: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(variable)
}
