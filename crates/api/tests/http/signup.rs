//! A new workspace, and everybody who should not get one.

use belfort_api::Settings;
use belfort_auth::Limit;
use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Reply, Server, settings};
use crate::storage_view::{NOWHERE, at_once};

fn anywhere(server: &Server) -> Client {
    Client { host: "localhost".into(), ..server.anonymous("x") }
}

fn form(email: &str, slug: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "full_name": "Ada", "workspace_name": "Bakkerij", "slug": slug })
}

fn start(server: &Server, email: &str, slug: &str) -> String {
    let started = anywhere(server).post("/signup", &form(email, slug)).expect(202);
    assert_eq!(started.as_object().unwrap().len(), 1, "{started}");
    started["signup_id"].as_str().unwrap().to_owned()
}

fn confirm(server: &Server, id: &str, code: &str) -> Reply {
    anywhere(server).post(&format!("/signup/{id}/confirm"), &json!({ "code": code }))
}

/// A code that is not this one.
fn other(code: &str) -> String {
    let first = if code.starts_with('0') { '1' } else { '0' };
    format!("{first}{}", &code[1..])
}

/// What there is of tenants: rows, schemas, and roles of the sign-ups here.
fn traces(server: &Server) -> Vec<String> {
    server.sql(
        "SELECT 'tenant ' || slug FROM public.tenants
         UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'
         UNION ALL SELECT 'role ' || rolname FROM pg_roles
             WHERE rolname IN (SELECT 't_' || replace(tenant_id::text, '-', '') FROM public.signups)
         ORDER BY 1",
    )
}

#[test]
fn a_confirmed_signup_is_a_free_workspace_with_one_admin() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    assert_eq!(traces(&server), Vec::<String>::new());
    server.anonymous("bakkerij").get("/me").problem(404, "workspace-not-found");
    let made = confirm(&server, &id, &server.code_to("ada@bakkerij.example")).expect(201);
    let workspace = &made["workspace"];
    assert_eq!((&workspace["slug"], &workspace["plan"]), (&json!("bakkerij"), &json!("free")));
    let ada = server.anonymous("bakkerij").log_in("ada@bakkerij.example");
    assert_eq!(made["user"]["id"], ada.id());
    assert_eq!(server.admins("bakkerij"), [ada.id()]);
    assert_eq!(ada.all("/users").len(), 1);
    assert!(server.sql("SELECT id::text FROM public.signups").is_empty());
}

#[test]
fn only_the_operator_sets_a_plan() {
    let server = Server::start();
    for (field, value) in
        [("plan", json!("business")), ("tenant_id", json!(NOWHERE)), ("role_id", json!(NOWHERE))]
    {
        let mut body = form("ada@bakkerij.example", "bakkerij");
        body[field] = value;
        let problem = anywhere(&server).post("/signup", &body).problem(422, "unknown-field");
        assert_eq!(problem["errors"][0]["field"], field);
    }
}

#[test]
fn a_confirmation_works_once() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    let code = server.code_to("ada@bakkerij.example");
    confirm(&server, &id, &code).expect(201);
    confirm(&server, &id, &code).problem(404, "signup-over");
    confirm(&server, NOWHERE, &code).problem(404, "signup-over");
}

#[test]
fn of_eight_confirmations_at_once_one_makes_the_workspace() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    let code = server.code_to("ada@bakkerij.example");
    let mut statuses = at_once(8, |_| confirm(&server, &id, &code).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404, 404, 404, 404, 404, 404, 404]);
    assert_eq!(traces(&server).len(), 2);
    assert_eq!(server.admins("bakkerij").len(), 1);
}

#[test]
fn five_wrong_codes_end_it_for_the_right_one_too() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    let code = server.code_to("ada@bakkerij.example");
    for left in (0..5).rev() {
        let problem = confirm(&server, &id, &other(&code)).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "code");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(&left.to_string()), "{problem}");
    }
    confirm(&server, &id, &code).problem(404, "signup-over");
    assert_eq!(traces(&server), Vec::<String>::new());
}

#[test]
fn of_twenty_guesses_at_once_five_are_compared() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    let wrong = other(&server.code_to("ada@bakkerij.example"));
    let mut statuses = at_once(20, |_| confirm(&server, &id, &wrong).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![404; 15], vec![422; 5]].concat());
}

#[test]
fn what_is_no_code_costs_no_attempt() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    for code in ["", "12345", "1234567", "12345x", "１２３４５６", "'; --"] {
        confirm(&server, &id, code).problem(422, "invalid");
    }
    confirm(&server, &id, &server.code_to("ada@bakkerij.example")).expect(201);
}

#[test]
fn a_code_is_good_for_15_minutes() {
    let server = Server::start();
    let early = start(&server, "ada@bakkerij.example", "bakkerij");
    let late = start(&server, "eve@slagerij.example", "slagerij");
    server.clock.advance(Duration::minutes(15) - Duration::seconds(1));
    confirm(&server, &early, &server.code_to("ada@bakkerij.example")).expect(201);
    server.clock.advance(Duration::seconds(1));
    confirm(&server, &late, &server.code_to("eve@slagerij.example")).problem(404, "signup-over");
}

#[test]
fn a_code_is_good_for_its_own_signup_alone() {
    let server = Server::start();
    let (one, two) = (start(&server, "a@one.example", "one-a"), start(&server, "a@two.example", "two-a"));
    // A row with somebody else's sealed code and payload does not open.
    server.meddle(&format!(
        "UPDATE public.signups SET code = o.code, payload = o.payload FROM public.signups o
         WHERE signups.id = '{one}' AND o.id = '{two}'"
    ));
    confirm(&server, &one, &server.code_to("a@two.example")).problem(500, "internal");
    assert_eq!(traces(&server), Vec::<String>::new());
    confirm(&server, &two, &server.code_to("a@two.example")).expect(201);
}

#[test]
fn a_slug_is_taken_once() {
    let server = Server::start();
    let late = start(&server, "eve@slagerij.example", "bakkerij");
    server.workspace("bakkerij");
    anywhere(&server).post("/signup", &form("x@x.example", "bakkerij")).problem(409, "slug-taken");
    let there = traces(&server);
    confirm(&server, &late, &server.code_to("eve@slagerij.example")).problem(409, "slug-taken");
    assert_eq!(traces(&server), there);
}

#[test]
fn two_signups_for_one_slug_confirmed_at_once_make_one_workspace() {
    let server = Server::start();
    let signups: Vec<(String, String)> = (0..4)
        .map(|n| {
            let email = format!("a@firm{n}.example");
            (start(&server, &email, "bakkerij"), server.code_to(&email))
        })
        .collect();
    let mut statuses = at_once(4, |i| confirm(&server, &signups[i].0, &signups[i].1).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(traces(&server).len(), 2);
}

#[test]
fn hostile_slugs_are_refused_by_the_field() {
    let server = Server::start();
    let long = "a".repeat(64);
    for slug in [
        "",
        "ab",
        "public",
        "pg_catalog",
        "www",
        "localhost",
        "admin",
        "a\"b\"c",
        "a'; DROP SCHEMA public; --",
        "a b c",
        "a.b.c",
        "-abc",
        "abc-",
        "Bakkerij",
        "bäkkerij",
        "b\u{430}kkerij",
        "ｂａｋ",
        "xn--bkkerij-cua",
        "bakkerij\u{0}",
        "bakkerij\n",
        " bakkerij",
        "../../etc",
        "%62akkerij",
        "{base}",
        &long[..41],
        &long,
        &"é".repeat(40),
    ] {
        let problem =
            anywhere(&server).post("/signup", &form("ada@bakkerij.example", slug)).problem(422, "invalid");
        let fields: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str()).collect();
        assert_eq!(fields, [Some("slug")], "{slug:?}");
    }
    for slug in [&long[..3], &long[..40], "a-1", "123"] {
        start(&server, "ada@bakkerij.example", slug);
    }
}

#[test]
fn everything_that_is_wrong_with_a_signup_is_told_at_once() {
    let server = Server::start();
    let body =
        json!({ "email": "x", "password": "sesame", "full_name": "", "workspace_name": 7, "slug": "A" });
    let problem = anywhere(&server).post("/signup", &body).problem(422, "invalid");
    let fields: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["email", "password", "full_name", "workspace_name", "slug"]);
    assert!(!problem.to_string().contains("sesame"), "{problem}");
}

#[test]
fn signups_of_one_address_are_bounded_at_every_process() {
    let limits = Settings { signup_per_ip: Limit::new(3, Duration::hours(1)), ..settings() };
    let server = Server::with(limits.clone());
    let there = Client { address: server.second_process(&limits), ..anywhere(&server) };
    for n in 0..3 {
        let door = if n == 1 { there.clone() } else { anywhere(&server) };
        door.post("/signup", &form(&format!("a@firm{n}.example"), &format!("firm-{n}"))).expect(202);
    }
    for door in [anywhere(&server), there] {
        let refused = door.send(
            "POST",
            "/signup",
            &[("X-Forwarded-For", "203.0.113.7")],
            Some(&form("a@firm9.example", "firm-9").to_string()),
        );
        assert_eq!(refused.header("retry-after"), Some("3601"));
        refused.problem(429, "too-many-requests");
    }
    assert!(server.mail_to("a@firm9.example").is_empty());
    server.clock.advance(Duration::hours(1));
    start(&server, "a@firm9.example", "firm-9");
}

#[test]
fn signups_of_one_email_domain_are_bounded() {
    let limits = Settings { signup_per_email_domain: Limit::new(2, Duration::hours(1)), ..settings() };
    let server = Server::with(limits);
    start(&server, "a@firm.example", "firm-1");
    start(&server, "b@FIRM.example", "firm-2");
    let refused = anywhere(&server).post("/signup", &form("c@firm.example", "firm-3"));
    assert_eq!(refused.header("retry-after"), Some("3601"));
    refused.problem(429, "too-many-requests");
    start(&server, "a@other.example", "firm-3");
}

#[test]
fn of_thirty_signups_at_once_as_many_are_begun_as_the_limit_says() {
    let limits = Settings { signup_per_email_domain: Limit::new(4, Duration::hours(1)), ..settings() };
    let server = Server::with(limits);
    let door = anywhere(&server);
    let statuses = at_once(30, |i| {
        door.post("/signup", &form(&format!("a{i}@firm.example"), &format!("firm-{i}"))).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 4, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 26, "{statuses:?}");
}

#[test]
fn what_waits_for_its_code_is_sealed() {
    let server = Server::start();
    start(&server, "ada@bakkerij.example", "bakkerij");
    let code = server.code_to("ada@bakkerij.example");
    let sealed = server.sql("SELECT unnest(ARRAY[payload, code]) FROM public.signups");
    assert!(sealed.len() == 2 && sealed.iter().all(|token| token.starts_with("gAAAA")), "{sealed:?}");
    let row = server.sql("SELECT s::text FROM public.signups s").concat();
    for plain in
        ["ada", "bakkerij", "Bakkerij", PASSWORD, "argon2", &format!(",{code},"), &format!("\"{code}\"")]
    {
        assert!(!row.contains(plain), "{plain}: {row}");
    }
}

#[test]
fn a_workspace_that_fails_half_way_leaves_nothing() {
    let server = Server::start();
    let id = start(&server, "ada@bakkerij.example", "bakkerij");
    let schema = server.sql("SELECT 't_' || replace(tenant_id::text, '-', '') FROM public.signups").concat();
    // Something stands in the way, after the tenant's row and role are made.
    server.meddle(&format!("CREATE SCHEMA {schema}"));
    let code = server.code_to("ada@bakkerij.example");
    let problem = confirm(&server, &id, &code).problem(500, "internal");
    assert!(!problem.to_string().contains(&schema), "{problem}");
    assert_eq!(traces(&server), [format!("schema {schema}")]);
    server.meddle(&format!("DROP SCHEMA {schema}"));
    // And it can be tried again.
    confirm(&server, &id, &code).expect(201);
}
