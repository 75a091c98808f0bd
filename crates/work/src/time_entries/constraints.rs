//! The constraints that the database keeps: the user of a running timer is there and has no other one, and
//! the task is there.

use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::UserId;
use diesel::result::Error;
use diesel::sql_types::Uuid;

use super::TimeEntryError;

/// Locks a user against deletion, so that no timer runs of somebody who is gone. It comes before the timer
/// runs; where a user is deleted, their row is locked before their timer is looked for.
pub(super) fn lock_shared(tx: &mut impl Tenant, user: UserId) -> Result<(), TimeEntryError> {
    const LOCK: Statement<Uuid> = Statement::new("SELECT id FROM users WHERE id = $1 FOR KEY SHARE");
    tx.find::<UserId, _>(LOCK.bind::<Uuid, _>(user))?.map(drop).ok_or(TimeEntryError::UserGone)
}

/// The error that it is when an entry was refused.
pub(super) fn map_constraint(error: Error) -> TimeEntryError {
    match violated_constraint(&error) {
        Some("time_entries_running_key") => TimeEntryError::TimerRunning,
        Some("time_entries_task_id_fkey") => TimeEntryError::UnknownTask,
        _ => TimeEntryError::Database(error),
    }
}
