//! Making, changing and removing time entries, each with its event.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::{TaskId, TimeEntryId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Create, Delete, Grant, Read, Update};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid};

use super::read::lock;
use super::{NewTimeEntry, TimeEntry, TimeEntryError, TimeEntryPatch, events};
use crate::reach::{self, Reached};
use crate::sql::WithReached;
use crate::tables::{tasks, time_entries};
use crate::tasks::stored;

/// Writes an entry on a task that the caller can see; the grant's holder is whose time it is.
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
    append(tx, origin, &[events::created(origin, &entry)])?;
    Ok(entry)
}

/// Changes an entry, unless `expected` is given and is not its version any more. A patch that changes nothing writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Update>,
    origin: &Origin,
    id: TimeEntryId,
    expected: Option<i32>,
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

/// Stops a running timer: it ends now.
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
    let after = stopped(before.clone(), origin);
    save(tx, reach::this_task(of_tasks.reach(), after.task_id), origin, before, after)
}

/// Removes an entry, unless `expected` is given and is not its version any more.
pub fn delete(
    tx: &mut impl Tenant,
    of_tasks: &Grant<Tasks, Read>,
    grant: &Grant<TimeEntries, Delete>,
    origin: &Origin,
    id: TimeEntryId,
    expected: Option<i32>,
) -> Result<(), TimeEntryError> {
    let gone = lock(tx, of_tasks.reach(), grant.reach(), id, expected)?;
    tx.run(diesel::delete(time_entries::table.find(id)))?;
    Ok(append(tx, origin, &[events::deleted(origin, &gone)])?)
}

/// Removes the entries of a task that is locked to be removed, and answers what is to be told of them.
pub(crate) fn delete_of_task(tx: &mut impl Tenant, origin: &Origin, task: TaskId) -> QueryResult<Vec<Event>> {
    let gone = diesel::delete(time_entries::table.filter(time_entries::task_id.eq(task)));
    let mut gone: Vec<TimeEntry> = tx.rows(gone.returning(TimeEntry::as_select()))?;
    gone.sort_unstable_by_key(|entry| entry.id);
    Ok(gone.iter().map(|entry| events::deleted(origin, entry)).collect())
}

/// The entry, ended now. The clocks of two servers differ a little: it does not end before it began for it.
pub(super) fn stopped(entry: TimeEntry, origin: &Origin) -> TimeEntry {
    TimeEntry { ended_at: Some(entry.started_at.max(stored(origin.at))), ..entry }
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
    let changes = events::changes(&before, &after);
    if changes.is_empty() {
        return Ok(before);
    }
    let updated_at = before.updated_at.max(stored(origin.at));
    let after = TimeEntry { version: before.version.saturating_add(1), updated_at, ..after };
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
    append(tx, origin, &[events::changed(origin, &after, changes)])?;
    Ok(after)
}

/// Makes whoever would delete this user wait, so that no timer runs of somebody who is gone. It comes before the timer runs;
/// where a user is deleted, their row is locked before their timer is looked for.
fn lock_shared(tx: &mut impl Tenant, user: UserId) -> Result<(), TimeEntryError> {
    const HOLD: Statement<Uuid> = Statement::new("SELECT id FROM users WHERE id = $1 FOR KEY SHARE");
    tx.find::<UserId, _>(HOLD.bind::<Uuid, _>(user))?.map(drop).ok_or(TimeEntryError::UserGone)
}

/// What it means that an entry was map_constraint.
fn map_constraint(error: Error) -> TimeEntryError {
    match violated_constraint(&error) {
        Some("time_entries_running_key") => TimeEntryError::TimerRunning,
        Some("time_entries_task_id_fkey") => TimeEntryError::UnknownTask,
        _ => TimeEntryError::Database(error),
    }
}
