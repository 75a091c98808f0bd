//! Reading the audit history.

use belfort_audit::postgres::{self as audit, Filter, StoredEvent};
use belfort_db::Tenant;
use belfort_policy::Audit;
use belfort_rbac::{Grant, Read};
use diesel::QueryResult;

/// Events in reach, newest first, from before the event number `before`; `limit` at most.
///
/// An event is its actor's. The scope `all` reaches every event, also those of the system; `team` those of the caller and of
/// their team-mates, as the teams are now; `own` those of the caller.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Audit, Read>,
    filter: Filter,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<StoredEvent>> {
    let actors = grant.reach().people().map(<[_]>::to_vec);
    audit::list(tx, Filter { actors, ..filter }, before, limit)
}
