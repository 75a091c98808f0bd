//! The one shape of every error response: RFC 9457.

use std::collections::BTreeSet;

use paperclip::v2::models::DefaultSchemaRaw;
use serde_json::{Value, json};

use crate::component::PREFIX;
use crate::extension::literal;
use crate::fault::Fault;
use crate::info::{Code, Info};

/// The name of the component. It is in every document.
pub(crate) const NAME: &str = "Problem";
const FIELD: &str = "ProblemField";
const CODE: &str = "ProblemCode";
const FIELD_CODE: &str = "FieldCode";

/// The schema of a problem, with the codes that the application lists.
pub(crate) fn schema(info: &Info) -> DefaultSchemaRaw {
    let code = CodeEnum {
        name: CODE,
        description: "The kind of a problem, for programs. Codes are stable; new ones may be added.",
        codes: &info.problem_codes,
    };
    let problem = json!({
        "type": "object",
        "description": "The reason why a request failed (RFC 9457).",
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "A URI that identifies the kind of problem." },
            "title": { "type": "string", "description": "The kind of problem, in words." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What went wrong with this request, in words." },
            "instance": { "type": "string", "format": "uri-reference", "description": "The path that was requested." },
            "code": code.at_use(json!({
                "type": "string",
                "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
                "description": "The kind of problem, for programs. Codes are stable.",
                "examples": ["not-found"],
            })),
            "errors": {
                "type": "array",
                "description": "With status 422: every invalid field, all at once.",
                "items": { "$ref": format!("{PREFIX}{FIELD}") },
            },
        },
        "required": ["code", "detail", "instance", "status", "title", "type"],
    });
    let mut parts = vec![field_schema(&info.field_codes)];
    parts.extend(code.component());
    literal(Some(NAME), problem, parts)
}

fn field_schema(codes: &[Code]) -> DefaultSchemaRaw {
    let code = CodeEnum {
        name: FIELD_CODE,
        description: "What is wrong with a field, for programs. Codes are stable; new ones may be added.",
        codes,
    };
    let field = json!({
        "type": "object",
        "description": "An invalid field of a request.",
        "properties": {
            "field": {
                "type": "string",
                "description": "The name of the field or parameter.",
                "examples": ["title"],
            },
            "code": code.at_use(json!({
                "type": "string",
                "description": "What is wrong with the field, for programs. Codes are stable.",
                "examples": ["too-long"],
            })),
            "detail": { "type": "string", "description": "What is wrong with the field, in words." },
        },
        "required": ["code", "detail", "field"],
    });
    literal(Some(FIELD), field, code.component().into_iter().collect())
}

/// A component that enumerates codes, unless there are none.
struct CodeEnum<'a> {
    name: &'static str,
    description: &'static str,
    codes: &'a [Code],
}

impl CodeEnum<'_> {
    /// A reference to the component, or `otherwise`.
    fn at_use(&self, otherwise: Value) -> Value {
        if self.codes.is_empty() { otherwise } else { json!({ "$ref": format!("{PREFIX}{}", self.name) }) }
    }

    /// A plain string enum: what generators of clients make of a `oneOf` of constants differs too much. The meanings
    /// stand in the description for people, and in the extension that generators read.
    fn component(&self) -> Option<DefaultSchemaRaw> {
        if self.codes.is_empty() {
            return None;
        }
        let names: Vec<_> = self.codes.iter().map(|code| &code.code).collect();
        let meanings: Vec<_> = self.codes.iter().map(|code| &code.description).collect();
        let schema = json!({
            "type": "string",
            "enum": names,
            "description": format!("{}\n\n{}", self.description, table(self.codes)),
            "x-enum-descriptions": meanings,
        });
        Some(literal(Some(self.name), schema, Vec::new()))
    }
}

/// Checks that each code is kebab-case and listed once.
pub(crate) fn check(codes: &[Code], faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for Code { code, .. } in codes {
        if !is_kebab_case(code) {
            faults.push(Fault::CodeNotKebabCase { code: code.clone() });
        }
        if !seen.insert(code) {
            faults.push(Fault::DuplicateCode { code: code.clone() });
        }
    }
}

fn is_kebab_case(code: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    code.split('-').all(is_word)
}

/// The codes as a Markdown table, with their statuses if any has one.
fn table(codes: &[Code]) -> String {
    let with_status = codes.iter().any(|code| code.status.is_some());
    let head = if with_status {
        "| Code | Status | Meaning |\n|---|---|---|"
    } else {
        "| Code | Meaning |\n|---|---|"
    };
    let rows = codes.iter().map(|code| {
        let status = code.status.map(|status| status.to_string()).unwrap_or_default();
        let status = if with_status { format!(" {status} |") } else { String::new() };
        format!("\n| `{}` |{status} {} |", code.code, code.description.replace('|', r"\|"))
    });
    [head.to_owned()].into_iter().chain(rows).collect()
}

/// The meaning of a status, whichever operation responds with it.
pub(crate) fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read.",
        401 => "The caller is not authenticated.",
        403 => "The caller does not have the permission.",
        404 => "The resource does not exist, or the caller may not see it.",
        405 => "The path does not support this method.",
        406 => "None of the requested media types is available.",
        409 => "The request conflicts with the current state.",
        412 => "The resource was changed after it was read: `If-Match` is out of date.",
        413 => "The body is too large.",
        415 => "The media type of the body is not supported.",
        416 => "The requested range is outside of the content.",
        422 => "The request is invalid; `errors` lists every invalid field.",
        428 => "The request needs an `If-Match` header.",
        429 => "There were too many requests. Try again after the time in `Retry-After`.",
        503 => "The service is not ready or too busy. Try again later.",
        500.. => "An unexpected error on the server.",
        _ => "The request failed.",
    }
}
