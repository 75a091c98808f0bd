//! The named schemas of the document: found in a first pass over all operations, written in a second.
//!
//! Two passes, because how a type is written depends on who sends it, and that is known only when everything has been
//! seen: what only leaves the server has all its members, what comes in refuses unknown ones.

use std::collections::{BTreeMap, BTreeSet};

use paperclip::v2::models::{DefaultSchemaRaw, Either};
use serde_json::Value;

use super::Fault;
use super::extension::Form;
use super::schemas::Writer;

/// Where a `$ref` to a component points.
pub(super) const PREFIX: &str = "#/components/schemas/";

/// Which way a value travels. Both, for a type that is used in requests and in answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) inbound: bool,
    pub(super) outbound: bool,
}

impl Flow {
    pub(super) const NONE: Self = Self { inbound: false, outbound: false };
    pub(super) const IN: Self = Self { inbound: true, outbound: false };
    pub(super) const OUT: Self = Self { inbound: false, outbound: true };

    fn and(self, other: Self) -> Self {
        Self { inbound: self.inbound || other.inbound, outbound: self.outbound || other.outbound }
    }
}

/// Where a schema stands. The derive macro writes the doc comment of a field over that of the field's type, so only
/// outside of fields is a description the type's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Type,
    Field,
}

/// A named schema.
pub(super) struct Component {
    pub(super) schema: DefaultSchemaRaw,
    /// What the type says about itself; a field may say something else about its use.
    pub(super) description: Option<String>,
    pub(super) example: Option<Value>,
    pub(super) flow: Flow,
    /// Stands in an `allOf`, so the members of the others would be unknown to it.
    pub(super) open: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Components {
    pub(super) all: BTreeMap<String, Component>,
    /// References by name alone: looked up when everything has been seen.
    references: Vec<Reference>,
    open: BTreeSet<String>,
}

struct Reference {
    name: String,
    flow: Flow,
    at: String,
}

impl Components {
    /// Notes the named schemas in `schema`, and which way they travel.
    pub(super) fn see(
        &mut self,
        schema: &DefaultSchemaRaw,
        flow: Flow,
        place: Place,
        at: &str,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(name) = component_name(schema) {
            if !is_component_name(&name) {
                faults.push(Fault::BadName { at: at.to_owned(), name: name.clone() });
            }
            if matches!(Form::of(schema), Form::Name) {
                self.references.push(Reference { name, flow, at: at.to_owned() });
                return;
            }
            self.define(name, schema, flow, place, at, faults);
        }
        self.see_parts(schema, flow, at, faults);
    }

    /// Follows the references by name. To be called once, after everything has been seen.
    pub(super) fn resolve(&mut self, faults: &mut Vec<Fault>) {
        while let Some(Reference { name, flow, at }) = self.references.pop() {
            let Some(component) = self.all.get_mut(&name) else {
                faults.push(Fault::DanglingReference { at, name });
                continue;
            };
            let known = component.flow;
            component.flow = known.and(flow);
            if component.flow != known {
                let schema = component.schema.clone();
                self.see_parts(&schema, flow, &at, faults);
            }
        }
        for (name, component) in &mut self.all {
            component.open = self.open.contains(name);
        }
        self.all.retain(|_, component| component.flow != Flow::NONE);
    }

    fn define(
        &mut self,
        name: String,
        schema: &DefaultSchemaRaw,
        flow: Flow,
        place: Place,
        at: &str,
        faults: &mut Vec<Fault>,
    ) {
        let description = schema.description.clone().filter(|_| place == Place::Type);
        let example = schema.example.clone().filter(|_| place == Place::Type);
        let Some(known) = self.all.get_mut(&name) else {
            let schema = schema.clone();
            self.all.insert(name, Component { schema, description, example, flow, open: false });
            return;
        };
        known.flow = known.flow.and(flow);
        known.description = known.description.take().or(description);
        known.example = known.example.take().or(example);
        let neutral = |schema| Writer::neutral().body(schema, Flow::OUT, false);
        if neutral(&known.schema) != neutral(schema) {
            faults.push(Fault::NameClash { at: at.to_owned(), name });
        }
    }

    fn see_parts(&mut self, schema: &DefaultSchemaRaw, flow: Flow, at: &str, faults: &mut Vec<Fault>) {
        let members = match Form::of(schema) {
            Form::Literal(literal) => {
                for name in references(literal) {
                    self.references.push(Reference { name, flow, at: at.to_owned() });
                }
                self.open.extend(composed(literal));
                Place::Type
            }
            Form::Content => Place::Type,
            _ => Place::Field,
        };
        for part in schema.properties.values() {
            self.see(part, flow, members, at, faults);
        }
        if let Some(items) = &schema.items {
            self.see(items, flow, Place::Type, at, faults);
        }
        if let Some(Either::Right(values)) = &schema.extra_props {
            self.see(values, flow, Place::Type, at, faults);
        }
    }
}

/// The name of the component that a recorded schema is, if it is one: `Page<Task>` is `PageOfTask`.
pub(super) fn component_name(schema: &DefaultSchemaRaw) -> Option<String> {
    let of_reference = || schema.reference.as_deref().and_then(|path| path.rsplit('/').next());
    let name = schema.name.as_deref().or_else(of_reference).filter(|name| !name.is_empty())?;
    let name = name.replace("%3C", "<").replace("%3E", ">");
    Some(name.replace("<>", "<?>").replace(", ", "And").replace('<', "Of").replace('>', ""))
}

fn is_component_name(name: &str) -> bool {
    name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"._-".contains(&letter))
}

/// The components that a JSON Schema refers to.
fn references(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(schema, &mut |object| {
        let reference = object.get("$ref").and_then(Value::as_str);
        found.extend(reference.and_then(|path| path.strip_prefix(PREFIX)).map(str::to_owned));
    });
    found
}

/// The components that stand in an `allOf`.
fn composed(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(schema, &mut |object| found.extend(object.get("allOf").map(references).unwrap_or_default()));
    found
}

fn walk(schema: &Value, visit: &mut impl FnMut(&serde_json::Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|part| walk(part, visit));
        }
        Value::Array(list) => list.iter().for_each(|part| walk(part, visit)),
        _ => {}
    }
}
