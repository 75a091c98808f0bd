//! Changing a time entry, and stopping its timer.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant};
use belfort_ids::TimeEntryId;
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Grant, Read, Update};
use belfort_values::Expected;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

use super::constraints::{lock_shared, map_constraint};
use super::read::lock;
use super::{TimeEntry, TimeEntryError, TimeEntryPatch};
use crate::change::{later, next, stored};
use crate::reach::{self, Reached};
use crate::sql::WithReached;
use crate::tables::tasks;

/// Changes an entry, unless `expected` is given and is not its version any more. A patch that changes nothing
/// writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Update>,
    origin: &Origin,
    id: TimeEntryId,
    expected: impl Into<Expected>,
    patch: TimeEntryPatch,
) -> Result<TimeEntry, TimeEntryError> {
    let before = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    let after = patch.applied_to(&before);
    if (after.started_at, after.ended_at) != (before.started_at, before.ended_at) {
        after.possible(stored(origin.at))?;
    }
    if before.ended_at.is_some() && after.ended_at.is_none() {
        lock_shared(tx, after.user_id)?;
    }
    save(tx, reach::this_task(of_tasks.reach(), after.task_id), origin, before, after)
}

/// Stops a running timer: it ends now, or after the time that an entry takes at most.
pub fn stop(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Update>,
    origin: &Origin,
    id: TimeEntryId,
) -> Result<TimeEntry, TimeEntryError> {
    let before = lock(tx, of_tasks.reach(), grant.reach(), id, None)?;
    if before.ended_at.is_some() {
        return Err(TimeEntryError::TimerNotRunning);
    }
    let after = before.clone().stopped(origin);
    save(tx, reach::this_task(of_tasks.reach(), after.task_id), origin, before, after)
}

const UPDATE: Statement = Statement::new(
    "UPDATE time_entries
     SET task_id = reached.id, started_at = $1, ended_at = $2, note = $3, billable = $4, hourly_rate_cents = $5,
         version = $6, updated_at = $7
     FROM reached
     WHERE time_entries.id = $8",
);

/// Stores what became of a locked entry, on a task that is there and as `task` says.
pub(super) fn save(
    tx: &mut impl Tenant,
    task: Reached<'_, tasks::table>,
    origin: &Origin,
    before: TimeEntry,
    after: TimeEntry,
) -> Result<TimeEntry, TimeEntryError> {
    if after == before {
        return Ok(before);
    }
    let after =
        TimeEntry { version: next(before.version), updated_at: later(before.updated_at, origin), ..after };
    let statement = UPDATE
        .bind::<Timestamptz, _>(after.started_at)
        .bind::<Nullable<Timestamptz>, _>(after.ended_at)
        .bind::<Text, _>(&after.note)
        .bind::<Bool, _>(after.billable)
        .bind::<Nullable<BigInt>, _>(after.hourly_rate)
        .bind::<Integer, _>(after.version)
        .bind::<Timestamptz, _>(after.updated_at)
        .bind::<Uuid, _>(after.id);
    let reached = tasks::table.filter(task).select(tasks::id);
    if tx.run(WithReached { reached, statement }).map_err(map_constraint)? == 0 {
        return Err(TimeEntryError::UnknownTask);
    }
    append(tx, origin, Event::updated(origin, &before, &after).as_slice())?;
    Ok(after)
}
