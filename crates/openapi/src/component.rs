//! A named schema of the document, and the name it is published under.

use paperclip::v2::models::DefaultSchemaRaw;
use serde_json::Value;

/// The path that a `$ref` to a component begins with.
pub(crate) const PREFIX: &str = "#/components/schemas/";

/// The suffix of the Rust types that are only returned; clients never see it.
const SUFFIX: &str = "View";

/// A named schema.
pub(crate) struct Component {
    pub(crate) schema: DefaultSchemaRaw,
    /// The description of the type itself; a field may describe its use in other words.
    pub(crate) description: Option<String>,
    /// The description of the first field that has the type, for a type that is used in fields only: the derive macro
    /// leaves nothing of its own.
    pub(crate) field_description: Option<String>,
    pub(crate) example: Option<Value>,
    pub(crate) flow: Flow,
    /// Part of an `allOf`: it must admit the properties of the other parts.
    pub(crate) open: bool,
}

/// The direction in which a value travels. Both, for a type that is used in requests and in responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) inbound: bool,
    pub(crate) outbound: bool,
}

impl Flow {
    pub(crate) const NONE: Self = Self { inbound: false, outbound: false };
    pub(crate) const IN: Self = Self { inbound: true, outbound: false };
    pub(crate) const OUT: Self = Self { inbound: false, outbound: true };

    pub(crate) fn and(self, other: Self) -> Self {
        Self { inbound: self.inbound || other.inbound, outbound: self.outbound || other.outbound }
    }
}

/// The position of a schema. The derive macro writes the doc comment of a field over that of the field's type, so only
/// outside of fields is a description the type's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaUse {
    Type,
    Field,
}

/// The name of the component that a recorded schema is, if it is one.
pub(crate) fn component_name(schema: &DefaultSchemaRaw) -> Option<String> {
    recorded_name(schema).map(|name| published(&name))
}

/// The name of the Rust type that was recorded.
pub(crate) fn recorded_name(schema: &DefaultSchemaRaw) -> Option<String> {
    let of_reference = || schema.reference.as_deref().and_then(|path| path.rsplit('/').next());
    let name = schema.name.as_deref().or_else(of_reference).filter(|name| !name.is_empty())?;
    Some(name.replace("%3C", "<").replace("%3E", ">"))
}

/// The name for clients of a Rust type: `TaskView` is `Task`, `Page<TaskView>` is `TaskPage`.
fn published(name: &str) -> String {
    if name.is_empty() {
        return "?".to_owned(); // no name at all, which `is_component_name` refuses
    }
    let Some((outer, arguments)) = name.strip_suffix('>').and_then(|name| name.split_once('<')) else {
        return without_suffix(name).to_owned();
    };
    let arguments: Vec<_> = arguments_of(arguments).into_iter().map(published).collect();
    format!("{}{}", arguments.join("And"), without_suffix(outer))
}

fn without_suffix(name: &str) -> &str {
    name.strip_suffix(SUFFIX).filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// The arguments of a generic type, split at its own commas only.
fn arguments_of(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let own = |letter| {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    };
    list.split(own).map(str::trim).collect()
}

/// Whether OpenAPI allows the name of a component.
pub(crate) fn is_component_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"._-".contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_clients_words() {
        for (recorded, expect) in [
            ("Task", "Task"),
            ("TaskView", "Task"),
            ("View", "View"),
            ("ViewOfTasks", "ViewOfTasks"),
            ("SavedViewView", "SavedView"),
            ("Page<TaskView>", "TaskPage"),
            ("PageView<TaskView>", "TaskPage"),
            ("Page%3CTaskView%3E", "TaskPage"),
            ("Page<Change<TaskView>>", "TaskChangePage"),
            ("Either<TaskView, Page<UserView>>", "TaskAndUserPageEither"),
            ("Both<Either<A, B>, C>", "AAndBEitherAndCBoth"),
        ] {
            let schema = DefaultSchemaRaw { name: Some(recorded.to_owned()), ..DefaultSchemaRaw::default() };
            let name = component_name(&schema).unwrap();
            assert_eq!(name, expect, "{recorded}");
            assert!(is_component_name(&name), "{recorded}");
        }
    }
}
