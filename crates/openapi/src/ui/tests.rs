//! The pages under `/api/schema`, and their content security policy.

use actix_web::body::to_bytes;
use actix_web::dev::ServiceResponse;
use actix_web::error::ErrorUnprocessableEntity;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse};

use super::page::POLICY;
use super::*;
use crate::tests::example;

fn refuse(refusal: Refusal) -> actix_web::Error {
    match refusal {
        Refusal::UnknownFormat => ErrorUnprocessableEntity(refusal.to_string()),
    }
}

async fn ask(request: TestRequest) -> ServiceResponse {
    let docs = Docs::new(&example()).unwrap();
    let not_found = web::to(|| ready(HttpResponse::NotFound().body("ours")));
    let app = init_service(App::new().configure(docs.routes(refuse)).default_service(not_found)).await;
    call_service(&app, request.to_request()).await
}

async fn get(uri: &str) -> ServiceResponse {
    ask(TestRequest::get().uri(uri)).await
}

async fn text(uri: &str) -> String {
    let answer = get(uri).await;
    assert_eq!(answer.status(), StatusCode::OK, "{uri}");
    String::from_utf8(to_bytes(answer.into_body()).await.unwrap().to_vec()).unwrap()
}

fn header(answer: &ServiceResponse, name: actix_web::http::header::HeaderName) -> &str {
    answer.headers().get(name).unwrap().to_str().unwrap()
}

/// The addresses that the elements of a page make a browser fetch.
fn sources(page: &str) -> Vec<&str> {
    let attributes = ["src=\"", "href=\"", "spec-url=\""];
    let of = |attribute| page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    attributes.into_iter().flat_map(of).collect()
}

#[actix_web::test]
async fn the_document_is_given_as_json() {
    let answer = get("/api/schema/").await;
    assert_eq!(header(&answer, CONTENT_TYPE), "application/json");
    assert_eq!(text("/api/schema/?format=json").await, example().to_json());
}

#[actix_web::test]
async fn the_document_is_given_as_yaml() {
    let answer = get("/api/schema/?x=1&format=yaml").await;
    assert_eq!(header(&answer, CONTENT_TYPE), "application/yaml");
    let yaml = text("/api/schema/?format=yaml").await;
    assert!(yaml.contains("\nopenapi: \"3.1.0\"\n"), "{yaml}");
}

#[actix_web::test]
async fn another_format_is_refused() {
    for uri in ["/api/schema/?format=xml", "/api/schema/?format=", "/api/schema/?format=json&format=YAML"] {
        assert_eq!(get(uri).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{uri}");
    }
}

#[actix_web::test]
async fn another_method_is_refused() {
    for uri in ["/api/schema/", "/api/schema/redoc/", "/api/schema/swagger-ui/index.css"] {
        assert_eq!(ask(TestRequest::post().uri(uri)).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{uri}");
        assert_eq!(ask(TestRequest::with_uri(uri).method(actix_web::http::Method::HEAD)).await.status(), 200);
    }
}

#[actix_web::test]
async fn who_has_it_already_gets_304() {
    for uri in ["/api/schema/", "/api/schema/?format=yaml", "/api/schema/redoc/redoc.js"] {
        let first = get(uri).await;
        assert_eq!(header(&first, CACHE_CONTROL), "no-cache");
        let etag = header(&first, ETAG).to_owned();
        let again =
            |tag: &str| ask(TestRequest::get().uri(uri).insert_header((IF_NONE_MATCH, tag.to_owned())));
        let known = again(&etag).await;
        assert_eq!((known.status(), header(&known, ETAG)), (StatusCode::NOT_MODIFIED, etag.as_str()));
        assert_eq!(again(&format!("\"other\", W/{etag}")).await.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again("\"other\"").await.status(), StatusCode::OK);
    }
    let of = async |uri| header(&get(uri).await, ETAG).to_owned();
    assert_ne!(of("/api/schema/").await, of("/api/schema/?format=yaml").await);
}

#[actix_web::test]
async fn a_path_without_its_slash_is_sent_on_with_its_query() {
    for (uri, expect) in [
        ("/api/schema", "/api/schema/"),
        ("/api/schema?format=yaml", "/api/schema/?format=yaml"),
        ("/api/schema/swagger-ui", "/api/schema/swagger-ui/"),
        ("/api/schema/redoc", "/api/schema/redoc/"),
    ] {
        let answer = get(uri).await;
        assert_eq!((answer.status(), header(&answer, LOCATION)), (StatusCode::PERMANENT_REDIRECT, expect));
    }
}

#[actix_web::test]
async fn pages_let_nothing_third_in() {
    for uri in [SCHEMA, SWAGGER_UI, REDOC, "/api/schema/redoc/redoc.js"] {
        let answer = get(uri).await;
        assert_eq!(header(&answer, CONTENT_SECURITY_POLICY), POLICY);
        assert_eq!(header(&answer, X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&answer, REFERRER_POLICY), "no-referrer");
    }
    for (host, expect) in [("default-src", "'none'"), ("script-src", "'self'"), ("form-action", "'none'")] {
        assert!(POLICY.split("; ").any(|rule| rule == format!("{host} {expect}")), "{POLICY}");
    }
}

#[actix_web::test]
async fn everything_a_page_asks_for_is_here() {
    for base in [SWAGGER_UI, REDOC] {
        let page = text(base).await;
        let sources = sources(&page);
        assert!(sources.len() >= 3, "{page}");
        for source in sources.into_iter().filter(|source| !source.starts_with("data:")) {
            assert!(!source.contains("//"), "{source} is on another host");
            let uri = match source.strip_prefix("./").unwrap_or(source) {
                absolute if absolute.starts_with('/') => absolute.to_owned(),
                relative => format!("{base}{relative}"),
            };
            assert_eq!(get(&uri).await.status(), StatusCode::OK, "{uri}");
        }
    }
}

#[actix_web::test]
async fn no_script_is_inline() {
    for base in [SWAGGER_UI, REDOC] {
        for script in text(base).await.split("<script").skip(1) {
            let (_, content) = script.split_once('>').unwrap();
            assert_eq!(content.split_once("</script>").unwrap().0.trim(), "", "{base}");
        }
    }
}

#[actix_web::test]
async fn the_pages_read_our_document_and_call_no_one_else() {
    let initializer = text("/api/schema/swagger-ui/swagger-initializer.js").await;
    assert!(initializer.contains(r#""url": "/api/schema/""#), "{initializer}");
    assert!(initializer.contains(r#""validatorUrl": "none""#), "{initializer}");
    assert!(!initializer.contains("://"), "{initializer}");
    let redoc = text("/api/schema/redoc/redoc.js").await;
    assert!(redoc.len() > 500_000 && !redoc.contains("cdn.redoc.ly"));
    assert!(
        !redoc.starts_with('<') && !redoc.contains("redoc-container"),
        "only the script is wanted of aide's page"
    );
}

#[actix_web::test]
async fn assets_have_their_types() {
    for (name, kind) in [
        ("swagger-ui/", "text/html"),
        ("swagger-ui/swagger-ui.css", "text/css"),
        ("swagger-ui/swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui/favicon-32x32.png", "image/png"),
        ("redoc/", "text/html; charset=utf-8"),
        ("redoc/redoc.js", "text/javascript; charset=utf-8"),
    ] {
        assert_eq!(header(&get(&format!("{SCHEMA}{name}")).await, CONTENT_TYPE), kind);
    }
}

#[actix_web::test]
async fn a_name_that_is_not_a_file_is_the_applications_404() {
    for name in [
        "swagger-ui/nope.js",
        "swagger-ui/oauth2-redirect.html",
        "swagger-ui/../../../etc/passwd",
        "swagger-ui/..%2f..%2f..%2fetc%2fpasswd",
        "swagger-ui/%2e%2e/redoc/",
        "swagger-ui//index.html",
        "swagger-ui/index.html%00",
        "redoc/nope",
    ] {
        let answer = get(&format!("{SCHEMA}{name}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{name}");
        assert_eq!(to_bytes(answer.into_body()).await.unwrap(), "ours");
    }
}
