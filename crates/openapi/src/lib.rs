//! The OpenAPI 3.1 document, from the handlers themselves.
//!
//! paperclip records what handlers take and give, from their signatures, as a Swagger 2 model. Its own way from there
//! to OpenAPI 3 knows no null, no bounds, no unions and no bearer tokens, writes every type out where it is used, and
//! overflows the stack on a type that contains itself. So this module reads the recorded model and writes 3.1 itself,
//! once, at start.
//!
//! It promises that the document says of each operation what it is for, who may call it, and what it answers; that
//! every `$ref` leads somewhere; and that two types never share a name. Where that is not so there is no document, but
//! a list of [`Fault`]s. What it cannot see, since paperclip keeps the last one only: a method of a path that is mounted
//! twice in one scope, and two types of one name at the very top of an answer of paperclip's own `Json<T>` (what is said
//! with [`response`] and [`body`] is seen).
//!
//! How a type is written depends on which way it travels. What is only answered has all its members, with null for what
//! is absent, as serde writes them. What is sent in refuses unknown members, and leaves out what is optional. A type
//! that does both promises what holds for both.
//!
//! ```
//! use belfort_openapi::{self as openapi, Info, Tag};
//! use actix_web::HttpResponse;
//! use paperclip::actix::{Mountable, OperationModifier, api_v2_operation, web};
//! use paperclip::v2::{models::DefaultOperationRaw, schema::Apiv2Schema};
//!
//! struct Pong;
//! impl Apiv2Schema for Pong {}
//! impl OperationModifier for Pong {
//!     fn update_response(operation: &mut DefaultOperationRaw) {
//!         openapi::public(operation);
//!         openapi::response(operation, 200, "It lives.", Some(openapi::schema::<String>()), &[]);
//!     }
//! }
//! impl actix_web::Responder for Pong {
//!     type Body = actix_web::body::BoxBody;
//!     fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
//!         HttpResponse::Ok().json("pong")
//!     }
//! }
//!
//! /// Say hello
//! #[api_v2_operation(operation_id = "show_ping", tags(Probes))]
//! async fn show_ping() -> Pong {
//!     Pong
//! }
//!
//! let info = Info {
//!     title: "Belfort".into(),
//!     version: "1.0.0".into(),
//!     description: "An example.".into(),
//!     license: "MIT OR Apache-2.0".into(),
//!     tags: vec![Tag { name: "Probes".into(), description: "Is it up?".into() }],
//! };
//! let mut scope = web::scope("/api/v1").service(web::resource("/ping").route(web::get().to(show_ping)));
//! let document = openapi::document(&info, &mut [&mut scope as &mut dyn Mountable]).unwrap();
//! assert_eq!(document.routes(), [("GET".to_owned(), "/api/v1/ping".to_owned())]);
//! // `scope` is still good for `actix_web::App::new().service(scope)`.
//! ```

mod access;
mod checks;
mod collect;
mod components;
mod describe;
mod extension;
mod fault;
mod operations;
mod problem;
mod schemas;
#[cfg(test)]
mod tests;
pub mod ui;
mod yaml;

use paperclip::actix::Mountable;
use serde_json::{Map, Value, json};

pub use access::{SESSION_COOKIE, permission, public, secured};
pub use describe::{
    CONTENT_DISPOSITION, ETAG, LOCATION, RETRY_AFTER, ResponseHeader, body, body_as, header_parameter,
    path_parameters, problems, query_parameters, response, response_as, schema, text,
};
pub use extension::{by_name, literal, patchable};
pub use fault::Fault;
pub use problem::problem_schema;

use components::{Components, Flow, Place};
use schemas::Writer;

/// What the document says about itself.
#[derive(Clone, Debug)]
pub struct Info {
    /// The name of the API.
    pub title: String,
    /// The version of the API.
    pub version: String,
    /// What it is, in Markdown.
    pub description: String,
    /// An SPDX licence expression.
    pub license: String,
    /// Every tag that operations use.
    pub tags: Vec<Tag>,
}

/// A chapter of the document.
#[derive(Clone, Debug)]
pub struct Tag {
    /// As operations name it.
    pub name: String,
    /// What belongs to it.
    pub description: String,
}

/// A document in which nothing was found wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    json: Value,
    routes: Vec<(String, String)>,
}

/// Writes the document of what is mounted, or says everything that is wrong with it.
///
/// It takes the records out of the mounts: a second call with the same mounts finds nothing.
pub fn document(info: &Info, mounts: &mut [&mut dyn Mountable]) -> Result<Document, Vec<Fault>> {
    let mut faults = Vec::new();
    let collected = collect::collect(mounts, &mut faults);
    let mut components = Components::default();
    components.see(&problem_schema(), Flow::OUT, Place::Type, problem::NAME, &mut faults);
    for schema in &collected.definitions {
        components.see(schema, Flow::NONE, Place::Type, "a definition", &mut faults);
    }
    let mut checks = checks::Checks::new(&info.tags);
    for ((path, method), operation) in &collected.routes {
        let at = collect::at(method, path);
        checks.check(operation, &at, path, &mut faults);
        operations::see(operation, &at, &mut components, &mut faults);
    }
    components.resolve(&mut faults);
    if !faults.is_empty() {
        faults.sort();
        faults.dedup();
        return Err(faults);
    }

    let writer = Writer::new(&components);
    let mut paths = Map::new();
    for ((path, method), operation) in &collected.routes {
        let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert((*method).to_owned(), operations::write(operation, writer));
        }
    }
    let schemas = components.all.iter().map(|(name, component)| (name.clone(), writer.component(component)));
    let schemas: Map<_, _> = schemas.collect();
    let routes = collected.routes.keys().map(|(path, method)| (method.to_uppercase(), path.clone()));
    let mut routes: Vec<_> = routes.collect();
    routes.sort();
    Ok(Document { json: assemble(info, paths, schemas), routes })
}

impl Document {
    /// The document itself.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The document as indented JSON, the same bytes at every run.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.json)
    }

    /// The document as block YAML.
    pub fn to_yaml(&self) -> String {
        yaml::to_yaml(&self.json)
    }

    /// Every method and path template in it, sorted: to be held against what the server really routes.
    pub fn routes(&self) -> Vec<(String, String)> {
        self.routes.clone()
    }
}

fn assemble(info: &Info, paths: Map<String, Value>, schemas: Map<String, Value>) -> Value {
    let mut tags = info.tags.clone();
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    let tags = tags.iter().map(|tag| json!({ "name": tag.name, "description": tag.description }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": info.title,
            "version": info.version,
            "description": info.description,
            "license": { "name": info.license, "identifier": info.license },
        },
        "servers": [{ "url": "/" }],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": {
                operations::REQUEST_ID: {
                    "description": "The id of the request: the one that was sent, if it was sane, else a new one.",
                    "schema": { "type": "string" },
                },
            },
            "securitySchemes": access::schemes(),
        },
    })
}
