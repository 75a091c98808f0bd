//! Reads the files of the repository, and reports what a rule finds in them.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn code(text: &str) -> String {
    without_comments(text, "//")
}

pub(crate) fn without_comments(text: &str, sign: &str) -> String {
    text.lines().filter_map(|line| line.split(sign).next()).collect::<Vec<_>>().join("\n")
}

/// What `rule` has to say, file by file.
pub(crate) fn each(files: &[(PathBuf, String)], rule: impl Fn(&Path, &str) -> Option<String>) -> Vec<String> {
    files
        .iter()
        .filter_map(|(path, text)| Some(format!("{}: {}", path.display(), rule(path, text)?)))
        .collect()
}

pub(crate) fn assert_kept(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "the rule: {rule}. It is broken here:\n  {}\n", broken.join("\n  "));
}

pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    files(&["bins", "crates"], "rs")
}

/// The sources that `wanted` names, without what only tests and builds run.
pub(crate) fn product_sources(wanted: impl Fn(&Path) -> bool) -> Vec<(PathBuf, String)> {
    let not_product = ["tests", "benches", "examples", "build.rs", "testkit"];
    let mut files = sources();
    files.retain(|(path, _)| {
        wanted(path) && !path.iter().any(|part| not_product.iter().any(|name| part == *name))
    });
    files
}

/// The files below `dirs` and their texts, by their paths from the root of the repository.
pub(crate) fn files(dirs: &[&str], extension: &str) -> Vec<(PathBuf, String)> {
    let root = root();
    let mut open: Vec<PathBuf> = dirs.iter().map(|dir| root.join(dir)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|found| found == extension) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(&root).unwrap().to_path_buf(), text));
        }
    }
    found.sort();
    found
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}
