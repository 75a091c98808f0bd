//! Problems as clients see them: RFC 9457 `application/problem+json`.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentRange, ContentRangeSpec};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use super::cause::chain;
use super::{FieldCode, ProblemCode};

/// The result of a handler.
pub(crate) type ApiResult<T, E = Problem> = Result<T, E>;

/// Errors of fields that are told of, at most.
const TOLD: usize = 50;

/// A problem: an error as a client sees it.
///
/// What is in it is sent, except the cause, which is logged where the answer is written. Neither holds SQL, a schema's name
/// or a path: a text is written here or by the crate whose rule was broken.
pub(crate) struct Problem(Box<Inner>);

struct Inner {
    code: ProblemCode,
    /// The status, where the framework chose another than the code has.
    status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    /// The size of the content that a range lies outside of.
    content_size: Option<u64>,
    cause: Option<String>,
}

/// The problem of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FieldError {
    /// The field, as it was sent.
    pub(crate) field: String,
    /// The code, for programs.
    pub(crate) code: FieldCode,
    /// The explanation, for people.
    pub(crate) detail: Cow<'static, str>,
}

impl Problem {
    /// A problem with this code and this explanation.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            status: code.status(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            content_size: None,
            cause: None,
        }))
    }

    /// The problem of a request that the framework refused with this status.
    pub(crate) fn unreadable_request(status: StatusCode) -> Self {
        let mut problem = Self::new(ProblemCode::BadRequest, "The request cannot be read.");
        problem.0.status = status;
        problem
    }

    /// 401: nobody is logged in.
    pub(crate) fn not_authenticated() -> Self {
        Self::new(
            ProblemCode::NotAuthenticated,
            "You are not logged in. Log in, and send the token as a bearer token or as the cookie.",
        )
    }

    /// 403: an API key is not enough.
    pub(crate) fn session_required() -> Self {
        Self::new(ProblemCode::SessionRequired, "This needs a session: log in instead of sending an API key.")
    }

    /// 408: the body did not arrive in time.
    pub(crate) fn request_timeout() -> Self {
        let detail = "The body took too long to arrive. Send the request again.";
        Self::new(ProblemCode::RequestTimeout, detail)
    }

    /// 404: the row does not exist or is outside the caller's scope. The two are never distinguished.
    pub(crate) fn not_found() -> Self {
        Self::new(ProblemCode::NotFound, "The resource does not exist, or you may not see it.")
    }

    /// 404: there is no workspace at this host.
    pub(crate) fn workspace_not_found() -> Self {
        Self::new(ProblemCode::WorkspaceNotFound, "There is no workspace at this address.")
    }

    /// 404: the invitation does not exist, has expired or was accepted. The three are never distinguished.
    pub(crate) fn invitation_over() -> Self {
        let detail = "This invitation is not valid or no longer valid. Ask for a new one.";
        Self::new(ProblemCode::InvitationOver, detail)
    }

    /// 412: the row was changed since it was read.
    pub(crate) fn stale() -> Self {
        Self::new(
            ProblemCode::Stale,
            "The resource has changed since you read it. Read it again and repeat your change.",
        )
    }

    /// 416: the range lies outside of content of `size` bytes.
    pub(crate) fn out_of_range(size: u64) -> Self {
        let detail = format!("The requested range is outside of the content, which has {size} bytes.");
        let mut problem = Self::new(ProblemCode::OutOfRange, detail);
        problem.0.content_size = Some(size);
        problem
    }

    /// 422: these fields are invalid.
    ///
    /// So many are told of, and the number of the others: a body of nothing but errors would be answered by one ten times as long.
    pub(crate) fn invalid(errors: impl IntoIterator<Item = FieldError>) -> Self {
        let mut all = errors.into_iter();
        let mut errors: Vec<FieldError> = all.by_ref().take(TOLD).collect();
        let mut problem = Self::new(ProblemCode::Invalid, "Some fields are invalid: see `errors`.");
        // The commonest mistake has a code of its own, so that a client need not look into the list.
        if !errors.is_empty() && errors.iter().all(|error| error.code == FieldCode::UnknownField) {
            problem.0.code = ProblemCode::UnknownField;
            problem.0.detail = "Some fields are unknown: see `errors`.".into();
        }
        let more = all.count();
        if more > 0 {
            let detail = format!("{more} more errors are not listed").into();
            errors.push(FieldError { field: String::new(), code: FieldCode::MoreErrors, detail });
        }
        problem.0.errors = errors;
        problem
    }

    /// 422: this field is invalid.
    pub(crate) fn invalid_field(field: &str, code: FieldCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid([FieldError { field: field.to_owned(), code, detail: detail.into() }])
    }

    /// 422: the key was used for another request. The header stands where else a field does.
    pub(crate) fn idempotency_key_reused() -> Self {
        let detail = "This Idempotency-Key was already used for another request. Choose a new one.";
        Self::new(ProblemCode::IdempotencyKeyReused, detail).of_field(
            "Idempotency-Key",
            FieldCode::Invalid,
            "was already used for another request",
        )
    }

    /// The problem with the field that it lies in: every 422 names one.
    #[must_use]
    pub(crate) fn of_field(mut self, field: &str, code: FieldCode, detail: &'static str) -> Self {
        self.0.errors.push(FieldError { field: field.to_owned(), code, detail: detail.into() });
        self
    }

    /// 429: too many attempts.
    pub(crate) fn too_many(retry_after: chrono::Duration) -> Self {
        Self::new(ProblemCode::TooManyRequests, "There were too many attempts. Wait before you try again.")
            .retry_after(u64::try_from(retry_after.num_seconds()).unwrap_or(0).saturating_add(1))
    }

    /// 503: the server is overloaded.
    pub(crate) fn busy() -> Self {
        Self::new(ProblemCode::Busy, "The server is busy. Try again in a moment.").retry_after(1)
    }

    /// 503: the message that this needs cannot be sent.
    pub(crate) fn mail_unavailable() -> Self {
        let detail = "The email could not be sent. Try again later.";
        Self::new(ProblemCode::MailUnavailable, detail).retry_after(60)
    }

    /// The same about the message of a change that is committed: to repeat the request would not send it.
    #[must_use]
    pub(crate) fn after_commit(mut self) -> Self {
        if self.0.code == ProblemCode::MailUnavailable {
            self.0.detail =
                "The change was saved, but the email could not be sent. Send it again later.".into();
        }
        self
    }

    /// 500: an error of the server. The cause goes to the log and nowhere else.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let detail = "An unexpected error occurred on the server. If you report it, include the request ID.";
        Self::new(ProblemCode::Internal, detail).because(cause)
    }

    /// The problem with the seconds after which another attempt is worthwhile.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The problem with its cause, for the log: an error with all of its sources, or a sentence.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let cause: Box<dyn Error + Send + Sync> = cause.into();
        self.0.cause = Some(chain(&*cause));
        self
    }

    /// The code.
    pub(crate) fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// The cause, for the log.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The response to the request at `instance`.
    pub(crate) fn response(&self, instance: &str) -> HttpResponse {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: String,
            title: String,
            status: u16,
            detail: &'a str,
            instance: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
        }
        let inner = &self.0;
        let mut response = HttpResponse::build(inner.status);
        if let Some(seconds) = inner.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(size) = inner.content_size {
            let range = ContentRangeSpec::Bytes { range: None, instance_length: Some(size) };
            response.insert_header(ContentRange(range));
        }
        if inner.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        let body = Body {
            r#type: format!("urn:belfort:problem:{}", inner.code.as_str()),
            title: inner.code.title(),
            status: inner.status.as_u16(),
            detail: &inner.detail,
            instance,
            code: inner.code.as_str(),
            errors: &inner.errors,
        };
        // The content type is set before, and `json` keeps it.
        response.insert_header((header::CONTENT_TYPE, "application/problem+json")).json(&body)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response("")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code.as_str(), self.0.detail)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Each extractor and answer says which statuses it brings; an error type that named them all for every operation would say
// nothing.
impl paperclip::v2::schema::Apiv2Errors for Problem {}

#[cfg(test)]
mod tests {
    use belfort_tenancy::postgres::ProvisionError;
    use belfort_workspace::signup::ConfirmError;

    use super::*;

    #[test]
    fn the_cause_is_not_sent() {
        let problem = Problem::internal("relation \"t_0123.tasks\" does not exist");
        assert_eq!(problem.cause(), Some("relation \"t_0123.tasks\" does not exist"));
        assert!(!format!("{problem} {problem:?}").contains("t_0123"));
    }

    #[test]
    fn the_cause_is_logged_with_its_sources() {
        let migration = ProvisionError::Migration("relation \"tasks\" already exists".into());
        let problem = Problem::from(ConfirmError::Provision(migration));
        let told = "the tenant's tables could not be created: relation \"tasks\" already exists";
        assert!(problem.cause().is_some_and(|cause| cause.ends_with(told)), "{:?}", problem.cause());
    }
}
