//! Creating a time entry.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::Tenant;
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Create, Grant, Read};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Uuid};

use super::constraints::{lock_shared, map_constraint};
use super::{NewTimeEntry, TimeEntry, TimeEntryError};
use crate::change::stored;
use crate::reach;
use crate::tables::{tasks, time_entries};

/// Creates an entry on a task that the caller can see; the grant's holder is whose time it is.
pub fn create(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Create>,
    origin: &Origin,
    new: NewTimeEntry,
) -> Result<TimeEntry, TimeEntryError> {
    let entry = new.made_by(grant.user(), origin);
    entry.possible(stored(origin.at))?;
    if entry.ended_at.is_none() {
        lock_shared(tx, entry.user_id)?;
    }
    let row = tasks::table.filter(reach::this_task(of_tasks.reach(), entry.task_id)).select((
        entry.id.into_sql::<Uuid>(),
        tasks::id,
        entry.user_id.into_sql::<Uuid>(),
        entry.started_at.into_sql::<Timestamptz>(),
        entry.ended_at.into_sql::<Nullable<Timestamptz>>(),
        (&entry.note).into_sql::<Text>(),
        entry.billable.into_sql::<Bool>(),
        entry.hourly_rate.into_sql::<Nullable<BigInt>>(),
        entry.created_at.into_sql::<Timestamptz>(),
        entry.updated_at.into_sql::<Timestamptz>(),
    ));
    let insert = diesel::insert_into(time_entries::table).values(row).into_columns((
        time_entries::id,
        time_entries::task_id,
        time_entries::user_id,
        time_entries::started_at,
        time_entries::ended_at,
        time_entries::note,
        time_entries::billable,
        time_entries::hourly_rate_cents,
        time_entries::created_at,
        time_entries::updated_at,
    ));
    // As with a comment, the foreign key holds the task's row from here on.
    if tx.run(insert).map_err(map_constraint)? == 0 {
        return Err(TimeEntryError::UnknownTask);
    }
    append(tx, origin, &[Event::created(origin, &entry)])?;
    Ok(entry)
}
