//! Who may call an operation.
//!
//! The recorded model has no room for extensions on an operation. Its list of security requirements is free text,
//! though: the names beginning with `x-` below are no schemes, and never reach the document as such.

use std::collections::BTreeMap;

use paperclip::v2::models::DefaultOperationRaw;
use serde_json::{Map, Value, json};

use super::Fault;

const BEARER: &str = "bearer";
const SESSION: &str = "session";
const PUBLIC: &str = "x-public";
const PERMISSION: &str = "x-permission";

/// The cookie that a session may come in.
pub const SESSION_COOKIE: &str = "belfort_session";

/// The caller must be known: by a token in `Authorization`, or by the session cookie.
pub fn secured(operation: &mut DefaultOperationRaw) {
    require(operation, BEARER, &[]);
    require(operation, SESSION, &[]);
}

/// Anybody may call it. Said out loud, since silence is a [`Fault`].
pub fn public(operation: &mut DefaultOperationRaw) {
    require(operation, PUBLIC, &[]);
}

/// The caller must be known and hold a grant: `x-permission` for programs, a sentence in the description for people.
pub fn permission(operation: &mut DefaultOperationRaw, resource: &str, action: &str) {
    secured(operation);
    if require(operation, PERMISSION, &[resource, action]) {
        let needs = format!("Needs the permission `{resource}:{action}`.");
        operation.description = Some(match operation.description.take().filter(|text| !text.is_empty()) {
            Some(description) => format!("{description}\n\n{needs}"),
            None => needs,
        });
    }
}

/// Extractors may say the same thing twice; the second time changes nothing.
fn require(operation: &mut DefaultOperationRaw, name: &str, values: &[&str]) -> bool {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    let requirement = BTreeMap::from([(name.to_owned(), values)]);
    let new = !operation.security.contains(&requirement);
    if new {
        operation.security.push(requirement);
    }
    new
}

/// What an operation's list of requirements says.
#[derive(Default)]
pub(super) struct Access {
    public: bool,
    schemes: Vec<String>,
    permissions: Vec<Value>,
}

impl Access {
    pub(super) fn of(operation: &DefaultOperationRaw) -> Self {
        let mut access = Self::default();
        for (name, values) in operation.security.iter().flatten() {
            match (name.as_str(), values.as_slice()) {
                (PUBLIC, _) => access.public = true,
                (PERMISSION, [resource, action]) => {
                    access.permissions.push(json!({ "resource": resource, "action": action }));
                }
                (scheme, _) => access.schemes.push(scheme.to_owned()),
            }
        }
        access
    }

    pub(super) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
        let at = || at.to_owned();
        match (self.public, self.schemes.is_empty()) {
            (true, false) => faults.push(Fault::PublicAndSecured { at: at() }),
            (false, true) => faults.push(Fault::NoSecurity { at: at() }),
            _ => {}
        }
        for scheme in self.schemes.iter().filter(|scheme| ![BEARER, SESSION].contains(&scheme.as_str())) {
            faults.push(Fault::UnknownSecurity { at: at(), scheme: scheme.clone() });
        }
        if self.permissions.len() > 1 {
            faults.push(Fault::SeveralPermissions { at: at() });
        }
    }

    /// `security` (an empty list says that none is needed) and `x-permission`.
    pub(super) fn write(&self, operation: &mut Map<String, Value>) {
        let schemes = self.schemes.iter().map(|scheme| json!({ scheme: [] }));
        operation.insert("security".into(), schemes.collect());
        if let Some(permission) = self.permissions.first() {
            operation.insert(PERMISSION.into(), permission.clone());
        }
    }
}

/// The two ways in which a caller is known.
pub(super) fn schemes() -> Value {
    json!({
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "A session token or an API key.",
        },
        SESSION: {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "A session in a browser. Calls that change something need an `Origin` of the same site.",
        },
    })
}
