//! The processes of a Postgres.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

/// The processes of the server with this number: itself and its children.
pub(super) fn family(server: i32) -> Vec<i32> {
    processes()
        .into_iter()
        .filter(|(pid, parent)| *pid == server || *parent == server)
        .map(|(pid, _)| pid)
        .collect()
}

/// Sends a signal to each process of the server, also to those that it starts meanwhile.
pub(super) fn signal_family(server: i32, signal: Signal) {
    let mut reached = Vec::new();
    loop {
        let others: Vec<i32> = family(server).into_iter().filter(|pid| !reached.contains(pid)).collect();
        if others.is_empty() {
            return;
        }
        for pid in others {
            // One that has ended meanwhile is as good.
            let _ = kill_process(Pid::from_raw(pid).unwrap(), signal);
            reached.push(pid);
        }
    }
}

/// The processes of the machine, each with its parent, by `/proc` where there is one: `ps` is a package of its own there.
fn processes() -> Vec<(i32, i32)> {
    let table = if Path::new("/proc/self/stat").exists() {
        let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
        // `pid (name) state ppid …`
        let line = |stat: String| {
            let (pid, rest) = stat.split_once(" (")?;
            Some(format!("{pid} {}\n", rest.rsplit_once(") ")?.1.split(' ').nth(1)?))
        };
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        entries.filter_map(stat).filter_map(line).collect()
    } else {
        let ps = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap();
        String::from_utf8(ps.stdout).unwrap()
    };
    let parse = |line: &str| {
        let (pid, parent) = line.trim().split_once(' ')?;
        Some((pid.parse().ok()?, parent.trim().parse().ok()?))
    };
    table.lines().filter_map(parse).collect()
}
