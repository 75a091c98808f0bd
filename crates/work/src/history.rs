//! Reading the history of a row.

use belfort_audit::Audited;
use belfort_audit::postgres::{StoredEvent, history_of};
use belfort_db::Tenant;
use diesel::QueryResult;
use uuid::Uuid;

/// The visibility of a row to somebody who asks for its history.
pub(crate) enum Visibility {
    /// It is there and in reach.
    InReach,
    /// It is out of reach, or gone and was not theirs to see for certain.
    Hidden,
    /// It is not there, to somebody who reaches every row: they may see what it was.
    Gone,
}

impl Visibility {
    pub(crate) const fn of(in_reach: bool, reaches_all: bool) -> Self {
        match (in_reach, reaches_all) {
            (true, _) => Self::InReach,
            (false, true) => Self::Gone,
            (false, false) => Self::Hidden,
        }
    }
}

/// The events of a row, newest first; `None` when there is nothing that the caller may see.
///
/// What a row that is gone was related to cannot be known any more, so only who reaches every row still sees
/// its history.
pub(crate) fn of_row<R: Audited>(
    tx: &mut impl Tenant,
    id: Uuid,
    visibility: Visibility,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Option<Vec<StoredEvent>>> {
    match visibility {
        Visibility::Hidden => Ok(None),
        Visibility::InReach => history_of(tx, R::RESOURCE, id, before, limit).map(Some),
        Visibility::Gone => {
            let events = history_of(tx, R::RESOURCE, id, before, limit)?;
            let was_never = events.is_empty() && history_of(tx, R::RESOURCE, id, None, 1)?.is_empty();
            Ok((!was_never).then_some(events))
        }
    }
}
