//! `/time-entries`.

use belfort_ids::{TaskId, TimeEntryId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Create, Delete, Grant, Read, Update};
use belfort_tenancy::postgres::TenantTx;
use belfort_work::time_entries::{
    self as entries, EntryCursor, NewTimeEntry, Overlapping, TimeEntry, TimeEntryError, TimeEntryFilter,
    TimeEntryOrder, TimeEntryPatch,
};
use belfort_work::{HourlyRate, Note};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Gate, RequestContext};
use crate::error::{ApiResult, Problem, Refused};
use crate::handlers::audit::{self, HistoryEventView};
use crate::input::{Body, IfMatch, Nullable, OrDefault, OrTrue, Patch, Path, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// Time that a user worked on a task.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TimeEntryView {
    /// The ID of the time entry.
    id: Uuid,
    /// The ID of the task.
    task_id: Uuid,
    /// The ID of the user who worked.
    user_id: Uuid,
    /// The start.
    started_at: Timestamp,
    /// The end; null while the timer is running.
    ended_at: Option<Timestamp>,
    /// A note on the work; empty if there is none.
    note: String,
    /// Whether the time is billable.
    billable: bool,
    /// The price of an hour in euros, as a decimal number; null if there is none.
    hourly_rate: Option<String>,
    /// The currency of the hourly rate: always `EUR`.
    currency: &'static str,
    /// The duration in whole seconds, rounded down; null while the timer is running.
    duration_seconds: Option<i64>,
    /// IDs of other time entries of the same user that overlap with this one, as far as you may see them: the
    /// 20 earliest. Entries that only touch do not overlap; a running timer extends to now.
    overlap_ids: Vec<Uuid>,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<Overlapping> for TimeEntryView {
    fn from(Overlapping { entry, overlap_ids }: Overlapping) -> Self {
        Self {
            id: entry.id.uuid(),
            task_id: entry.task_id.uuid(),
            user_id: entry.user_id.uuid(),
            duration_seconds: entry.duration().map(|duration| duration.num_seconds()),
            started_at: Timestamp(entry.started_at),
            ended_at: entry.ended_at.map(Timestamp),
            note: entry.note.as_str().to_owned(),
            billable: entry.billable,
            hourly_rate: entry.hourly_rate.map(|rate| rate.to_string()),
            currency: "EUR",
            overlap_ids: overlap_ids.into_iter().map(TimeEntryId::uuid).collect(),
            created_at: Timestamp(entry.created_at),
            updated_at: Timestamp(entry.updated_at),
        }
    }
}

/// One entry with what it overlaps, as far as the caller may read time entries.
fn shown(
    ctx: &mut RequestContext,
    of_tasks: &Grant<Tasks, Read>,
    entry: TimeEntry,
) -> ApiResult<Versioned<TimeEntryView>> {
    let (version, grant) = (entry.version, ctx.grant::<TimeEntries, Read>().ok());
    let found = entries::with_overlaps(&mut ctx.tx, of_tasks, grant.as_ref(), ctx.now, vec![entry])?;
    let row = found.into_iter().next().ok_or_else(Problem::not_found)?.into();
    Ok(Versioned::computed(version, row))
}

fn created(
    ctx: &mut RequestContext,
    grant: &Grant<TimeEntries, Create>,
    new: NewTimeEntry,
) -> ApiResult<Created<Versioned<TimeEntryView>>, Refused<TimeEntryError>> {
    let of_tasks = ctx.grant()?;
    let entry = entries::create(&mut ctx.tx, &of_tasks, grant, &ctx.origin, new)?;
    let location = Location::of("/time-entries", entry.id);
    Ok(Created::at(location, shown(ctx, &of_tasks, entry)?))
}

input! {
    /// The filter and the order of a list of time entries.
    pub(crate) struct ListTimeEntries for TimeEntryFilter {
        /// Only entries on this task.
        task_id: Option<TaskId>,
        /// Only entries of this user.
        user_id: Option<UserId>,
        /// Only billable entries (`true`) or only those that are not billable (`false`).
        billable: Option<bool>,
        /// Only running timers (`true`) or only entries that have ended (`false`).
        running: Option<bool>,
        /// Only entries that end after this time or are still running.
        from: Option<Timestamp>,
        /// Only entries that start before this time.
        to: Option<Timestamp>,
    }
}

input! {
    /// The order of the time entries.
    pub(crate) struct OrderTimeEntries {
        /// The order by start: `-started_at` for latest first (the default), `started_at` for earliest first.
        order: OrDefault<TimeEntryOrder>,
    }
}

input! {
    /// A new time entry of yours.
    pub(crate) struct CreateTimeEntry for NewTimeEntry {
        /// The ID of the task.
        task_id: TaskId,
        /// The start: in 1970 or later, and no later than next year.
        started_at: Timestamp,
        /// The end, at most 31 days after the start. Without it, the entry is a running timer.
        ended_at: Nullable<Timestamp>,
        /// A note on the work.
        note: OrDefault<Note>,
        /// Whether the time is billable. The default is `true`.
        billable: OrTrue,
        /// The price of an hour in euros.
        hourly_rate: Nullable<HourlyRate>,
    }
}

input! {
    /// A timer that starts now.
    pub(crate) struct StartTimeEntry {
        /// The ID of the task.
        task_id: TaskId,
        /// A note on the work.
        note: OrDefault<Note>,
        /// Whether the time is billable. The default is `true`.
        billable: OrTrue,
        /// The price of an hour in euros.
        hourly_rate: Nullable<HourlyRate>,
    }
}

input! {
    /// Changes to a time entry. Fields that are left out stay as they are.
    pub(crate) struct UpdateTimeEntry for TimeEntryPatch {
        /// The ID of the task.
        task_id: Option<TaskId>,
        /// The start: in 1970 or later, and no later than next year.
        started_at: Option<Timestamp>,
        /// The end, at most 31 days after the start; null makes the entry a running timer again.
        ended_at: Patch<Timestamp>,
        /// A note on the work.
        note: Option<Note>,
        /// Whether the time is billable.
        billable: Option<bool>,
        /// The price of an hour in euros; null removes it.
        hourly_rate: Patch<HourlyRate>,
    }
}

/// List time entries
///
/// Returns the entries that are within the scope of your role and whose task you may see. With `from` and
/// `to`, these are the entries that overlap with the period; a running timer has no end yet.
#[api_v2_operation(operation_id = "list_time_entries", tags("Time entries"))]
pub(crate) async fn list(
    gate: Gate<TimeEntries, Read>,
    page: ListQuery<(ListTimeEntries, OrderTimeEntries)>,
) -> ApiResult<Json<Page<TimeEntryView>>> {
    gate.read(move |ctx, grant| {
        let (of_tasks, now) = (ctx.grant::<Tasks, Read>()?, ctx.now);
        let rows = |tx: &mut TenantTx, (filter, OrderTimeEntries { order }), after, limit| {
            let found = entries::list(tx, &of_tasks, grant, &filter, order, after, limit)?;
            Ok(entries::with_overlaps(tx, &of_tasks, Some(grant), now, found)?)
        };
        page.page(ctx, rows, |row| EntryCursor::of(&row.entry))
    })
    .await
}

/// Create a time entry
///
/// The entry is your own. Without an end it is a running timer; you can have only one (409 `timer-running`).
/// Entries may overlap; `overlap_ids` lists the others.
#[api_v2_operation(operation_id = "create_time_entry", tags("Time entries"))]
pub(crate) async fn create(
    gate: Gate<TimeEntries, Create>,
    body: Body<CreateTimeEntry>,
) -> ApiResult<Idempotent<Created<Versioned<TimeEntryView>>>, Refused<TimeEntryError>> {
    gate.create(body, created).await
}

/// Start a timer
///
/// Creates a time entry of yours that starts now. You can have only one running timer (409 `timer-running`).
#[api_v2_operation(operation_id = "start_time_entry", tags("Time entries"))]
pub(crate) async fn start(
    gate: Gate<TimeEntries, Create>,
    body: Body<StartTimeEntry>,
) -> ApiResult<Idempotent<Created<Versioned<TimeEntryView>>>, Refused<TimeEntryError>> {
    gate.create(body, |ctx, grant, body| {
        let new = NewTimeEntry {
            note: body.note,
            billable: body.billable,
            hourly_rate: body.hourly_rate,
            ..NewTimeEntry::starting(body.task_id, ctx.now)
        };
        created(ctx, grant, new)
    })
    .await
}

/// Stop a timer
///
/// Ends the time entry now, or 31 days after its start if it has been running for longer: a time entry is never longer.
/// The request has no body. If the timer is not running, the response is 409
/// `timer-not-running`.
#[api_v2_operation(operation_id = "stop_time_entry", tags("Time entries"))]
pub(crate) async fn stop(
    gate: Gate<TimeEntries, Update>,
    path: Path<(TimeEntryId,)>,
) -> ApiResult<Idempotent<Versioned<TimeEntryView>>, Refused<TimeEntryError>> {
    gate.run_once(|ctx, grant| {
        let of_tasks = ctx.grant()?;
        let entry = entries::stop(&mut ctx.tx, &of_tasks, grant, &ctx.origin, path.ids()?.0)?;
        Ok(shown(ctx, &of_tasks, entry)?)
    })
    .await
}

/// Get a time entry
#[api_v2_operation(operation_id = "get_time_entry", tags("Time entries"))]
pub(crate) async fn get(
    gate: Gate<TimeEntries, Read>,
    path: Path<(TimeEntryId,)>,
) -> ApiResult<Versioned<TimeEntryView>> {
    gate.read(|ctx, grant| {
        let of_tasks = ctx.grant()?;
        let entry = entries::get(&mut ctx.tx, &of_tasks, grant, path.ids()?.0)?;
        let entry = entry.ok_or_else(Problem::not_found)?;
        shown(ctx, &of_tasks, entry)
    })
    .await
}

/// Update a time entry
///
/// The entry keeps its user. With `ended_at` set to null the timer runs again, unless the user has another
/// running timer (409 `timer-running`).
#[api_v2_operation(operation_id = "update_time_entry", tags("Time entries"))]
pub(crate) async fn update(
    gate: Gate<TimeEntries, Update>,
    path: Path<(TimeEntryId,)>,
    expected: IfMatch,
    body: Body<UpdateTimeEntry>,
) -> ApiResult<Versioned<TimeEntryView>, Refused<TimeEntryError>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let of_tasks = ctx.grant()?;
        let patch = body.parse()?;
        let id = path.ids()?.0;
        let entry = entries::update(&mut ctx.tx, &of_tasks, grant, &ctx.origin, id, expected.0, patch)?;
        Ok(shown(ctx, &of_tasks, entry)?)
    })
    .await
}

/// Delete a time entry
///
/// The audit history is kept.
#[api_v2_operation(operation_id = "delete_time_entry", tags("Time entries"))]
pub(crate) async fn delete(
    gate: Gate<TimeEntries, Delete>,
    path: Path<(TimeEntryId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let of_tasks = ctx.grant()?;
        entries::delete(&mut ctx.tx, &of_tasks, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}

/// List the history of a time entry
///
/// Returns what was changed, by whom and when, newest first. Whoever may read the time entry now may read all of
/// its history, also earlier texts and changes from before they could see it.
#[api_v2_operation(operation_id = "list_time_entry_history", tags("Time entries"))]
pub(crate) async fn history(
    gate: Gate<TimeEntries, Read>,
    path: Path<(TimeEntryId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<HistoryEventView>>> {
    gate.read(move |ctx, grant| {
        let of_tasks = ctx.grant::<Tasks, Read>()?;
        let id = path.ids()?.0;
        audit::history(ctx, &page, |tx, before, limit| {
            Ok(entries::history(tx, &of_tasks, grant, id, before, limit)?)
        })
    })
    .await
}
