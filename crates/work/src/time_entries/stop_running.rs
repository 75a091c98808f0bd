//! Stopping the timer of a user who leaves.

use belfort_audit::Origin;
use belfort_db::Tenant;
use belfort_ids::UserId;
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::result::Error;

use super::{TimeEntry, TimeEntryError, update};
use crate::tables::{tasks, time_entries};

/// Stops the timer of a user who is about to be deleted: nobody would, it would run on, and what runs is in
/// no report. Their entries stay, for the hours were worked.
///
/// The user's row is locked by now, so they start no other one.
pub(crate) fn stop_running(tx: &mut impl Tenant, origin: &Origin, user: UserId) -> QueryResult<()> {
    let running = time_entries::user_id.eq(user).and(time_entries::ended_at.is_null());
    let query = time_entries::table.filter(running).select(TimeEntry::as_select());
    let Some(before): Option<TimeEntry> = tx.find(query.for_no_key_update())? else { return Ok(()) };
    let after = before.clone().stopped(origin);
    let saved = update::save(tx, Box::new(tasks::id.eq(after.task_id)), origin, before, after);
    // It is locked, is on a task and ends: only the database can fail. Should it be otherwise, the user is
    // not deleted either.
    saved.map(drop).map_err(|error| match error {
        TimeEntryError::Database(error) => error,
        _ => Error::NotFound,
    })
}
