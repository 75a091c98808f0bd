//! The named schemas of the document: registered in a first pass over all operations, written in a second.
//!
//! Two passes, because how a type is written depends on who sends it, and that is known only when everything has been
//! registered.

use std::collections::{BTreeMap, BTreeSet};

use paperclip::v2::models::{DefaultSchemaRaw, Either};
use serde_json::Value;

use crate::component::{
    Component, Flow, PREFIX, SchemaUse, component_name, is_component_name, recorded_name,
};
use crate::extension::Form;
use crate::fault::Fault;
use crate::schemas::Writer;

/// The named schemas, and the references to them.
#[derive(Default)]
pub(crate) struct Components {
    pub(crate) all: BTreeMap<String, Component>,
    /// References by name alone: looked up when everything has been registered.
    references: Vec<Reference>,
    open: BTreeSet<String>,
}

struct Reference {
    name: String,
    flow: Flow,
    at: String,
}

impl Components {
    /// Registers the named schemas in `schema`, and the direction in which they travel.
    pub(crate) fn register(
        &mut self,
        schema: &DefaultSchemaRaw,
        flow: Flow,
        usage: SchemaUse,
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
            self.define(name, schema, flow, usage, at, faults);
        }
        self.register_parts(schema, flow, at, faults);
    }

    /// Follows the references by name. To be called once, after everything has been registered.
    pub(crate) fn resolve(&mut self, faults: &mut Vec<Fault>) {
        while let Some(Reference { name, flow, at }) = self.references.pop() {
            let Some(component) = self.all.get_mut(&name) else {
                faults.push(Fault::DanglingReference { at, name });
                continue;
            };
            let known = component.flow;
            component.flow = known.and(flow);
            if component.flow != known {
                let schema = component.schema.clone();
                self.register_parts(&schema, flow, &at, faults);
            }
        }
        for (name, component) in &mut self.all {
            component.open = self.open.contains(name);
            component.description = component.description.take().or(component.field_description.take());
        }
        self.all.retain(|_, component| component.flow != Flow::NONE);
    }

    fn define(
        &mut self,
        name: String,
        schema: &DefaultSchemaRaw,
        flow: Flow,
        usage: SchemaUse,
        at: &str,
        faults: &mut Vec<Fault>,
    ) {
        let (description, field_description) = match usage {
            SchemaUse::Type => (schema.description.clone(), None),
            SchemaUse::Field => (None, schema.description.clone()),
        };
        let example = schema.example.clone().filter(|_| usage == SchemaUse::Type);
        let Some(known) = self.all.get_mut(&name) else {
            let schema = schema.clone();
            let component = Component { schema, description, field_description, example, flow, open: false };
            self.all.insert(name, component);
            return;
        };
        known.flow = known.flow.and(flow);
        known.description = known.description.take().or(description);
        known.field_description = known.field_description.take().or(field_description);
        known.example = known.example.take().or(example);
        let neutral = |schema| Writer::neutral().body(schema, Flow::OUT, false);
        let same = recorded_name(&known.schema) == recorded_name(schema);
        if !same || neutral(&known.schema) != neutral(schema) {
            faults.push(Fault::NameClash { at: at.to_owned(), name });
        }
    }

    fn register_parts(&mut self, schema: &DefaultSchemaRaw, flow: Flow, at: &str, faults: &mut Vec<Fault>) {
        let usage = match Form::of(schema) {
            Form::Literal(literal) => {
                for name in references(literal) {
                    self.references.push(Reference { name, flow, at: at.to_owned() });
                }
                self.open.extend(composed(literal));
                SchemaUse::Type
            }
            Form::Content => SchemaUse::Type,
            _ => SchemaUse::Field,
        };
        for part in schema.properties.values() {
            self.register(part, flow, usage, at, faults);
        }
        if let Some(items) = &schema.items {
            self.register(items, flow, SchemaUse::Type, at, faults);
        }
        if let Some(Either::Right(values)) = &schema.extra_props {
            self.register(values, flow, SchemaUse::Type, at, faults);
        }
    }
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

/// The components that are part of an `allOf`.
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
