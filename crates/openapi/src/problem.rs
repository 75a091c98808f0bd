//! The one shape of every error answer: RFC 9457.

use paperclip::v2::models::DefaultSchemaRaw;
use serde_json::json;

use super::literal;

pub(super) const NAME: &str = "Problem";

/// The component `Problem`. It is in every document.
pub fn problem_schema() -> DefaultSchemaRaw {
    let field = json!({
        "type": "object",
        "description": "What is wrong with one field.",
        "properties": {
            "field": { "type": "string", "description": "Where it is in the request.", "examples": ["title"] },
            "code": { "type": "string", "description": "Stable, for programs.", "examples": ["too-long"] },
            "detail": { "type": "string", "description": "For people." },
        },
        "required": ["code", "detail", "field"],
    });
    let schema = json!({
        "type": "object",
        "description": "Why a request failed (RFC 9457).",
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Names the kind of problem." },
            "title": { "type": "string", "description": "The kind of problem, for people." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What happened this time, for people." },
            "instance": { "type": "string", "format": "uri-reference", "description": "Which request it was." },
            "code": {
                "type": "string",
                "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
                "description": "The kind of problem, for programs. Stable.",
                "examples": ["not-found"],
            },
            "errors": {
                "type": "array",
                "description": "With 422: every field that is wrong, all at once.",
                "items": { "$ref": "#/components/schemas/ProblemField" },
            },
        },
        "required": ["code", "detail", "instance", "status", "title", "type"],
    });
    literal(Some(NAME), schema, vec![literal(Some("ProblemField"), field, Vec::new())])
}

/// What a status means wherever it is answered.
pub(super) fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read.",
        401 => "The caller is not known.",
        403 => "The caller may not do this.",
        404 => "There is no such thing, or it is outside of what the caller can see.",
        405 => "The method is not known here.",
        406 => "No media type that is asked for can be given.",
        409 => "It conflicts with what is there now.",
        412 => "It was changed since it was read: `If-Match` is stale.",
        413 => "The body is too large.",
        415 => "The body is of another media type.",
        416 => "The range is outside of the content.",
        422 => "Something in the request is invalid; `errors` says what.",
        428 => "`If-Match` is missing.",
        429 => "Too many requests.",
        503 => "Not ready, or too busy.",
        500.. => "Something went wrong that the caller cannot mend.",
        _ => "The request failed.",
    }
}
