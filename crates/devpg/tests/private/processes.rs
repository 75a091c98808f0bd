//! Looks at the processes of the machine, and ends them.

use std::fs;
use std::path::Path;
use std::process::Command;

pub(crate) fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

pub(crate) fn is_alive(pid: i32) -> bool {
    // A zombie answers a signal too; its state tells them apart.
    processes().iter().any(|process| process.pid == pid && process.state != 'Z')
}

pub(crate) fn members_of(group: i32) -> Vec<i32> {
    processes().iter().filter(|process| process.group == group).map(|process| process.pid).collect()
}

struct Process {
    pid: i32,
    group: i32,
    state: char,
}

/// The processes of the machine, by `/proc` where there is one: `ps` is a package of its own there.
fn processes() -> Vec<Process> {
    let table = if Path::new("/proc/self/stat").exists() {
        let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
        // `pid (name) state ppid pgrp …`
        let line = |stat: String| {
            let (pid, rest) = stat.split_once(" (")?;
            let mut rest = rest.rsplit_once(") ")?.1.split(' ');
            Some(format!("{pid} {1} {0}\n", rest.next()?, rest.nth(1)?))
        };
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        entries.filter_map(stat).filter_map(line).collect()
    } else {
        let ps = Command::new("ps").args(["-A", "-o", "pid=,pgid=,stat="]).output().unwrap();
        String::from_utf8(ps.stdout).unwrap()
    };
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let (pid, group) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Process { pid, group, state: words.next()?.chars().next()? })
    };
    table.lines().filter_map(parse).collect()
}
