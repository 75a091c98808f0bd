//! The document and two pages that show it, served from the binary alone.
//!
//! `/api/schema/` is the document (JSON, or YAML with `?format=yaml`), `/api/schema/swagger-ui/` is Swagger UI, for trying
//! requests out, and `/api/schema/redoc/` is ReDoc, for reading. Both pages work in a network without internet access,
//! under a Content-Security-Policy that allows no third party: no script, style, font or picture comes from another host.
//!
//! Everything is rendered once, at start. Only the files that are listed here are served, each on a route of its own, so
//! no file name is taken from a request; any other name is the application's own 404.
//!
//! ```
//! use actix_web::{App, error::ErrorUnprocessableEntity};
//! use belfort_openapi::ui::{Docs, Refusal};
//! # use belfort_openapi::{self as openapi, Info};
//! # let info = Info {
//! #     title: "Belfort".into(), version: "1.0.0".into(), description: "An example.".into(),
//! #     license: "MIT".into(), session_cookie: "session".into(), tags: vec![], problems: vec![],
//! #     problem_codes: vec![], field_codes: vec![],
//! # };
//! # let document = openapi::document(&info, &mut []).unwrap();
//! let docs = Docs::new(&document)?;
//! let app = App::new().configure(docs.routes(|refusal: Refusal| ErrorUnprocessableEntity(refusal.to_string())));
//! # drop(app);
//! # Ok::<_, belfort_openapi::ui::DocsError>(())
//! ```

mod assets;
mod page;
#[cfg(test)]
mod tests;

use std::future::ready;

use actix_web::http::header::LOCATION;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};

use crate::document::Document;
pub use assets::DocsError;
use page::Page;

/// The path of the document.
pub const SCHEMA: &str = "/api/schema/";
/// The path of Swagger UI.
pub const SWAGGER_UI: &str = "/api/schema/swagger-ui/";
/// The path of ReDoc.
pub const REDOC: &str = "/api/schema/redoc/";

/// The document and its pages, rendered. Cheap to clone: each worker has one.
#[derive(Clone, Debug)]
pub struct Docs {
    json: Page,
    yaml: Page,
    /// Files by their paths.
    files: Vec<(String, Page)>,
}

/// A request that is refused. The application makes its own error of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An unknown `?format=`: 422.
    #[error("the format must be `json` or `yaml`")]
    UnknownFormat,
}

impl Docs {
    /// Renders the document and its pages.
    pub fn new(document: &Document) -> Result<Self, DocsError> {
        let mut files = vec![
            (REDOC.to_owned(), Page::new("text/html; charset=utf-8", assets::redoc_page(SCHEMA))),
            (
                format!("{REDOC}redoc.js"),
                Page::new("text/javascript; charset=utf-8", assets::redoc_script()?),
            ),
        ];
        for (name, page) in assets::swagger_ui(SCHEMA)? {
            if name == "index.html" {
                files.push((SWAGGER_UI.to_owned(), page.clone()));
            }
            files.push((format!("{SWAGGER_UI}{name}"), page));
        }
        Ok(Self {
            json: Page::new("application/json", document.to_json()),
            yaml: Page::new("application/yaml", document.to_yaml()),
            files,
        })
    }

    /// The routes, for `App::configure`.
    pub fn routes(
        &self,
        refuse: fn(Refusal) -> actix_web::Error,
    ) -> impl Fn(&mut ServiceConfig) + Clone + use<> {
        let docs = self.clone();
        move |config| {
            let (json, yaml) = (docs.json.clone(), docs.yaml.clone());
            config.service(resource(SCHEMA, move |request| {
                let page = match format(request).map_err(refuse)? {
                    Format::Json => &json,
                    Format::Yaml => &yaml,
                };
                Ok(page.answer(request))
            }));
            for (path, page) in &docs.files {
                let page = page.clone();
                config.service(resource(path, move |request| Ok(page.answer(request))));
            }
            for directory in [SCHEMA, SWAGGER_UI, REDOC] {
                let bare = directory.trim_end_matches('/');
                config.service(resource(bare, move |request| Ok(redirect(request, directory))));
            }
        }
    }
}

/// A resource for `GET` and `HEAD`. Other methods are refused by the framework, which then tells the allowed ones.
fn resource(
    path: &str,
    answer: impl Fn(&HttpRequest) -> actix_web::Result<HttpResponse> + Clone + 'static,
) -> Resource {
    let answer = move |request: HttpRequest| ready(answer(&request));
    web::resource(path).route(web::get().to(answer.clone())).route(web::head().to(answer))
}

/// A redirect that keeps the query, or `?format=yaml` would be lost on the way.
fn redirect(request: &HttpRequest, to: &str) -> HttpResponse {
    let location = match request.query_string() {
        "" => to.to_owned(),
        query => format!("{to}?{query}"),
    };
    HttpResponse::PermanentRedirect().insert_header((LOCATION, location)).finish()
}

enum Format {
    Json,
    Yaml,
}

fn format(request: &HttpRequest) -> Result<Format, Refusal> {
    // Other parameters are ignored.
    match request.query_string().split('&').filter_map(|pair| pair.strip_prefix("format=")).next_back() {
        None | Some("json") => Ok(Format::Json),
        Some("yaml") => Ok(Format::Yaml),
        Some(_) => Err(Refusal::UnknownFormat),
    }
}
