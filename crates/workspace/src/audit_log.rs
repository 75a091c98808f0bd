//! Reading the audit history.

use belfort_audit::postgres::{self as audit, Filter, StoredEvent};
use belfort_db::Tenant;
use belfort_ids::UserId;
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

/// Returns whether [`list`] would tell of this event.
#[must_use]
pub fn is_in_reach(grant: &Grant<Audit, Read>, event: &StoredEvent) -> bool {
    let is_actor = |person: &UserId| event.actor_id == Some(person.uuid());
    grant.reach().people().is_none_or(|people| people.iter().any(is_actor))
}
