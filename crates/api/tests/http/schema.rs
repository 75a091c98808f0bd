//! The document and the server say the same, and the pages that show it need nobody else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Client, Server};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const NOBODY: &str = "01980000-0000-7000-8000-000000000000";

/// Every path template of the document and the methods that are documented of it.
fn documented(document: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    let methods = |item: &Value| {
        item.as_object().unwrap().iter().map(|(m, op)| (m.to_uppercase(), op.clone())).collect()
    };
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

fn filled(template: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { NOBODY.to_owned() } else { part.to_owned() };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What the framework answers where nothing is mounted; a row that is not there is told in other words.
fn is_unrouted(caller: &Client, method: &str, path: &str) -> bool {
    let reply = caller.send(method, path, &[], None);
    reply.status == 404
        && reply.body["detail"] == "There is nothing at this path. See /api/schema/ for the paths of the API."
}

#[test]
fn what_is_documented_is_routed_and_what_is_routed_is_documented() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let document = ada.page("/api/schema/").expect(200);
    let documented = documented(&document);
    assert!(documented.len() > 25, "{}", documented.len());
    for (template, operations) in &documented {
        let path = filled(template);
        for method in METHODS {
            // Logging out would end the session that asks: the others would be asked by nobody.
            let body = if operations.get(method).is_some_and(|op| op["requestBody"].is_object()) {
                Some("{}")
            } else {
                None
            };
            let caller = if path.ends_with("/logout") { ada.with_token(None) } else { ada.clone() };
            let reply = caller.send(method, &path, &[], body);
            let routed = reply.status != 405;
            assert_eq!(
                routed,
                operations.contains_key(method),
                "{method} {template}: {} {}",
                reply.status,
                reply.text
            );
            assert!(reply.status < 500, "{method} {template}: {}", reply.text);
            assert!(!is_unrouted(&caller, method, &path), "{method} {template}");
            if !routed {
                let mut allowed: Vec<_> = reply.header("allow").unwrap().split(", ").collect();
                allowed.sort_unstable();
                assert_eq!(allowed, operations.keys().map(String::as_str).collect::<Vec<_>>(), "{template}");
            }
        }
    }
    // Above and below what is documented nothing is mounted.
    let templates: BTreeSet<_> = documented.keys().map(|template| filled(template)).collect();
    for path in &templates {
        let parent = path.rsplit_once('/').unwrap().0;
        let neighbours = [format!("{path}/"), format!("{path}/x/y/z"), parent.to_owned()];
        for neighbour in neighbours.iter().filter(|path| !templates.contains(*path)) {
            for method in METHODS {
                assert!(is_unrouted(&ada, method, neighbour), "{method} {neighbour}");
            }
        }
    }
}

/// Every parameter and every field, those of nested objects too. A reference is described by what it refers to.
#[test]
fn every_parameter_and_every_field_has_a_description() {
    fn undescribed(at: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            if field["description"].as_str().is_none_or(str::is_empty) && field["$ref"].is_null() {
                found.push(at.clone());
            }
            undescribed(&at, field, found);
            undescribed(&at, &field["items"], found);
        }
    }
    let document = belfort_api::document().unwrap();
    let (document, mut found) = (document.json(), Vec::new());
    for (path, operations) in documented(document) {
        for (method, operation) in operations {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["description"].as_str().is_none_or(str::is_empty) {
                    found.push(format!("{method} {path}: {}", parameter["name"]));
                }
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        if schema["description"].as_str().is_none_or(str::is_empty) {
            found.push(name.clone());
        }
        undescribed(name, schema, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn outside_of_the_documented_api_there_are_the_probes_and_the_docs_and_nothing_else() {
    let server = Server::start();
    let ada = server.anonymous("bakkerij");
    let docs = [
        "index.css",
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "swagger-initializer.js",
        "favicon-16x16.png",
        "favicon-32x32.png",
        "index.html",
    ];
    let docs = docs.map(|file| format!("/api/schema/swagger-ui/{file}"));
    let there = [
        "/healthz",
        "/readyz",
        "/api/schema/",
        "/api/schema/swagger-ui/",
        "/api/schema/redoc/",
        "/api/schema/redoc/redoc.js",
    ];
    for path in there.into_iter().chain(docs.iter().map(String::as_str)) {
        assert_eq!(ada.page(path).status, 200, "{path}");
        // A head is an answer without its body.
        let head = ada.raw(&format!("HEAD {path}"), "", b"");
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        ada.raw(&format!("POST {path}"), "", b"").clean_problem(405, "method-not-allowed", path);
    }
    for bare in ["/api/schema", "/api/schema/swagger-ui", "/api/schema/redoc"] {
        let reply = ada.page(&format!("{bare}?format=yaml"));
        assert_eq!((reply.status, reply.header("location")), (308, Some(&*format!("{bare}/?format=yaml"))));
    }
    for absent in [
        "/",
        "/metrics",
        "/admin",
        "/debug",
        "/index.html",
        "/favicon.ico",
        "/robots.txt",
        "/.env",
        "/.git/config",
        "/.well-known/x",
        "/api",
        "/api/v1",
        "/api/v2/tasks",
        "/api/v1/healthz",
        "/healthz/",
        "/api/schema/openapi.json",
        "/api/schema/swagger-ui/oauth2-redirect.html",
        "/api/schema/swagger-ui/../../../etc/passwd",
        "/api/schema/swagger-ui/%2e%2e/%2e%2e/Cargo.toml",
        "/api/schema/redoc/..%2f..%2fx",
        "/api/schema/swagger-ui//etc/passwd",
    ] {
        ada.page(absent).clean_problem(404, "not-found", absent);
    }
}

#[test]
fn without_a_token_only_what_is_public_answers() {
    let server = Server::start();
    let nobody = server.workspace("bakkerij").with_token(None);
    let document = nobody.page("/api/schema/").expect(200);
    let mut public = Vec::new();
    for (template, operations) in documented(&document) {
        let path = filled(&template);
        for (method, operation) in operations {
            let security = operation["security"].as_array().unwrap();
            let at = format!("{method} {template}");
            if security.is_empty() {
                assert!(operation["x-permission"].is_null(), "{at}");
                public.push(at);
                continue;
            }
            assert_eq!(*security, [json!({ "bearer": [] }), json!({ "session": [] })], "{at}");
            assert!(operation["responses"]["401"].is_object(), "{at}");
            // Neither what is sent nor what is there matters to who is nobody.
            for body in [None, Some("{}"), Some("{"), Some(r#"{"title": "x"}"#)] {
                nobody.send(&method, &path, &[], body).clean_problem(401, "not-authenticated", &path);
            }
            let own = template.starts_with("/api/v1/me") || template.starts_with("/api/v1/auth/");
            let permission = &operation["x-permission"];
            assert_eq!(permission.is_null(), own, "{at}");
            if !own {
                let (resource, action) =
                    (permission["resource"].as_str().unwrap(), permission["action"].as_str().unwrap());
                let told = operation["description"].as_str().unwrap();
                assert!(told.contains(&format!("`{resource}:{action}`")), "{at}: {told}");
                assert!(operation["responses"]["403"].is_object(), "{at}");
            }
        }
    }
    assert_eq!(
        public,
        [
            "POST /api/v1/auth/login",
            "POST /api/v1/signup",
            "POST /api/v1/signup/{id}/confirm",
            "POST /api/v1/users/invitations/accept",
        ]
    );
}

/// The permission that the document names is the one that the server asks for: a role without any is told its name.
#[test]
fn the_permission_in_the_document_is_the_one_that_is_asked_for() {
    let server = Server::start();
    let ada = server.workspace("bakkerij");
    let document = ada.page("/api/schema/").expect(200);
    let guest = server.person(&ada, "gus", "guest");
    let held = guest.get("/me/permissions").expect(200)["permissions"].clone();
    let held: BTreeSet<_> = held
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["resource"].clone().to_string(), p["action"].to_string()))
        .collect();
    let mut refused = 0;
    for (template, operations) in documented(&document) {
        for (method, operation) in operations.iter().filter(|(_, op)| op["x-permission"].is_object()) {
            let permission = &operation["x-permission"];
            let (path, pair) =
                (filled(&template), (permission["resource"].to_string(), permission["action"].to_string()));
            let reply = guest.send(method, &path, &[], Some("{}"));
            if held.contains(&pair) {
                assert_ne!(reply.status, 403, "{method} {template}: {}", reply.text);
            } else {
                let told = reply.clean_problem(403, "forbidden", &path);
                let (resource, action) =
                    (permission["resource"].as_str().unwrap(), permission["action"].as_str().unwrap());
                let named = format!("{action} {}.", resource.replace('_', " "));
                assert!(told["detail"].as_str().unwrap().ends_with(&named), "{method} {template}: {told}");
                refused += 1;
            }
        }
    }
    assert!(refused > 15, "{refused}");
}

#[test]
fn the_document_is_the_same_as_json_and_as_yaml_for_anybody_on_any_host() {
    let server = Server::start();
    let nobody = server.anonymous("no-such-workspace");
    let json = nobody.page("/api/schema/");
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(json.body["openapi"], "3.1.0");
    assert_eq!(nobody.at("localhost").page("/api/schema/?format=json").text, json.text);
    let yaml = nobody.page("/api/schema/?format=yaml");
    assert_eq!(yaml.header("content-type"), Some("application/yaml"));
    let paths =
        yaml.text.lines().filter(|line| line.trim_matches([' ', '"', ':']).starts_with("/api/v1")).count();
    assert_eq!(paths, json.body["paths"].as_object().unwrap().len());
    for other in ["xml", "", "YAML"] {
        nobody.page(&format!("/api/schema/?format={other}")).clean_problem(422, "invalid", "/api/schema/");
    }
    let tag = json.header("etag").unwrap();
    assert_eq!(nobody.raw("GET /api/schema/", &format!("If-None-Match: {tag}\r\n"), b"").status, 304);
}

#[test]
fn the_pages_let_nothing_third_in() {
    let server = Server::start();
    let nobody = server.anonymous("bakkerij");
    for page in ["/api/schema/swagger-ui/", "/api/schema/redoc/"] {
        let reply = nobody.page(page);
        let kind = reply.header("content-type").unwrap();
        assert!(reply.status == 200 && kind.starts_with("text/html"), "{page}: {kind}");
        let policy = reply.header("content-security-policy").unwrap();
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for needed in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(directives.contains(&needed), "{page}: {policy}");
        }
        let open = ["http:", "https:", "*", "unsafe-eval"];
        assert!(!open.iter().any(|open| policy.contains(open)), "{page}: {policy}");
        let text = &reply.text;
        let assets = ["src=\"", "href=\""]
            .into_iter()
            .flat_map(|a| text.split(a).skip(1))
            .filter_map(|rest| rest.split('"').next());
        let mut fetched = 0;
        for asset in assets.filter(|asset| !asset.starts_with("data:")) {
            assert!(!asset.contains("//"), "{page} fetches {asset}");
            let path = if asset.starts_with('/') {
                asset.to_owned()
            } else {
                format!("{page}{}", asset.trim_start_matches("./"))
            };
            let file = nobody.page(&path);
            assert_eq!(
                (file.status, file.header("x-content-type-options")),
                (200, Some("nosniff")),
                "{path}"
            );
            assert!(!file.text.is_empty());
            fetched += 1;
        }
        assert!(fetched > 0, "{page}");
        // An inline script would need a hole in the policy.
        for script in text.split("<script").skip(1) {
            let (tag, inline) = script.split_once('>').unwrap();
            assert!(tag.contains("src=") && inline.trim_start().starts_with("</script>"), "{page}: {script}");
        }
    }
    let setup = nobody.page("/api/schema/swagger-ui/swagger-initializer.js").text;
    assert!(setup.contains("\"/api/schema/\""), "{setup}");
}
