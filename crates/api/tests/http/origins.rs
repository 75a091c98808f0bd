//! Cookies on requests that other sites make.

use crate::harness::{Server, settings};
use crate::sessions::cookie_of;

#[test]
fn a_change_by_cookie_needs_the_origin_of_this_site() {
    let server = Server::start();
    server.workspace("bakkerij");
    let cookie = cookie_of(&server).split(';').next().unwrap().to_owned();
    let browser = server.anonymous("bakkerij");
    let body = Some("{\"title\": \"Bake\"}");
    let post = |headers: &[(&str, &str)]| {
        let mut all = vec![("Cookie", cookie.as_str())];
        all.extend(headers);
        browser.send("POST", "/tasks", &all, body)
    };
    browser.send("GET", "/me", &[("Cookie", &cookie)], None).expect(200);
    let foreign = "http://elsewhere.example";
    browser.send("GET", "/me", &[("Cookie", &cookie), ("Origin", foreign)], None).expect(200);
    post(&[]).problem(403, "foreign-origin");
    let host = browser.host.clone();
    for origin in [
        foreign,
        "null",
        "",
        "http://slagerij.localhost",
        "http://localhost",
        &format!("http://{host}.elsewhere.example"),
        &format!("http://{host}:1"),
        &format!("http://elsewhere.example/{host}"),
        &format!("http://elsewhere.example@{host}"),
        &host,
    ] {
        post(&[("Origin", origin)]).problem(403, "foreign-origin");
    }
    let own = format!("http://{host}");
    post(&[("Origin", &own), ("Origin", foreign)]).problem(403, "foreign-origin");
    // Where the browser says that it is another site's, it is.
    for site in ["cross-site", "same-site", "none", ""] {
        post(&[("Origin", &own), ("Sec-Fetch-Site", site)]).problem(403, "foreign-origin");
    }
    post(&[("Origin", &own), ("Sec-Fetch-Site", "same-origin")]).expect(201);
    post(&[("Origin", &own)]).expect(201);
    // Of two cookies one may come from a neighbouring host.
    for two in [format!("{cookie}; {cookie}x"), format!("belfort_session=x; {cookie}")] {
        browser.send("GET", "/me", &[("Cookie", &two)], None).problem(401, "not-authenticated");
    }
    // A token that a script had to put there needs none, and is what counts beside a cookie.
    let headers = [("Cookie", cookie.as_str()), ("Authorization", "Bearer bft_x")];
    browser.send("GET", "/me", &headers, None).problem(401, "not-authenticated");
    for (method, path) in [
        ("DELETE", "/auth/sessions"),
        ("PATCH", "/me"),
        ("POST", "/auth/logout"),
        ("PUT", "/tasks/x/viewers/x"),
    ] {
        browser.send(method, path, &[("Cookie", &cookie)], Some("{}")).problem(403, "foreign-origin");
    }
}

/// Somebody on the network writes pages of any host without TLS.
#[test]
fn where_cookies_need_tls_a_page_without_it_is_another_site() {
    let server = Server::with(belfort_api::Settings { secure_cookies: true, ..settings() });
    server.workspace("bakkerij");
    let cookie = cookie_of(&server).split(';').next().unwrap().to_owned();
    let browser = server.anonymous("bakkerij");
    let post = |origin: &str| {
        let headers = [("Cookie", cookie.as_str()), ("Origin", origin)];
        browser.send("POST", "/tasks", &headers, Some("{\"title\": \"Bake\"}"))
    };
    post(&format!("http://{}", browser.host)).problem(403, "foreign-origin");
    post(&format!("ws://{}", browser.host)).problem(403, "foreign-origin");
    post(&format!("https://{}", browser.host)).expect(201);
}
