//! The faults that a document can have.

/// A reason why there is no document. All of them are found at once, so that one run is enough to mend them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what its name means")]
pub enum Fault {
    #[error("{at}: has no operation id; write `operation_id = \"list_things\"` in #[api_v2_operation]")]
    NoOperationId { at: String },
    #[error("{at}: the operation id `{id}` is not snake_case")]
    OperationIdNotSnakeCase { at: String, id: String },
    #[error("{at}: the operation id `{id}` is already that of {first}")]
    DuplicateOperationId { at: String, id: String, first: String },
    #[error("{at}: has no tag; write `tags(Things)` in #[api_v2_operation]")]
    NoTag { at: String },
    #[error("{at}: the tag `{tag}` is not described in `Info::tags`")]
    UndescribedTag { at: String, tag: String },
    #[error("{at}: has no summary; begin the handler's doc comment with one line")]
    NoSummary { at: String },
    #[error("{at}: describes no response below 400")]
    NoResponse { at: String },
    #[error(
        "{at}: documents a path parameter that has no name; the template has fewer than the handler takes"
    )]
    UnnamedPathParameter { at: String },
    #[error("{at}: the path has `{{{name}}}`, but the handler does not take it")]
    UndocumentedPathParameter { at: String, name: String },
    #[error("{at}: documents the path parameter `{name}`, which is not in the path")]
    ForeignPathParameter { at: String, name: String },
    #[error("{at}: documents the {place} parameter `{name}` twice")]
    DuplicateParameter { at: String, place: String, name: String },
    #[error(
        "{at}: says neither who may call it nor that it is public; use `secured`, `permission` or `public`"
    )]
    NoSecurity { at: String },
    #[error("{at}: says that it is public and that it is secured")]
    PublicAndSecured { at: String },
    #[error("{at}: names the security scheme `{scheme}`, which there is not")]
    UnknownSecurity { at: String, scheme: String },
    #[error("{at}: requires more than one permission")]
    SeveralPermissions { at: String },
    #[error("{at}: takes form fields one by one; describe the whole form with `body_as`")]
    FormField { at: String },
    #[error("{at}: is mounted twice")]
    DuplicateRoute { at: String },
    #[error("{first} and {second} are the same path with other names")]
    SamePath { first: String, second: String },
    #[error("{at}: refers to the schema `{name}`, which no type defines")]
    DanglingReference { at: String, name: String },
    #[error("{at}: another type is already published as `{name}` (a trailing `View` is no part of the name)")]
    NameClash { at: String, name: String },
    #[error("{at}: `{name}` cannot be the name of a schema; each type argument needs a name too")]
    BadName { at: String, name: String },
    #[error("there is no operation `{id}`, of which problems are listed")]
    UnknownOperation { id: String },
    #[error("the code `{code}` is listed twice")]
    DuplicateCode { code: String },
    #[error("the code `{code}` is not kebab-case")]
    CodeNotKebabCase { code: String },
}
