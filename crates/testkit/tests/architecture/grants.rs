//! Grants cannot be thrown away: a function on a tenant's rows demands one, and whoever is given one passes it on.
//!
//! That a function that demands a grant is not called without it is the compiler's to hold. What it cannot see is read here
//! from the syntax: that the function demands it, and that nobody names it `_`.

use syn::visit::Visit as _;

use crate::sources::{assert_kept, each, files, product_sources};
use crate::syntax::{Function, functions, grant_of, is_named, is_unused, last_segment, mentions, paths};

/// The crates whose public functions are a tenant's storage.
const STORAGE: [&str; 3] = ["crates/work/src", "crates/workspace/src", "crates/audit/src"];

/// What the handlers may use of the storage of the mechanisms, which knows no grants.
const MECHANISMS_IN_HANDLERS: [(&str, &str); 1] = [(
    "belfort_auth::postgres::sessions",
    "sessions are no resource: each function takes the user whose they are",
)];

/// The functions that take no grant: file, names and the reason. None that is not needed may stay.
const EXCEPTIONS: [(&str, &[&str], &str); 15] = [
    ("audit/src/postgres/append.rs", &["append"], "a mechanism, for the functions that change a row"),
    (
        "audit/src/postgres/list.rs",
        &["list", "history_of"],
        "a mechanism, for the functions that ask for the reach",
    ),
    (
        "work/src/attachments/upload.rs",
        &["abandon"],
        "takes back what its caller began, by an id that nobody else knows",
    ),
    (
        "work/src/attachments/upload.rs",
        &["sweep"],
        "removes what belongs to nobody: uploads that were never finished",
    ),
    (
        "work/src/tasks/unassign.rs",
        &["unassign_user"],
        "runs within the deletion of a user, which asks for its grant",
    ),
    ("workspace/src/caller.rs", &["authenticate"], "the token is the proof, and grants come of it"),
    ("workspace/src/idempotency.rs", &["claim", "store"], "the caller's own keys"),
    ("workspace/src/idempotency.rs", &["purge"], "removes keys by their age alone"),
    (
        "workspace/src/invitations/accept.rs",
        &["recipient", "accept"],
        "the token is the proof, and its sender's grant",
    ),
    ("workspace/src/login/attempt.rs", &["reserve", "open_session"], "the password is the proof"),
    (
        "workspace/src/login/password.rs",
        &["reserve", "store", "change_password"],
        "the caller's own password",
    ),
    ("workspace/src/login/session.rs", &["open_session", "rehash"], "the password is the proof"),
    ("workspace/src/login/stored.rs", &["password_by_email", "password_of"], "nobody is logged in before"),
    (
        "workspace/src/users/read.rs",
        &["get_self", "names"],
        "oneself; the names in rows whose reach was asked for",
    ),
    ("workspace/src/users/update.rs", &["update_self"], "everybody's own name"),
];

#[test]
fn a_function_on_a_tenants_rows_demands_a_grant() {
    let unowned = unowned();
    let storage = product_sources(|path| STORAGE.iter().any(|dir| path.starts_with(dir)));
    let mut used = Vec::new();
    let mut broken = Vec::new();
    for (path, text) in &storage {
        for (function, why) in ungranted(text, &unowned) {
            match exceptions().find(|(file, name)| path.ends_with(file) && *name == function) {
                Some(exception) => used.push(exception),
                None => broken.push(format!("{}: {function} {why}", path.display())),
            }
        }
    }
    let unused = exceptions().filter(|exception| !used.contains(exception));
    broken.extend(unused.map(|(file, name)| format!("{file}: {name} needs no exception. Take it out.")));
    assert_kept("a public function on a tenant's rows takes a &Grant and goes by it", &broken);
}

#[test]
fn a_handler_passes_its_grant_on() {
    // The gate itself also asks for a grant to know that there is one.
    let api = product_sources(|path| {
        let is_gate = |gate: &&str| path.starts_with(gate);
        path.starts_with("crates/api/src")
            && !["crates/api/src/context/gate.rs", "crates/api/src/context/gate"].iter().any(is_gate)
    });
    assert_kept("a handler uses the grant that its gate gives it", &each(&api, |_, text| ignored(text)));
}

#[test]
fn a_handler_reaches_rows_through_the_domain() {
    let api = product_sources(|path| path.starts_with("crates/api/src"));
    let broken = each(&api, |_, text| bypasses(text));
    assert_kept("the storage of the mechanisms is for the domain, which asks for a grant", &broken);
}

/// A rule that cannot fire is none.
#[test]
fn the_rules_of_grants_see_what_they_look_for() {
    let roles = vec!["Roles".to_owned()];
    let caught = |text: &str| assert_eq!(ungranted(text, &roles).len(), 1, "{text}");
    let passed = |text: &str| assert_eq!(ungranted(text, &roles), [], "{text}");
    for open in [
        "pub fn list(tx: &mut impl Tenant) {}",
        "pub fn list(tx: &mut impl belfort_db::Tenant, id: TaskId) {}",
        "pub fn list<T: Tenant>(tx: &mut T) {}",
        "pub fn list<T>(tx: &mut T) where T: Tenant {}",
        "pub fn list(mut tx: TenantTx) {}",
        "pub async fn list(a: u8, rows: Option<&mut TenantTx<'_>>) {}",
        "impl Tasks { pub fn list(&self, tx: &mut impl TenantDb) {} }",
        "mod inner { pub fn list(tx: &mut impl Tenant) {} }",
        // Thrown away.
        "pub fn list(tx: &mut impl Tenant, _: &Grant<Tasks, Read>) {}",
        "pub fn list(tx: &mut impl Tenant, _grant: &belfort_rbac::Grant<Tasks, Read>) {}",
        "pub fn list<A>(tx: &mut impl Tenant, _: &Grant<A, Roles>) {}",
        "pub fn list(tx: &mut impl Tenant, grant: &Grant<Tasks, Read>) { let _ = grant; }",
    ] {
        caught(open);
    }
    for shut in [
        "pub fn list(tx: &mut impl Tenant, grant: &Grant<Tasks, Read>) { find(tx, grant.reach()) }",
        "pub fn list<T: Tenant>(tx: &mut T, of: &Grant<Tasks, Read>, own: &Grant<A, B>) { find(tx, of, own) }",
        // It goes for every role.
        "pub fn list(tx: &mut impl Tenant, _: &Grant<Roles, Read>) {}",
        "pub fn get(tx: &mut impl Tenant, _: &Grant<belfort_policy::Roles, Read>) {}",
        "pub(crate) fn list(tx: &mut impl Tenant) {}",
        "fn list(tx: &mut impl Tenant) {}",
        "pub fn list(tx: &mut impl Control, tenant: TenantId) {}",
        "#[cfg(test)] mod tests { pub fn list(tx: &mut impl Tenant) {} }",
    ] {
        passed(shut);
    }
    for open in [
        "async fn list(gate: Gate<Tasks, Read>) { gate.read(|ctx, _| all(ctx)).await }",
        "async fn list(gate: Gate<Tasks, Read>) { gate.reauthorize().read(move |ctx, _grant| all(ctx)).await }",
        "async fn new(gate: Gate<Tasks, Create>, body: B) { gate.create(body, |ctx, _, new| make(ctx, new)).await }",
        "async fn new(gate: context::Gate<Tasks, Create>) { let work = |ctx, _: &G| (); gate.write(work).await }",
        "async fn all(gate: Gate<Tasks, Read>) { gate.read(|ctx, grant| { let _ = grant; all(ctx) }).await }",
        "fn all(ctx: &mut RequestContext, _: &Grant<Tasks, Read>) {}",
        "async fn all(gate: Permit) { gate.read(|ctx, _| all(ctx)).await }",
        "impl Upload { async fn end(self) { self.gate.reauthorize().write(|ctx, _| end(ctx)).await } }",
    ] {
        assert!(ignored(open).is_some(), "{open}");
    }
    for shut in [
        "async fn list(gate: Gate<Tasks, Read>) { gate.read(|ctx, grant| all(&mut ctx.tx, grant)).await }",
        "async fn end(session: SessionOnly) { session.write(|ctx, _| end(ctx)).await }",
        "async fn list(gate: Gate<Tasks, Read>) { gate.read(|ctx, grant| all(ctx, grant, |_| ())).await }",
    ] {
        assert_eq!(ignored(shut), None, "{shut}");
    }
    for open in [
        "use belfort_audit::postgres::list;",
        "use belfort_audit::postgres as audit;",
        "use belfort_rbac::{Read, postgres::{members, RoleError}};",
        "use belfort_audit::postgres::*;",
        "fn f() { belfort_audit::postgres::list(tx, filter) }",
    ] {
        assert!(bypasses(open).is_some(), "{open}");
    }
    assert_eq!(bypasses("use belfort_audit::postgres::{Filter, StoredEvent};"), None);
    assert_eq!(bypasses("use belfort_auth::postgres::sessions::{self, Session};"), None);
}

fn exceptions() -> impl Iterator<Item = (&'static str, &'static str)> {
    EXCEPTIONS.into_iter().flat_map(|(file, names, _)| names.iter().map(move |name| (file, *name)))
}

/// The resources that nobody owns. A grant of one goes for all of it, so there is nothing in it to go by.
fn unowned() -> Vec<String> {
    let policy = files(&["crates/policy/src"], "rs");
    let lines = policy.iter().flat_map(|(_, text)| text.lines());
    let marked = lines.filter(|line| line.contains("\" unowned ["));
    let names: Vec<_> = marked.filter_map(|line| Some(line.split_once(" = ")?.0.trim().to_owned())).collect();
    assert!(names.iter().any(|name| name == "Roles"), "{names:?}");
    names
}

/// The public functions on a tenant's rows that no grant is needed for, each with what is wrong with it.
fn ungranted(text: &str, unowned: &[String]) -> Vec<(String, &'static str)> {
    let judge = |function: &Function| {
        let grants: Vec<_> = function.parameters().filter(|of| mentions(&of.ty, "Grant")).collect();
        let goes_for_all = |of: &syn::Type| grant_of(of).is_some_and(|name| unowned.contains(&name));
        let thrown_away = |of: &&syn::PatType| {
            !goes_for_all(&of.ty) && is_unused(&of.pat, |uses| function.visit_body(uses))
        };
        let why = if grants.is_empty() {
            "takes no &Grant: nothing asks whether its caller may."
        } else {
            grants.into_iter().find(thrown_away)?;
            "ignores its &Grant: the scope `own` does what `all` does."
        };
        Some((function.name(), why))
    };
    let functions = functions(text);
    functions
        .iter()
        .filter(|function| function.is_public && function.takes_tenant())
        .filter_map(judge)
        .collect()
}

/// The first grant that a function of the API is given and does not use.
fn ignored(text: &str) -> Option<String> {
    functions(text).iter().find_map(|function| {
        let is_thrown_away = |of: &syn::PatType| {
            mentions(&of.ty, "Grant") && is_unused(&of.pat, |uses| function.visit_body(uses))
        };
        let takes = |name| function.parameters().any(|of| is_named(last_segment(&of.ty), name));
        // A gate calls what it is given with a context, the grant and maybe more.
        let closures = match (takes("Gate"), takes("SessionOnly")) {
            (true, _) => function.closures(),
            (false, false) => {
                function.closures_given_to(&["read", "read_at_length", "write", "create", "run_once"])
            }
            // Its gate knows no grants: the second parameter is a session.
            (false, true) => Vec::new(),
        };
        let ignores = |closure: &syn::ExprClosure| {
            let grant = closure.inputs.get(1);
            grant.is_some_and(|grant| is_unused(grant, |uses| uses.visit_expr(&closure.body)))
        };
        (function.parameters().any(is_thrown_away) || closures.iter().any(ignores)).then(|| {
            format!("{} ignores a grant: pass it to the function that does the work.", function.name())
        })
    })
}

/// The first thing of a mechanism's storage that is not for handlers.
fn bypasses(text: &str) -> Option<String> {
    let path = paths(text).into_iter().find(|path| {
        let is_storage = |name: &str| path.starts_with(&format!("belfort_{name}::postgres"));
        let is_allowed = MECHANISMS_IN_HANDLERS.iter().any(|(allowed, _)| path.starts_with(allowed));
        // Types carry what was read, and read nothing.
        let is_type = path.rsplit("::").next().is_some_and(|last| last.starts_with(char::is_uppercase));
        ["audit", "rbac", "auth", "crypto"].iter().any(|name| is_storage(name)) && !is_allowed && !is_type
    })?;
    Some(format!(
        "{path} asks for no grant. Call a function of `belfort_work` or `belfort_workspace` that does."
    ))
}
