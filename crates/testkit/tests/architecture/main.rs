//! The rules that no compiler knows: who may know whom, where SQL by hand may be, what a migration may not do.
//!
//! When one fails it says which rule, where, and what to do. Changing a table here is changing the architecture: say why
//! in `docs/adr` and draw it in `docs/ARCHITECTURE.md`.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod grants;
mod sources;
mod style;
mod syntax;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

use sources::{assert_kept, code, each, files, product_sources, root, sources, without_comments};

/// Which of our crates a crate may depend on. A row is exact: what is not used any more is taken out.
const EDGES: [(&str, &[&str]); 18] = [
    ("ids", &[]),
    ("db", &[]),
    ("values", &[]),
    ("residency", &[]),
    ("openapi", &[]),
    ("tenancy", &["db", "ids", "values"]),
    ("rbac", &["db", "ids"]),
    ("audit", &["db", "ids"]),
    ("auth", &["db", "ids"]),
    ("crypto", &["db", "ids"]),
    ("mail", &[]),
    ("policy", &["rbac"]),
    ("work", &["audit", "crypto", "db", "ids", "policy", "rbac", "values"]),
    ("workspace", &["audit", "auth", "crypto", "db", "ids", "policy", "rbac", "tenancy", "values"]),
    ("api", API),
    ("belfort", BELFORT),
    ("devpg", &[]),
    ("testkit", &["db", "devpg", "ids", "tenancy"]),
];

const API: &[&str] = &[
    "audit",
    "auth",
    "crypto",
    "db",
    "ids",
    "mail",
    "openapi",
    "policy",
    "rbac",
    "tenancy",
    "values",
    "work",
    "workspace",
];

/// It composes, so it knows what it composes; and `belfort demo` plays everybody's part.
const BELFORT: &[&str] = &[
    "api",
    "audit",
    "auth",
    "crypto",
    "devpg",
    "ids",
    "mail",
    "policy",
    "rbac",
    "residency",
    "tenancy",
    "values",
    "work",
    "workspace",
];

/// The crates with a pure core and one storage module.
const MECHANISMS: [&str; 6] = ["tenancy", "rbac", "audit", "auth", "crypto", "mail"];

/// Above this a file holds a second thought.
const CEILING: usize = 400;

/// Files that are over it, with their lines. No row may be added, no number may grow.
const RATCHET: [(&str, usize); 0] = [];

/// Why a tenant's migration may not say this.
const LEAVES_THE_SCHEMA: [(&str, &str); 4] = [
    (
        "CREATE TYPE",
        "a connection remembers the number of a type, and each schema has another: use text with a CHECK",
    ),
    ("CREATE EXTENSION", "an extension belongs to the database: put it into migrations/control"),
    (
        "SET SEARCH_PATH",
        "belfort-tenancy binds it, and what follows would run in another schema: take it out",
    ),
    (
        "SET LOCAL SEARCH_PATH",
        "belfort-tenancy binds it, and what follows would run in another schema: take it out",
    ),
];

#[test]
fn a_crate_knows_only_the_crates_of_its_row() {
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for (name, kind, dependency) in edges() {
        if kind == DependencyKind::Development {
            continue;
        }
        if dependency == "testkit" {
            broken.push(format!(
                "{name} → testkit: testkit is for tests. Make it one of {name}'s dev-dependencies."
            ));
        } else if !row(&name).contains(&dependency.as_str()) {
            broken.push(format!(
                "{name} → {dependency} is not in EDGES. A dependency points down only, and the mechanisms do \
                 not know each other: pass what is needed as a parameter, or move the code up to where both are known."
            ));
        }
        seen.insert((name, dependency));
    }
    for (name, row) in EDGES {
        for dependency in row {
            if !seen.contains(&(name.to_owned(), (*dependency).to_owned())) {
                broken.push(format!("{name} → {dependency} is in EDGES but in no Cargo.toml: take it out."));
            }
        }
    }
    assert_kept("our crates know each other by the rows of EDGES only", &broken);
}

#[test]
fn every_crate_has_a_row() {
    let rows: BTreeSet<_> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let crates = metadata().packages.iter().map(|package| short(package.name.as_str()).to_owned()).collect();
    let differ = rows.symmetric_difference(&crates);
    let broken: Vec<_> = differ.map(|name| format!("{name}: give it a row, or take its row out.")).collect();
    assert_kept("each crate has one row in EDGES", &broken);
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_kept("a file begins with a `//!` sentence", &each(&sources(), |_, text| undocumented(text)));
}

#[test]
fn a_file_is_one_thought() {
    let files = sources();
    let mut broken = each(&files, |path, text| {
        let most = RATCHET.iter().find(|(file, _)| Path::new(file) == path).map(|(_, most)| *most);
        over_the_ceiling(text.lines().count(), most)
    });
    let gone = RATCHET.iter().filter(|(file, _)| !files.iter().any(|(path, _)| path == Path::new(file)));
    broken.extend(gone.map(|(file, _)| format!("{file}: is gone. Take it out of RATCHET.")));
    assert_kept("a file has at most 400 lines", &broken);
}

#[test]
fn only_programs_read_the_environment() {
    let libraries = product_sources(|path| !path.starts_with("bins"));
    assert_kept("only bins read the environment", &each(&libraries, |_, text| reads_environment(text)));
}

#[test]
fn only_tenancy_runs_sql_that_is_a_string() {
    let others = product_sources(|path| !path.starts_with("crates/tenancy/src"));
    assert_kept("no sql_query, no batch_execute", &each(&others, |_, text| runs_strings(text)));
}

#[test]
fn in_a_mechanism_only_the_storage_module_knows_diesel() {
    let cores = product_sources(|path| {
        MECHANISMS.iter().any(|name| {
            let src = Path::new("crates").join(name).join("src");
            path.starts_with(&src)
                && !path.starts_with(src.join("postgres"))
                && path != src.join("postgres.rs")
        })
    });
    assert!(!cores.is_empty());
    assert_kept("the core is pure", &each(&cores, |_, text| knows_diesel(text)));
}

#[test]
fn only_db_and_tenancy_name_the_driver() {
    let others = product_sources(|path| {
        ["crates/db/src", "crates/tenancy/src"].iter().all(|driver| !path.starts_with(driver))
    });
    assert_kept("db and tenancy alone name the driver", &each(&others, |_, text| names_driver(text)));
}

#[test]
fn a_tenant_migration_stays_in_its_schema() {
    let mut files = migrations();
    files.retain(|(path, _)| path.starts_with("migrations/tenant"));
    assert_kept("a tenant's migration stays in its schema", &each(&files, |_, text| leaves_the_schema(text)));
}

#[test]
fn every_migration_can_be_undone() {
    let files = migrations();
    assert!(!files.is_empty());
    let broken = each(&files, |path, _| {
        let other = match path.file_name()?.to_str()? {
            "up.sql" => "down.sql",
            "down.sql" => "up.sql",
            _ => return Some("a migration is an up.sql and a down.sql. Name it so.".to_owned()),
        };
        let there = files.iter().any(|(file, _)| *file == path.with_file_name(other));
        (!there).then(|| format!("there is no {other} beside it. Write one."))
    });
    assert_kept("an up.sql has a down.sql", &broken);
}

/// A rule that cannot fire is none.
#[test]
fn the_rules_see_what_they_look_for() {
    let caught = |rule: fn(&str) -> Option<String>, text| assert!(rule(text).is_some(), "{text}");
    let passed = |rule: fn(&str) -> Option<String>, text| assert_eq!(rule(text), None, "{text}");
    caught(undocumented, "use std::fs;\n//! late\n");
    caught(undocumented, "#![doc = \"\"]\n//! late\n");
    passed(undocumented, "//! A file.\n");
    passed(undocumented, "#![doc = include_str!(\"../README.md\")]\n");
    caught(reads_environment, "let home = std::env::var(\"HOME\");");
    caught(reads_environment, "use std::{env, fs};\nfn f() { env::vars(); }");
    passed(reads_environment, "std::env::split_paths(&path); // not std::env::var\n/// std::env::var\n");
    passed(reads_environment, "env!(\"CARGO_PKG_VERSION\"); my_env::read()");
    caught(runs_strings, "diesel::sql_query(text)");
    caught(runs_strings, "pg.batch_execute(&text)?;");
    passed(runs_strings, "// no sql_query(), no batch_execute()");
    caught(knows_diesel, "use diesel::prelude::*;");
    passed(knows_diesel, "/// Knows no diesel.");
    caught(names_driver, "use diesel::pg::Pg;");
    caught(names_driver, "fn f(pg: &mut PgConnection) {}");
    caught(names_driver, "r2d2::Pool::builder()");
    passed(names_driver, "use belfort_db::{Backend, Conn}; // no diesel::pg");
    caught(leaves_the_schema, "create\n  type mood AS ENUM ();");
    caught(leaves_the_schema, "CREATE EXTENSION citext;");
    caught(leaves_the_schema, "set local search_path = public;");
    caught(leaves_the_schema, "SET search_path TO public;");
    passed(leaves_the_schema, "-- no CREATE TYPE here\nCREATE TABLE types ();");
    assert!(over_the_ceiling(401, None).is_some());
    assert!(over_the_ceiling(502, Some(501)).is_some(), "it grew");
    assert!(over_the_ceiling(500, Some(501)).is_some(), "it shrank, and the number did not");
    assert!(over_the_ceiling(400, Some(501)).is_some(), "it needs no row any more");
    assert_eq!(over_the_ceiling(400, None).or(over_the_ceiling(501, Some(501))), None);
}

fn undocumented(text: &str) -> Option<String> {
    let begins = text.starts_with("//!") || text.starts_with("#![doc = include_str!(\"../README.md\")]");
    (!begins).then(|| "begin it with `//!` and a sentence that says what it is for.".to_owned())
}

fn over_the_ceiling(lines: usize, most: Option<usize>) -> Option<String> {
    match most {
        None if lines > CEILING => Some(format!("{lines} lines. Give the second thought a file of its own.")),
        Some(_) if lines <= CEILING => Some("no longer over the ceiling. Take it out of RATCHET.".to_owned()),
        Some(most) if lines > most => Some(format!("{lines} lines, {most} in RATCHET. Take something out.")),
        Some(most) if lines < most => Some(format!("it shrank. Lower its number in RATCHET to {lines}.")),
        _ => None,
    }
}

fn reads_environment(text: &str) -> Option<String> {
    // Taking a path list apart is arithmetic on what was passed in.
    let code = code(text).replace("env::split_paths", "");
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = code.match_indices("env::").filter_map(|(at, _)| code.get(..at));
    let reads = before.any(|before| !before.ends_with(is_name));
    reads.then(|| {
        "reads the environment. Take the value as a parameter, and read it in bins/belfort.".to_owned()
    })
}

fn runs_strings(text: &str) -> Option<String> {
    let code = code(text);
    let name = ["sql_query(", "batch_execute("].into_iter().find(|name| code.contains(name))?;
    Some(format!(
        "calls {name}…). Use diesel's DSL or a `belfort_db::Statement`: neither carries a second statement."
    ))
}

fn knows_diesel(text: &str) -> Option<String> {
    code(text)
        .contains("diesel")
        .then(|| "knows diesel. Move that into the crate's `postgres` module.".to_owned())
}

fn names_driver(text: &str) -> Option<String> {
    let code = code(text);
    let name = ["diesel::pg", "PgConnection", "r2d2"].into_iter().find(|name| code.contains(name))?;
    Some(format!(
        "names {name}. A connection is `belfort_db::Conn` and a backend `belfort_db::Backend`; what runs queries takes \
         `&mut impl Tenant` or `&mut impl Control`."
    ))
}

fn leaves_the_schema(sql: &str) -> Option<String> {
    let sql = without_comments(sql, "--").to_uppercase();
    let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let (words, why) = LEAVES_THE_SCHEMA.into_iter().find(|(words, _)| sql.contains(words))?;
    Some(format!("{words}: {why}."))
}

fn row(name: &str) -> &'static [&'static str] {
    EDGES.iter().find(|(of, _)| *of == name).map_or(&[], |(_, row)| row)
}

/// Who depends on whom, among ours.
fn edges() -> Vec<(String, DependencyKind, String)> {
    let packages = metadata().packages;
    let edges = packages.iter().flat_map(|package| {
        let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
        ours.map(|to| (short(package.name.as_str()).to_owned(), to.kind, short(&to.name).to_owned()))
    });
    edges.collect()
}

fn metadata() -> cargo_metadata::Metadata {
    MetadataCommand::new().current_dir(root()).no_deps().exec().unwrap()
}

fn short(name: &str) -> &str {
    name.strip_prefix("belfort-").unwrap_or(name)
}

fn migrations() -> Vec<(PathBuf, String)> {
    files(&["migrations"], "sql")
}
