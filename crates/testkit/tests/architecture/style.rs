//! The rules of `docs/STYLE.md` that a machine can tell.

use std::path::PathBuf;

use crate::sources::{assert_kept, code, each, product_sources, root, sources};

/// The crates whose functions on rows are of one dialect.
const DOMAIN: [&str; 3] = ["crates/work/src", "crates/workspace/src", "crates/rbac/src"];

/// The verbs of the dialect, and the file of a module in which each is.
const VERBS: [(&str, &str); 7] = [
    ("list", "read.rs"),
    ("get", "read.rs"),
    ("count", "read.rs"),
    ("history", "read.rs"),
    ("create", "create.rs"),
    ("update", "update.rs"),
    ("delete", "delete.rs"),
];

/// What a test may not do, and what to do instead.
const IN_NO_TEST: [(&str, &str); 2] = [
    ("#[ignore", "a test that is not run says nothing: mend it, or take it out"),
    ("thread::sleep", "wait for what is to happen, not for a time"),
];

#[test]
fn functions_on_rows_take_their_parameters_in_one_order() {
    let broken = each(&domain(), |_, text| out_of_order(text));
    assert_kept("transaction, grants, caller, origin, id, version, change or filter, page", &broken);
}

#[test]
fn a_row_is_called_by_its_noun() {
    assert_kept("no public type is a …Row", &each(&domain(), |_, text| named_row(text)));
}

#[test]
fn a_verb_is_in_the_file_of_its_name() {
    let mut files = domain();
    // A module that is one file has them there, and rbac's storage is one.
    files.retain(|(path, _)| !path.starts_with("crates/rbac"));
    files.retain(|(path, _)| {
        path.parent().is_some_and(|dir| !dir.ends_with("src"))
            || root().join(path.with_extension("")).is_dir()
    });
    assert!(!files.is_empty());
    let broken = each(&files, |path, text| misplaced(&path.file_name()?.to_string_lossy(), text));
    assert_kept("read.rs, create.rs, update.rs and delete.rs have the verbs", &broken);
}

/// The files of the domain.
fn domain() -> Vec<(PathBuf, String)> {
    let files = product_sources(|path| DOMAIN.iter().any(|dir| path.starts_with(dir)));
    assert!(!files.is_empty());
    files
}

#[test]
fn a_comment_begins_with_a_phrase() {
    let broken = each(&product_sources(|_| true), |_, text| begins_with_a_clause(text));
    assert_kept("the first line of a comment is a noun or verb phrase", &broken);
}

#[test]
fn a_crate_begins_with_its_readme() {
    let mut roots = sources();
    roots.retain(|(path, _)| path.starts_with("crates") && path.ends_with("src/lib.rs"));
    assert!(roots.len() > 10);
    let broken = each(&roots, |_, text| {
        (!text.starts_with("#![doc = include_str!(\"../README.md\")]"))
            .then(|| "make the README its documentation, with an example that is compiled.".to_owned())
    });
    assert_kept("a crate's README is its documentation", &broken);
}

#[test]
fn a_test_waits_for_nothing_and_is_not_skipped() {
    let mut tests = sources();
    tests.retain(|(path, _)| path.iter().any(|part| part == "tests") && !path.ends_with(file!()));
    assert!(!tests.is_empty());
    assert_kept("no #[ignore], no sleep", &each(&tests, |_, text| excused(text)));
}

/// A rule that cannot fire is none.
#[test]
fn the_rules_of_style_see_what_they_look_for() {
    let caught = |text| assert!(out_of_order(text).is_some(), "{text}");
    let passed = |text| assert_eq!(out_of_order(text), None, "{text}");
    passed(
        "pub fn update(tx: &mut impl Tenant, grant: &Grant<Tasks, Update>, origin: &Origin, id: TaskId, expected: Option<i32>, patch: TaskPatch) -> X {",
    );
    passed(
        "pub fn list(\n    tx: &mut impl Tenant,\n    of_tasks: &Grant<Tasks, Read>,\n    filter: &TaskFilter,\n    after: Option<TaskId>,\n    limit: u16,\n) {",
    );
    passed("pub fn parse(name: &str, id: TaskId) -> Self {"); // not on a row
    caught("pub fn update(tx: &mut impl Tenant, grant: &Grant<A, B>, id: TaskId, origin: &Origin) {");
    caught(
        "pub fn update(tx: &mut impl Tenant, grant: &Grant<A, B>, id: TaskId, patch: TaskPatch, expected: Option<i32>) {",
    );
    caught("pub fn get<T: A>(tx: &mut impl Tenant, id: TaskId, grant: &Grant<A, B>) {");
    caught("pub fn list(tx: &mut impl Tenant, limit: u16, after: Option<TaskId>) {");
    let create = "pub fn create(tx: &mut impl Tenant, new: NewTask) {";
    assert!(misplaced("write.rs", create).is_some() && misplaced("update.rs", create).is_some());
    assert_eq!(misplaced("create.rs", create).or(misplaced("write.rs", "pub fn create(x: u8) {")), None);
    assert!(begins_with_a_clause("struct A;\n    /// What it is.\n    b: C").is_some());
    assert_eq!(begins_with_a_clause("/// The name.\n/// What follows is a second line.\n// What\n"), None);
    assert!(named_row("pub struct TaskRow {").is_some());
    assert_eq!(named_row("struct TaskRow {} pub struct Rows;"), None);
    assert!(excused("#[ignore = \"slow\"]").is_some());
    assert_eq!(excused("// no #[ignore], no thread::sleep"), None);
}

/// The public functions on rows, with what stands in their parentheses.
fn functions(code: &str) -> impl Iterator<Item = (&str, &str)> {
    code.split("pub fn ").skip(1).filter_map(|rest| {
        let name = rest.split(['(', '<']).next()?;
        let parameters = rest.split_once("tx: ")?;
        // `tx` is the first one, or this is no function on rows.
        parameters.0.trim_end().ends_with('(').then_some((name, parameters.1.split_once(')')?.0))
    })
}

/// The first verb that is not in its file.
fn misplaced(file: &str, text: &str) -> Option<String> {
    let code = code(text);
    let place = |name| VERBS.into_iter().find(|(verb, place)| *verb == name && *place != file);
    let (verb, place) = functions(&code).find_map(|(name, _)| place(name))?;
    Some(format!("{verb} belongs into {place} of its module."))
}

/// The first public function on rows whose parameters are not in the order of `docs/STYLE.md`.
fn out_of_order(text: &str) -> Option<String> {
    let code = code(text);
    for (name, parameters) in functions(&code) {
        let ranks: Vec<u8> = parameters.split(',').skip(1).filter_map(rank).collect();
        if !ranks.is_sorted() {
            return Some(format!("{name} takes them in an order of its own: see docs/STYLE.md."));
        }
    }
    None
}

/// The place of a parameter, `name: Type`; none for what a function has of its own.
fn rank(parameter: &str) -> Option<u8> {
    let (name, of) = parameter.split_once(": ")?;
    let of = of.trim();
    Some(match name.trim() {
        "expected" => 5,
        "after" | "before" => 7,
        "limit" if of.starts_with(['i', 'u']) => 8, // a number of rows, not of attempts
        _ if of.contains("Grant<") => 1,
        _ if of == "&Principal" || of == "&Caller" => 2,
        _ if of == "&Origin" => 3,
        _ if of.ends_with("Id") => 4,
        _ if of.starts_with("New") || of.ends_with("Patch") || of.ends_with("Filter") => 6,
        _ => return None,
    })
}

fn named_row(text: &str) -> Option<String> {
    let code = code(text);
    let mut names =
        code.split("pub struct ").skip(1).filter_map(|rest| rest.split([' ', '<', '(', ';']).next());
    let name = names.find(|name| name.ends_with("Row"))?;
    Some(format!("{name}: a row is called by its noun alone."))
}

/// The first comment that begins with a clause, which says what a thing is about and not what it is. `Who` is for people,
/// `Whether` for what is true or not.
fn begins_with_a_clause(text: &str) -> Option<String> {
    const CLAUSES: [&str; 5] = ["What ", "Where ", "When ", "Which ", "How "];
    let mut before = "";
    for line in text.lines().map(str::trim) {
        let comment = line.strip_prefix("/// ").or_else(|| line.strip_prefix("//! "));
        if comment.is_some_and(|line| CLAUSES.iter().any(|word| line.starts_with(word)))
            && !before.starts_with("///")
            && !before.starts_with("//!")
        {
            return Some(format!("`{line}`: say what it is, or what it does."));
        }
        before = line;
    }
    None
}

fn excused(text: &str) -> Option<String> {
    let code = code(text);
    let (words, why) = IN_NO_TEST.into_iter().find(|(words, _)| code.contains(words))?;
    Some(format!("{words}: {why}."))
}
