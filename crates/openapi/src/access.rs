//! The access to an operation: public, for authenticated callers, or for those with a permission.
//!
//! The recorded model has no room for extensions on an operation. Its list of security requirements is free text,
//! though: the names beginning with `x-` below are no schemes, and never reach the document as such.

use std::collections::BTreeMap;

use paperclip::v2::models::DefaultOperationRaw;
use serde_json::{Map, Value, json};

use crate::fault::Fault;

const BEARER: &str = "bearer";
const SESSION: &str = "session";
const PUBLIC: &str = "x-public";
const PERMISSION: &str = "x-permission";

/// Requires an authenticated caller: by a token in `Authorization`, or by the session cookie.
pub fn secured(operation: &mut DefaultOperationRaw) {
    require(operation, BEARER, &[]);
    require(operation, SESSION, &[]);
}

/// Lets anybody call the operation. It must be said, since silence is a [`Fault`].
pub fn public(operation: &mut DefaultOperationRaw) {
    require(operation, PUBLIC, &[]);
}

/// Requires a permission: `x-permission` for programs, a sentence in the description for people.
pub fn permission(operation: &mut DefaultOperationRaw, resource: &str, action: &str) {
    secured(operation);
    if require(operation, PERMISSION, &[resource, action]) {
        let needs = format!("Requires the permission `{resource}:{action}`.");
        operation.description = Some(match operation.description.take().filter(|text| !text.is_empty()) {
            Some(description) => format!("{description}\n\n{needs}"),
            None => needs,
        });
    }
}

/// Adds a requirement, and tells whether it is new: several extractors may add the same one.
fn require(operation: &mut DefaultOperationRaw, name: &str, values: &[&str]) -> bool {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    let requirement = BTreeMap::from([(name.to_owned(), values)]);
    let new = !operation.security.contains(&requirement);
    if new {
        operation.security.push(requirement);
    }
    new
}

/// The access that an operation's list of requirements describes.
#[derive(Default)]
pub(crate) struct Access {
    public: bool,
    schemes: Vec<String>,
    permissions: Vec<Value>,
}

impl Access {
    pub(crate) fn of(operation: &DefaultOperationRaw) -> Self {
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

    pub(crate) fn check(&self, at: &str, faults: &mut Vec<Fault>) {
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

    /// Writes `security` (empty for a public operation) and `x-permission`.
    pub(crate) fn write(&self, operation: &mut Map<String, Value>) {
        let schemes = self.schemes.iter().map(|scheme| json!({ scheme: [] }));
        operation.insert("security".into(), schemes.collect());
        if let Some(permission) = self.permissions.first() {
            operation.insert(PERMISSION.into(), permission.clone());
        }
    }
}

/// The security schemes: the two ways to authenticate.
pub(crate) fn schemes(session_cookie: &str) -> Value {
    json!({
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of a session, from logging in.",
        },
        SESSION: {
            "type": "apiKey",
            "in": "cookie",
            "name": session_cookie,
            "description": "The session of a browser. Requests that change something need an `Origin` header of the same host.",
        },
    })
}
