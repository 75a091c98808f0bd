//! The problems of an operation, by the type of its error: what it responds with is what the document says.

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use belfort_openapi as openapi;
use paperclip::v2::models::DefaultOperationRaw;
use paperclip::v2::schema::Apiv2Errors;

use super::{Problem, ProblemCode};

/// The errors of a module, or of an operation that has several.
pub(crate) trait Refusals {
    /// The codes of the problems that they become, but for those that the extractors document ([`DOCUMENTED`]). One that is left out
    /// is not sent.
    fn codes() -> Vec<ProblemCode> {
        Vec::new()
    }
}

impl<A: Refusals, B: Refusals> Refusals for (A, B) {
    fn codes() -> Vec<ProblemCode> {
        [A::codes(), B::codes()].concat()
    }
}

/// An error of a module that is a problem to the client.
pub(crate) trait Refusal: Refusals {
    /// The problem.
    fn problem(self) -> Problem;
}

/// The statuses that gates, paths and `If-Match` document, so that no error has to.
const DOCUMENTED: [StatusCode; 7] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::PRECONDITION_FAILED,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
];

/// The error of an operation that responds with the problems of `E`, and documents them.
///
/// An operation without it still passes on what its extractors document. Any other error of a module becomes an internal error
/// there: no status is sent that the document does not have.
pub(crate) struct Refused<E> {
    problem: Problem,
    of: PhantomData<fn() -> E>,
}

/// This problem, if it is documented where the codes in `declared` are.
fn documented(problem: Problem, declared: &[ProblemCode]) -> Problem {
    let code = problem.code();
    if DOCUMENTED.contains(&code.status()) || declared.contains(&code) {
        return problem;
    }
    Problem::internal(format!("the operation does not document its problem {}", code.as_str()))
}

impl<E: Refusal> From<E> for Refused<E> {
    fn from(error: E) -> Self {
        Self { problem: documented(error.problem(), &E::codes()), of: PhantomData }
    }
}

/// An error in an operation that does not name its type.
impl<E: Refusal> From<E> for Problem {
    fn from(error: E) -> Self {
        documented(error.problem(), &[])
    }
}

impl<E> From<Problem> for Refused<E> {
    fn from(problem: Problem) -> Self {
        Self { problem, of: PhantomData }
    }
}

impl<E> From<Refused<E>> for Problem {
    fn from(refused: Refused<E>) -> Self {
        refused.problem
    }
}

impl<E> From<belfort_db::Error> for Refused<E> {
    fn from(error: belfort_db::Error) -> Self {
        Problem::from(error).into()
    }
}

impl<E> From<Refused<E>> for actix_web::Error {
    fn from(refused: Refused<E>) -> Self {
        refused.problem.into()
    }
}

impl<E: Refusals> Apiv2Errors for Refused<E> {
    fn update_error_definitions(op: &mut DefaultOperationRaw) {
        let statuses: Vec<u16> = E::codes().iter().map(|code| code.status().as_u16()).collect();
        openapi::problems(op, &statuses);
    }
}

#[cfg(test)]
mod tests {
    use belfort_work::tags::TagError;

    use super::*;

    #[test]
    fn a_problem_that_an_operation_does_not_document_is_not_sent() {
        let named = Problem::from(Refused::<TagError>::from(TagError::NameTaken));
        assert_eq!(named.code(), ProblemCode::NameTaken);
        assert_eq!(Problem::from(TagError::NameTaken).code(), ProblemCode::Internal);
        assert_eq!(Problem::from(TagError::NotFound).code(), ProblemCode::NotFound);
    }
}
