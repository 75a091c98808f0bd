//! A role's permissions as a field.

use crate::error::FieldCode;
use std::collections::BTreeSet;

use belfort_policy::VOCABULARY;
use belfort_rbac::{Permissions, Scope};
use serde_json::{Value, json};

use crate::input::{Field, FieldViolation};

/// Entries that a list has at most: more than there are permissions.
const MAX: usize = 200;

/// The members of an entry.
const MEMBERS: [&str; 3] = ["resource", "action", "scope"];

/// An entry in its words.
type Words<'w> = (&'w str, &'w str, &'w str);

/// A list of permissions, each known and given once.
impl Field for Permissions {
    type Value = Self;

    fn schema() -> Value {
        let resources: BTreeSet<_> = VOCABULARY.pairs().map(|(resource, _)| resource).collect();
        let actions: BTreeSet<_> = VOCABULARY.pairs().map(|(_, action)| action).collect();
        json!({
            "type": "array",
            "maxItems": MAX,
            "items": {
                "type": "object",
                "properties": {
                    "resource": { "type": "string", "enum": resources, "description": "The resource." },
                    "action": { "type": "string", "enum": actions, "description": "The action on the resource." },
                    "scope": {
                        "type": "string",
                        "enum": Scope::EACH,
                        "description": format!(
                            "The scope within which the action is permitted. For {} it is always `all`: nobody owns them.",
                            unowned().join(" and "),
                        ),
                    },
                },
                "required": MEMBERS,
                "additionalProperties": false,
            },
        })
    }

    fn read(value: &Value) -> Result<Self, FieldViolation> {
        let items = value.as_array().ok_or_else(|| FieldViolation::kind("an array"))?;
        if items.len() > MAX {
            return Err(FieldViolation(
                FieldCode::TooLong,
                format!("must have at most {MAX} entries").into(),
            ));
        }
        let mut words = Vec::new();
        let mut wrong = Vec::new();
        for (place, item) in items.iter().enumerate() {
            match entry(item, &words) {
                Ok(entry) => words.push(entry),
                Err(why) => wrong.push((place, why)),
            }
        }
        if let Some(why) = together(&wrong) {
            return Err(why);
        }
        Permissions::parse(&VOCABULARY, words).map_err(|error| FieldViolation::invalid(error.to_string()))
    }
}

/// The resources that nobody owns, as documentation writes them.
fn unowned() -> Vec<String> {
    let has_owner = |resource: &&str| VOCABULARY.scopes(resource).contains(&Scope::Own);
    let resources: BTreeSet<_> = VOCABULARY.pairs().map(|(resource, _)| resource).collect();
    resources.into_iter().filter(|resource| !has_owner(resource)).map(|name| format!("`{name}`")).collect()
}

/// The words of an entry that goes with those `before` it. Nothing of what was sent is repeated in what is wrong with it.
fn entry<'v>(value: &'v Value, before: &[Words<'v>]) -> Result<Words<'v>, FieldViolation> {
    let object = value.as_object().ok_or_else(|| FieldViolation::kind("an object"))?;
    if object.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
        return Err(FieldViolation(
            FieldCode::UnknownField,
            "must have no fields other than resource, action and scope".into(),
        ));
    }
    let [resource, action, scope] = MEMBERS.map(|name| match object.get(name) {
        Some(Value::String(word)) => Ok(word.as_str()),
        Some(_) => Err(FieldViolation::kind("a string")),
        None => Err(FieldViolation(FieldCode::Required, format!("{name} is required").into())),
    });
    let words = (resource?, action?, scope?);
    if VOCABULARY.find(words.0, words.1).is_none() {
        return Err(FieldViolation(
            FieldCode::InvalidChoice,
            "must be an action that exists for the resource".into(),
        ));
    }
    let Ok(scope) = words.2.parse::<Scope>() else {
        return Err(FieldViolation(FieldCode::InvalidChoice, "scope must be one of own, team, all".into()));
    };
    if !VOCABULARY.scopes(words.0).contains(&scope) {
        return Err(FieldViolation(
            FieldCode::InvalidChoice,
            "scope must be all, because nobody owns this resource".into(),
        ));
    }
    if before.iter().any(|(resource, action, _)| (*resource, *action) == (words.0, words.1)) {
        return Err(FieldViolation::invalid("must not repeat a resource and action"));
    }
    Ok(words)
}

/// The problem of the list, made of those of its entries. The code is theirs where they agree.
fn together(wrong: &[(usize, FieldViolation)]) -> Option<FieldViolation> {
    let (_, FieldViolation(code, _)) = wrong.first()?;
    let agree = wrong.iter().all(|(_, FieldViolation(other, _))| other == code);
    let details: Vec<String> =
        wrong.iter().map(|(place, FieldViolation(_, why))| format!("[{place}] {why}")).collect();
    Some(FieldViolation(if agree { *code } else { FieldCode::Invalid }, details.join("; ").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Permissions, (FieldCode, String)> {
        Permissions::read(&value).map_err(|FieldViolation(code, detail)| (code, detail.into_owned()))
    }

    #[test]
    fn every_permission_there_is_can_be_listed() {
        let all = Permissions::everything(&VOCABULARY);
        let list: Vec<_> = all.iter().collect();
        assert_eq!(read(json!(list)), Ok(all));
        assert_eq!(read(json!([])), Ok(Permissions::default()));
    }

    #[test]
    fn whatever_is_wrong_with_an_entry_is_told() {
        let fine = json!({ "resource": "tasks", "action": "read", "scope": "own" });
        let with = |name: &str, value: Value| {
            let mut entry = fine.clone();
            entry[name] = value;
            entry
        };
        for (entry, code) in [
            (json!("tasks read own"), "invalid-type"),
            (json!(["tasks", "read", "own"]), "invalid-type"),
            (with("scope", json!(null)), "invalid-type"),
            (with("resource", json!(["tasks"])), "invalid-type"),
            (json!({ "resource": "tasks", "action": "read" }), "required"),
            (json!({}), "required"),
            (with("is_admin", json!(true)), "unknown-field"),
            (with("Scope", json!("all")), "unknown-field"),
            (with("resource", json!("")), "invalid-choice"),
            (with("resource", json!("Tasks")), "invalid-choice"),
            (with("resource", json!("tasks read all\n")), "invalid-choice"),
            (with("action", json!("export")), "invalid-choice"),
            (with("action", json!("*")), "invalid-choice"),
            (with("scope", json!("none")), "invalid-choice"),
            (with("scope", json!("ALL")), "invalid-choice"),
            (json!({ "resource": "roles", "action": "read", "scope": "own" }), "invalid-choice"),
            (json!({ "resource": "workspace", "action": "update", "scope": "team" }), "invalid-choice"),
        ] {
            let told = read(json!([entry])).unwrap_err();
            assert_eq!(told.0.as_str(), code, "{entry}: {}", told.1);
            assert!(told.1.starts_with("[0] "), "{}", told.1);
        }
        assert_eq!(read(json!([fine, with("scope", json!("all"))])).unwrap_err().0, FieldCode::Invalid);
        let several = read(json!([7, fine, {}, with("scope", json!("all"))])).unwrap_err();
        assert_eq!(several.0, FieldCode::Invalid);
        for place in ["[0] ", "[2] ", "[3] "] {
            assert!(several.1.contains(place), "{}", several.1);
        }
        assert!(!several.1.contains("[1] "), "{}", several.1);
        assert_eq!(read(json!(vec![fine.clone(); 201])).unwrap_err().0, FieldCode::TooLong);
        assert_eq!(read(fine).unwrap_err().0, FieldCode::InvalidType);
    }
}
