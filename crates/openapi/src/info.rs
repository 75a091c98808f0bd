//! The application's description of itself, beside its handlers.

/// The parts of the document that no handler knows.
#[derive(Clone, Debug)]
pub struct Info {
    /// The name of the API.
    pub title: String,
    /// The version of the API.
    pub version: String,
    /// An introduction, in Markdown.
    pub description: String,
    /// An SPDX licence expression.
    pub license: String,
    /// The name of the cookie that carries a session.
    pub session_cookie: String,
    /// Every tag that operations use.
    pub tags: Vec<Tag>,
    /// Problems of single operations, by operation id and status, that neither extractors nor responders describe.
    pub problems: Vec<(String, Vec<u16>)>,
    /// Every code of a problem. With none, the document allows any code of the usual form.
    pub problem_codes: Vec<Code>,
    /// Every code of an invalid field. With none, the document allows any string.
    pub field_codes: Vec<Code>,
}

/// A tag: a chapter of the document.
#[derive(Clone, Debug)]
pub struct Tag {
    /// The name that operations give.
    pub name: String,
    /// A sentence on what belongs to it.
    pub description: String,
}

/// A code that programs tell errors apart by.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code itself, for example `not-found`.
    pub code: String,
    /// The HTTP status of the response, if it is always the same.
    pub status: Option<u16>,
    /// A sentence on what the code means.
    pub description: String,
}
