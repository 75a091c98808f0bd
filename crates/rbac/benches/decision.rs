//! What an authorisation decision costs: permitted and denied, for a role with 43 permissions.

#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;

use belfort_ids::UserId;
use belfort_rbac::{Export, Permissions, Principal, Read, resources};
use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};

resources! {
    /// As many as a product has.
    static VOCABULARY {
        Tasks = "tasks" [Create, Read, Update, Delete],
        Comments = "comments" [Create, Read, Update, Delete],
        TimeEntries = "time_entries" [Create, Read, Update, Delete],
        Attachments = "attachments" [Create, Read, Update, Delete],
        Tags = "tags" [Create, Read, Update, Delete],
        Users = "users" [Create, Read, Update, Delete],
        Teams = "teams" [Create, Read, Update, Delete],
        Roles = "roles" [Create, Read, Update, Delete],
        Integrations = "integrations" [Create, Read, Update, Delete],
        Workspace = "workspace" [Create, Read, Update, Delete],
        Invoices = "invoices" [Create, Read, Update],
        Audit = "audit" [Read, Export],
    }
}

fn decision(c: &mut Criterion) {
    let id = || UserId::new(DateTime::UNIX_EPOCH);
    let without_audit = |line: &String| !line.starts_with("audit");
    let lines: Vec<String> =
        Permissions::everything(&VOCABULARY).lines().into_iter().filter(without_audit).collect();
    let permissions = Permissions::from_lines(&VOCABULARY, lines.iter().map(String::as_str));
    let principal = Principal::new(id(), permissions, (0..20).map(|_| id()));
    c.bench_function("permitted, with its reach", |b| {
        b.iter(|| black_box(&principal).grant::<Workspace, Read>().map(|grant| grant.reach().viewer()));
    });
    c.bench_function("denied", |b| b.iter(|| black_box(&principal).grant::<Audit, Export>().is_err()));
    c.bench_function("the permissions of a role, read from what is stored", |b| {
        b.iter(|| Permissions::from_lines(&VOCABULARY, black_box(&lines).iter().map(String::as_str)));
    });
}

criterion_group!(benches, decision);
criterion_main!(benches);
