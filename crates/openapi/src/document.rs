//! The OpenAPI document: assembled, and as JSON or YAML.

use std::collections::{BTreeMap, BTreeSet};

use paperclip::actix::Mountable;
use serde_json::{Map, Value, json};

use crate::access;
use crate::checks::Checks;
use crate::collect;
use crate::component::{Flow, SchemaUse};
use crate::components::Components;
use crate::describe;
use crate::fault::Fault;
use crate::info::Info;
use crate::operations;
use crate::problem;
use crate::schemas::Writer;
use crate::yaml;

/// An OpenAPI document without faults.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    json: Value,
    routes: Vec<(String, String)>,
}

/// Writes the document of what is mounted, or lists every fault in it.
///
/// It takes the records out of the mounts: a second call with the same mounts finds nothing.
///
/// # Errors
/// All faults, sorted.
pub fn document(info: &Info, mounts: &mut [&mut dyn Mountable]) -> Result<Document, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut collected = collect::collect(mounts, &mut faults);
    for (id, statuses) in &info.problems {
        let mut operations = collected.routes.values_mut();
        match operations.find(|operation| operation.operation_id.as_ref() == Some(id)) {
            Some(operation) => describe::problems(operation, statuses),
            None => faults.push(Fault::UnknownOperation { id: id.clone() }),
        }
    }
    for ((_, method), operation) in &mut collected.routes {
        if !["get", "head"].contains(method) {
            describe::without_not_modified(operation);
        }
    }
    let mut components = Components::default();
    problem::check(&info.problem_codes, &mut faults);
    problem::check(&info.field_codes, &mut faults);
    components.register(&problem::schema(info), Flow::OUT, SchemaUse::Type, problem::NAME, &mut faults);
    for schema in &collected.definitions {
        components.register(schema, Flow::NONE, SchemaUse::Type, "a definition", &mut faults);
    }
    let mut checks = Checks::new(&info.tags);
    for ((path, method), operation) in &collected.routes {
        let at = collect::at(method, path);
        checks.check(operation, &at, path, &mut faults);
        operations::register(operation, &at, &mut components, &mut faults);
    }
    components.resolve(&mut faults);
    if !faults.is_empty() {
        faults.sort();
        faults.dedup();
        return Err(faults);
    }

    let writer = Writer::new(&components.all);
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
    /// The document as a JSON value.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The document as indented JSON, the same bytes at every run.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.json)
    }

    /// The document as YAML.
    pub fn to_yaml(&self) -> String {
        yaml::to_yaml(&self.json)
    }

    /// The methods and path templates, sorted: to be compared with what the server really routes.
    pub fn routes(&self) -> Vec<(String, String)> {
        self.routes.clone()
    }

    /// The path templates of the operations that take query parameters, each with its methods.
    pub fn query_operations(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (method, path) in &self.routes {
            let item = self.json.get("paths").and_then(|paths| paths.get(path));
            let operation = item.and_then(|item| item.get(method.to_lowercase()));
            let parameters = operation.and_then(|operation| operation.get("parameters")?.as_array());
            let mut places = parameters.into_iter().flatten().filter_map(|parameter| parameter.get("in"));
            if places.any(|place| place == "query") {
                found.entry(path.clone()).or_default().insert(method.clone());
            }
        }
        found
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
                    "description": "The ID of the request: the one that was sent, if it was well-formed, otherwise a new one.",
                    "schema": { "type": "string" },
                },
            },
            "securitySchemes": access::schemes(&info.session_cookie),
        },
    })
}
