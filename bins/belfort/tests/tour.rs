//! The README's tour is true: its lines are run, as they stand there, against the real binary.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const README: &str = include_str!("../../../README.md");

#[test]
fn the_readmes_tour_works() {
    let home = tempfile::tempdir().unwrap();
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools"); // where `./test` puts a Postgres if there is none
    std::os::unix::fs::symlink(tools, home.path().join(".tools")).unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_belfort"))
        .current_dir(&home)
        .env_clear()
        .env("PATH", path())
        .env("BELFORT_LISTEN", "127.0.0.1:0")
        .env("BELFORT_ADMIN_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port =
        lines.find_map(|line| Some(line.split_once("http://127.0.0.1:")?.1.trim().to_owned())).unwrap();

    let tour =
        README.split("## Five minutes by curl").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let script: String =
        tour.split("```sh\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert!(script.lines().count() > 20, "the tour is in the README");
    let output = Command::new("bash")
        .args(["-euxo", "pipefail", "-c", &script.replace("localhost:8080", &format!("localhost:{port}"))])
        .current_dir(&home)
        .output()
        .unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    for seen in [
        "\"field\":\"status\",\"from\":\"todo\",\"to\":\"done\"",
        "\"action\":\"create\"",
        "Bake bread,3600,1.00,62.50,EUR",
        "last-admin",
    ] {
        assert!(stdout.contains(seen), "{seen} is not in {stdout}");
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are programs: they hand on where Postgres is")]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
