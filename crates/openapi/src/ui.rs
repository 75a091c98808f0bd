//! The document and two ways to read it, from the binary alone.
//!
//! `/api/schema/` is the document (JSON, or YAML with `?format=yaml`), `/api/schema/swagger-ui/` tries calls out and
//! `/api/schema/redoc/` reads well. Both pages work in a network without a way out, under a Content-Security-Policy
//! that lets nothing third in: no script, style, font or picture comes from another host.
//!
//! Everything is rendered once, at start. Only the files that are listed here are served, each on a route of its own, so
//! there is no file name from outside to be looked at; any other name is the application's own 404.
//!
//! ```
//! use actix_web::{App, error::ErrorUnprocessableEntity};
//! use belfort_openapi::ui::{Docs, Refusal};
//! # use belfort_openapi::{self as openapi, Info};
//! # let info = Info {
//! #     title: "Belfort".into(), version: "1.0.0".into(), description: "An example.".into(),
//! #     license: "MIT".into(), tags: vec![],
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

use crate::Document;
use page::Page;

/// Where the document is.
pub const SCHEMA: &str = "/api/schema/";
/// Where calls can be tried out.
pub const SWAGGER_UI: &str = "/api/schema/swagger-ui/";
/// Where the document reads well.
pub const REDOC: &str = "/api/schema/redoc/";

/// Everything under `/api/schema`, rendered. Cheap to clone: each worker has one.
#[derive(Clone, Debug)]
pub struct Docs {
    json: Page,
    yaml: Page,
    /// Path and what is there.
    files: Vec<(String, Page)>,
}

/// Why there are no docs. Only a dependency that changed its files can be the cause, and the tests see that first.
#[derive(Debug, thiserror::Error)]
pub enum DocsError {
    /// The page that carries ReDoc is no longer cut the way this module cuts it.
    #[error("ReDoc's script was not found in aide's page")]
    Redoc,
    /// Swagger UI has another set of files.
    #[error("Swagger UI has no file `{name}`")]
    SwaggerUi {
        /// The file that is missing.
        name: &'static str,
    },
}

/// Why a request is refused. The application makes its own error of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `?format=` is something else: 422.
    #[error("the format is `json` or `yaml`")]
    UnknownFormat,
}

impl Docs {
    /// Renders everything.
    pub fn new(document: &Document) -> Result<Self, DocsError> {
        let mut files = vec![
            (REDOC.to_owned(), Page::new("text/html; charset=utf-8", assets::redoc_page())),
            (
                format!("{REDOC}redoc.js"),
                Page::new("text/javascript; charset=utf-8", assets::redoc_script()?),
            ),
        ];
        for (name, page) in assets::swagger_ui()? {
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

/// A resource that only gives. What else is asked of it is refused by the framework, which then tells what can be.
fn resource(
    path: &str,
    give: impl Fn(&HttpRequest) -> actix_web::Result<HttpResponse> + Clone + 'static,
) -> Resource {
    let give = move |request: HttpRequest| ready(give(&request));
    web::resource(path).route(web::get().to(give.clone())).route(web::head().to(give))
}

/// With the query, or `?format=yaml` would be lost on the way.
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
    // What else is in the query does not matter here.
    match request.query_string().split('&').filter_map(|pair| pair.strip_prefix("format=")).next_back() {
        None | Some("json") => Ok(Format::Json),
        Some("yaml") => Ok(Format::Yaml),
        Some(_) => Err(Refusal::UnknownFormat),
    }
}
