//! The codes that programs tell problems apart by.
//!
//! They are a contract: a code is neither renamed nor given another status. The first line of each variant's documentation is
//! published with the code in the OpenAPI document.

use actix_web::http::StatusCode;
use belfort_openapi::Code;
use strum::{EnumMessage, IntoStaticStr, VariantArray};

/// The `code` of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum ProblemCode {
    /// The request cannot be read.
    BadRequest,
    /// The body is not JSON.
    MalformedJson,
    /// The body is not valid multipart/form-data with the boundary of its Content-Type.
    MalformedMultipart,
    /// The body ended before it was complete.
    BrokenBody,
    /// The cursor does not belong to this list and filter.
    BadCursor,
    /// The Idempotency-Key is sent more than once, is empty or too long, or is not ASCII.
    BadIdempotencyKey,
    /// The request carries no valid session token or API key.
    NotAuthenticated,
    /// The email address or the password is wrong.
    InvalidCredentials,
    /// The role of the caller does not permit this action on this resource.
    Forbidden,
    /// The role that is to be assigned, removed or changed, or a team with these members, permits more than the caller's own role.
    Escalation,
    /// A change with the session cookie does not have an Origin header of this host.
    ForeignOrigin,
    /// The operation needs a session; an API key is not enough.
    SessionRequired,
    /// The workspace is suspended.
    WorkspaceSuspended,
    /// The resource does not exist, or the caller may not see it.
    NotFound,
    /// There is no workspace at this address.
    WorkspaceNotFound,
    /// The sign-up does not exist, has expired, was confirmed, or was cancelled after too many wrong codes.
    SignupOver,
    /// The invitation does not exist, has expired, was revoked or was accepted.
    InvitationOver,
    /// The path does not support this method.
    MethodNotAllowed,
    /// The body took too long to arrive.
    RequestTimeout,
    /// Another resource of this kind has this name.
    NameTaken,
    /// A user or an invitation has this email address.
    EmailTaken,
    /// The slug is taken.
    SlugTaken,
    /// The workspace would be left without an active admin.
    LastAdmin,
    /// A user or an invitation has this role.
    RoleInUse,
    /// The user has a running timer.
    TimerRunning,
    /// The timer is not running.
    TimerNotRunning,
    /// The upload took too long.
    UploadOver,
    /// The password was changed by another request in the meantime.
    ChangedMeanwhile,
    /// The resource has changed since it was read: `If-Match` is out of date.
    Stale,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is not declared as JSON.
    NotJson,
    /// The body is not declared as multipart/form-data.
    NotMultipart,
    /// The body has a Content-Encoding.
    EncodedBody,
    /// The requested range is outside of the content.
    OutOfRange,
    /// Some fields are invalid; `errors` lists them.
    Invalid,
    /// The request has fields that this operation does not know; `errors` lists them.
    UnknownField,
    /// The Idempotency-Key was used for another request.
    IdempotencyKeyReused,
    /// The report would be too large.
    ReportTooLarge,
    /// There were too many attempts; `Retry-After` says when the next one may be made.
    TooManyRequests,
    /// An unexpected error occurred on the server.
    Internal,
    /// The server is busy; `Retry-After` says when to try again.
    Busy,
    /// The email that this operation sends cannot be sent; `Retry-After` says when to try again.
    MailUnavailable,
}

impl ProblemCode {
    /// The code as it is sent.
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    /// The status that goes with it.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest
            | Self::MalformedJson
            | Self::MalformedMultipart
            | Self::BrokenBody
            | Self::BadCursor
            | Self::BadIdempotencyKey => StatusCode::BAD_REQUEST,
            Self::NotAuthenticated | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::Escalation
            | Self::ForeignOrigin
            | Self::SessionRequired
            | Self::WorkspaceSuspended => StatusCode::FORBIDDEN,
            Self::NotFound | Self::WorkspaceNotFound | Self::SignupOver | Self::InvitationOver => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::NameTaken
            | Self::EmailTaken
            | Self::SlugTaken
            | Self::LastAdmin
            | Self::RoleInUse
            | Self::TimerRunning
            | Self::TimerNotRunning
            | Self::UploadOver
            | Self::ChangedMeanwhile => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson | Self::NotMultipart | Self::EncodedBody => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::OutOfRange => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Invalid | Self::UnknownField | Self::IdempotencyKeyReused | Self::ReportTooLarge => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::MailUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Every code, for the OpenAPI document.
    pub(crate) fn published() -> Vec<Code> {
        let code = |code: &Self| {
            // The framework's own refusals have this one code and the status that it chose.
            let status = (*code != Self::BadRequest).then(|| code.status());
            published(code.as_str(), status, code.get_documentation())
        };
        Self::VARIANTS.iter().map(code).collect()
    }

    /// The code for people: `last-admin` is titled `Last admin`.
    pub(crate) fn title(self) -> String {
        let mut title = self.as_str().replace('-', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        title
    }
}

/// The `code` of one invalid field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum FieldCode {
    /// The field is missing.
    Required,
    /// The value has another JSON type.
    InvalidType,
    /// The value is not acceptable; `detail` says why.
    Invalid,
    /// The value is not one of the allowed values.
    InvalidChoice,
    /// The text is too short.
    TooShort,
    /// The text or list is too long.
    TooLong,
    /// The text is too short or too long.
    InvalidLength,
    /// The number, amount or date is outside the allowed range.
    OutOfRange,
    /// The text contains a character that is not allowed.
    ForbiddenCharacter,
    /// The operation has no field of this name.
    UnknownField,
    /// The ID does not exist in this workspace.
    UnknownId,
    /// The slug is reserved.
    Reserved,
    /// The password is wrong.
    WrongPassword,
    /// The password is easy to guess; `detail` says why.
    EasyToGuess,
    /// The code is wrong.
    WrongCode,
    /// There are more errors than are listed; `detail` says how many.
    MoreErrors,
}

impl FieldCode {
    /// The code as it is sent.
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    /// Every code, for the OpenAPI document.
    pub(crate) fn published() -> Vec<Code> {
        let code = |code: &Self| published(code.as_str(), None, code.get_documentation());
        Self::VARIANTS.iter().map(code).collect()
    }
}

fn published(code: &str, status: Option<StatusCode>, meaning: Option<&str>) -> Code {
    Code {
        code: code.to_owned(),
        status: status.map(|status| status.as_u16()),
        description: meaning.unwrap_or_default().to_owned(),
    }
}

impl serde::Serialize for FieldCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_titled_for_people() {
        assert_eq!(ProblemCode::LastAdmin.title(), "Last admin");
    }

    #[test]
    fn every_code_is_in_the_document() {
        let document = crate::document().unwrap();
        let listed = |name: &str| document.json()["components"]["schemas"][name]["enum"].clone();
        let codes: Vec<_> = ProblemCode::VARIANTS.iter().map(|code| code.as_str()).collect();
        assert_eq!(listed("ProblemCode"), serde_json::json!(codes));
        let codes: Vec<_> = FieldCode::VARIANTS.iter().map(|code| code.as_str()).collect();
        assert_eq!(listed("FieldCode"), serde_json::json!(codes));
    }

    #[test]
    fn every_code_says_what_it_means() {
        assert!(ProblemCode::VARIANTS.iter().all(|code| code.get_documentation().is_some()));
        assert!(FieldCode::VARIANTS.iter().all(|code| code.get_documentation().is_some()));
    }
}
