//! The meaning of an error to whoever ran the query.

use diesel::result::{DatabaseErrorKind, Error};

/// Beginnings of the messages of errors that pass, with their SQLSTATE. diesel does not hand on the code; the connections of
/// `belfort-tenancy` are all to databases that write their messages in English.
const PASSING: [&str; 11] = [
    "canceling statement due to",      // 57014, 55P03
    "could not obtain lock",           // 55P03
    "deadlock detected",               // 40P01
    "the database system is",          // 57P03
    "sorry, too many clients already", // 53300
    "remaining connection slots",      // 53300
    "too many connections for",        // 53300
    "out of memory",                   // 53200
    "out of shared memory",            // 53200
    "could not extend file",           // 53100
    "terminating connection",          // 57P01, 25P03
];

/// Returns whether the connection is of no use any more: it was closed, or leads to a server that takes no writes since another took
/// over from it.
pub fn is_disconnect(error: &Error) -> bool {
    match error {
        Error::DatabaseError(kind, info) => {
            matches!(
                kind,
                DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::ReadOnlyTransaction
            ) || info.message().starts_with("terminating connection")
        }
        Error::RollbackErrorOnCommit { commit_error, .. } => is_disconnect(commit_error),
        _ => false,
    }
}

/// Returns whether another try may succeed: the connection was lost, a lock was not had in time, two transactions waited for each
/// other, or the database has no room or no time now.
///
/// The outcome of a `COMMIT` that such an error answered is not known.
pub fn is_transient(error: &Error) -> bool {
    match error {
        Error::BrokenTransactionManager
        | Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::RollbackErrorOnCommit { commit_error, .. } => is_transient(commit_error),
        Error::DatabaseError(_, info) => {
            let text = info.message();
            is_disconnect(error)
                || PASSING.iter().any(|beginning| text.starts_with(beginning))
                || text.contains("No space left on device") // 53100
        }
        _ => false,
    }
}

/// The name of the constraint that was violated, where `error` is such a violation.
///
/// Storage modules turn `users_email_key` into their `EmailTaken` with it: asking first and inserting after would let two
/// requests pass the question together.
pub fn violated_constraint(error: &Error) -> Option<&str> {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ExclusionViolation,
            info,
        ) => info.constraint_name(),
        _ => None,
    }
}
