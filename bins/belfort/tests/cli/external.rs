//! A database that somebody else runs: hardened or not, and met by several servers at once.

use belfort_testkit::PlainDatabase;
use diesel::connection::SimpleConnection;

use crate::support::{Sandbox, stderr, stdout};

/// The settings of production. Nothing here sends mail.
fn production<'v>(url: &'v str, key: &'v str) -> Vec<(&'static str, &'v str)> {
    vec![
        ("BELFORT_ENV", "production"),
        ("BELFORT_DATABASE_URL", url),
        ("BELFORT_KEYS", key),
        ("BELFORT_BASE_DOMAIN", "belfort.example"),
        ("BELFORT_TRUSTED_PROXIES", "none"),
        ("BELFORT_SMTP_URL", "smtp://localhost"),
        ("BELFORT_MAIL_FROM", "Belfort <no-reply@belfort.example>"),
        ("BELFORT_REGION_DATABASE", "europe-west1"),
        ("BELFORT_REGION_ATTACHMENTS", "europe-west1"),
        ("BELFORT_REGION_MAIL", "europe-west1"),
        ("BELFORT_REGION_BACKUP", "europe-west1"),
        ("BELFORT_REGION_QUEUE", "europe-west1"),
        ("BELFORT_LISTEN", "127.0.0.1:0"),
        ("BELFORT_ADMIN_LISTEN", "off"),
    ]
}

#[test]
fn production_does_not_start_on_an_unhardened_database_unless_it_is_accepted() {
    let (sandbox, database) = (Sandbox::new(), PlainDatabase::new());
    let (url, key) = (database.url(), sandbox.ok(&["keys", "generate"]));
    let mut variables = production(&url, key.trim());
    let error = sandbox.does_not_start(&variables);
    let next = "BELFORT_UNHARDENED_DATABASE=accepted";
    for part in ["set_config(text, text, boolean)", "more", "belfort harden", next] {
        assert!(error.contains(part), "{part} is not in\n{error}");
    }
    // Everything but the server runs: the operator has to see to the tenants meanwhile.
    assert!(sandbox.run(&["tenant", "list"], &variables).status.success());

    variables.push(("BELFORT_UNHARDENED_DATABASE", "accepted"));
    let server = sandbox.serve_with(&variables);
    assert_eq!(server.get("/readyz"), 200);
    assert_eq!(server.stop().code(), Some(0));
    assert!(sandbox.log().contains("is not hardened"), "{}", sandbox.log());
}

#[test]
fn harden_prints_the_sql_and_applies_it_where_the_login_may() {
    let (sandbox, database) = (Sandbox::new(), PlainDatabase::new());
    let (url, key) = (database.url(), sandbox.ok(&["keys", "generate"]));
    let owners = production(&url, key.trim());
    let printed = stdout(&sandbox.run(&["harden"], &owners));
    let revoke =
        "REVOKE EXECUTE ON ROUTINE pg_catalog.set_config(text, text, boolean) FROM PUBLIC; GRANT EXECUTE";
    assert!(printed.contains(revoke) && printed.starts_with("-- To be run by a superuser"), "{printed}");

    let error = sandbox.fails(&["harden", "--apply"], &owners);
    for part in ["may not close everything", "set_config", "superuser"] {
        assert!(error.contains(part), "{part} is not in\n{error}");
    }
    assert!(sandbox.does_not_start(&owners).contains("not hardened"));

    // What was printed, run by a superuser, is all that is needed.
    database.superuser().batch_execute(&printed).unwrap();
    assert!(stdout(&sandbox.run(&["harden"], &owners)).contains("is hardened"));
    let server = sandbox.serve_with(&owners);
    assert_eq!(server.get("/readyz"), 200);
    assert_eq!(server.stop().code(), Some(0));
    assert!(!sandbox.log().contains("hardened"), "{}", sandbox.log());
}

#[test]
fn a_superusers_login_applies_everything() {
    let (sandbox, database) = (Sandbox::new(), PlainDatabase::new());
    let (url, superusers) = (database.url(), database.superuser_url());
    let key = sandbox.ok(&["keys", "generate"]);
    let output = sandbox.run(&["harden", "--apply"], &production(&superusers, key.trim()));
    assert!(output.status.success() && stdout(&output).contains("set_config"), "{}", stderr(&output));
    assert!(stdout(&sandbox.run(&["harden"], &production(&url, key.trim()))).contains("is hardened"));
    // Its owner goes on: migrations use plpgsql, and a tenant is made with them.
    let create = ["tenant", "create", "acme", "--email", "an@acme.example"];
    let output = sandbox.run(&create, &production(&url, key.trim()));
    assert!(output.status.success(), "{}", stderr(&output));
}

/// In development it is only said, and how to mend it.
#[test]
fn a_development_server_warns_of_an_unhardened_database() {
    let (sandbox, database) = (Sandbox::new(), PlainDatabase::new());
    let url = database.url();
    let server = sandbox.serve_with(&[("BELFORT_DATABASE_URL", &url)]);
    assert_eq!(server.get("/readyz"), 200);
    assert_eq!(server.stop().code(), Some(0));
    let log = sandbox.log();
    assert!(log.contains("WARN") && log.contains("set_config") && log.contains("belfort harden"), "{log}");
}

/// The data directory's lock keeps starts apart on one machine. On a database of somebody else's only the database does.
#[test]
fn two_servers_start_at_once_on_a_database_that_is_new_and_on_one_that_is_behind() {
    let database = PlainDatabase::new();
    let sandboxes = [Sandbox::new(), Sandbox::new()];
    let (url, key) = (database.url(), sandboxes[0].ok(&["keys", "generate"]));
    let variables = [("BELFORT_DATABASE_URL", url.as_str()), ("BELFORT_KEYS", key.trim())];
    let start_both = || {
        std::thread::scope(|scope| {
            let starts = sandboxes.each_ref().map(|sandbox| scope.spawn(|| sandbox.serve_with(&variables)));
            for server in starts.map(|start| start.join().unwrap()) {
                assert_eq!(server.get("/readyz"), 200);
                assert_eq!(server.stop().code(), Some(0));
            }
        });
    };
    start_both();
    for slug in ["acme", "other"] {
        let email = format!("an@{slug}.example");
        let output = sandboxes[0].run(&["tenant", "create", slug, "--email", &email], &variables);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    // As an older version left it: the newest migrations are not there, nor is the lane's login.
    database
        .superuser()
        .batch_execute(
            "DROP TABLE public.keyring_lock;
             DELETE FROM public.__diesel_schema_migrations WHERE version = '00000000000007';
             DELETE FROM public.lanes;
             UPDATE public.tenants SET schema_version = '00000000000012';
             DO $$
             DECLARE schema name;
             BEGIN
                 FOR schema IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' LOOP
                     EXECUTE format('DROP TABLE %I.membership_lock', schema);
                     EXECUTE format('DELETE FROM %I.__diesel_schema_migrations WHERE version = %L', schema, '00000000000013');
                 END LOOP;
             END $$",
        )
        .unwrap();
    start_both();
    for sandbox in &sandboxes {
        assert!(!sandbox.log().contains("ERROR"), "{}", sandbox.log());
        let output = sandbox.run(&["migrate"], &variables);
        assert!(stdout(&output).contains("up to date"), "{}", stderr(&output));
    }
}
