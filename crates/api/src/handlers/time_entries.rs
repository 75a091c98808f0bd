//! `/time-entries`.

use belfort_ids::{TaskId, TimeEntryId, UserId};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::{Create, Delete, Grant, Read, Update};
use belfort_tenancy::postgres::TenantTx;
use belfort_work::time_entries::{
    self as entries, EntryCursor, NewTimeEntry, Overlapping, TimeEntry, TimeEntryFilter, TimeEntryPatch,
};
use belfort_work::{HourlyRate, Note};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::{Gate, RequestContext};
use crate::error::{ApiResult, Problem};
use crate::handlers::audit::EventView;
use crate::input::StartOrder;
use crate::input::{Body, IfMatch, Path};
use crate::input::{Nullable, Patch, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// Time that somebody worked on a task.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TimeEntryView {
    id: Uuid,
    task_id: Uuid,
    /// Who worked.
    user_id: Uuid,
    started_at: Timestamp,
    /// Null while the timer runs.
    ended_at: Option<Timestamp>,
    note: String,
    /// Whether it costs anything.
    billable: bool,
    /// What an hour of it costs, as a decimal number; null for nothing.
    hourly_rate: Option<String>,
    /// `EUR`.
    currency: &'static str,
    /// Whole seconds from start to end, a fraction cut off; null while the timer runs.
    duration_seconds: Option<i64>,
    /// Other entries of the same person that you may see and that share some time with it, the earliest 20. What begins when the
    /// other ends shares none; a running timer lasts up to now.
    overlap_ids: Vec<Uuid>,
    created_at: Timestamp,
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
) -> ApiResult<Created<Versioned<TimeEntryView>>> {
    let of_tasks = ctx.grant()?;
    let entry = entries::create(&mut ctx.tx, &of_tasks, grant, &ctx.origin, new)?;
    let location = Location::of("/time-entries", entry.id);
    Ok(Created::at(location, shown(ctx, &of_tasks, entry)?))
}

input! {
    /// Which time entries, in which order.
    pub(crate) struct ListTimeEntries {
        /// Only those on this task.
        task_id: Option<TaskId>,
        /// Only those of this user.
        user_id: Option<UserId>,
        /// Only those that are billable, or those that are not.
        billable: Option<bool>,
        /// Only those that run, or those that ended.
        running: Option<bool>,
        /// Only those that were not over at this moment.
        from: Option<Timestamp>,
        /// Only those that began before this moment.
        to: Option<Timestamp>,
        /// `-started_at`, the latest first, or `started_at`, the earliest first.
        order: Option<StartOrder>,
    }
}

input! {
    /// Time that you worked, or work.
    pub(crate) struct CreateTimeEntry {
        /// The task you worked on.
        task_id: TaskId,
        /// When you began.
        started_at: Timestamp,
        /// When you ended; without it, a timer runs.
        ended_at: Nullable<Timestamp>,
        /// What it was.
        note: Option<Note>,
        /// Whether it costs anything; true when not said.
        billable: Option<bool>,
        /// What an hour of it costs, in euros.
        hourly_rate: Nullable<HourlyRate>,
    }
}

input! {
    /// Work that you begin now.
    pub(crate) struct StartTimeEntry {
        /// The task you work on.
        task_id: TaskId,
        /// What it is.
        note: Option<Note>,
        /// Whether it costs anything; true when not said.
        billable: Option<bool>,
        /// What an hour of it costs, in euros.
        hourly_rate: Nullable<HourlyRate>,
    }
}

input! {
    /// What is to change about a time entry; what is not said stays.
    pub(crate) struct UpdateTimeEntry {
        /// The task it is on.
        task_id: Option<TaskId>,
        /// When the work began.
        started_at: Option<Timestamp>,
        /// When it ended; null lets the timer run again.
        ended_at: Patch<Timestamp>,
        /// What it was.
        note: Option<Note>,
        /// Whether it costs anything.
        billable: Option<bool>,
        /// What an hour of it costs, in euros; null for nothing.
        hourly_rate: Patch<HourlyRate>,
    }
}

/// List time entries
///
/// As far as your role reaches: entries on tasks that you see, of people whose hours you see. `from` and `to` find whatever has
/// some time between them; a running timer has no end yet.
#[api_v2_operation(operation_id = "list_time_entries", tags("Time entries"))]
pub(crate) async fn list(
    gate: Gate<TimeEntries, Read>,
    page: ListQuery<ListTimeEntries>,
) -> ApiResult<Json<Page<TimeEntryView>>> {
    gate.read(move |ctx, grant| {
        let (of_tasks, now) = (ctx.grant::<Tasks, Read>()?, ctx.now);
        let rows = |tx: &mut TenantTx, wanted: ListTimeEntries, after, limit| {
            let filter = TimeEntryFilter {
                task_id: wanted.task_id,
                user_id: wanted.user_id,
                billable: wanted.billable,
                running: wanted.running,
                from: wanted.from.map(|moment| moment.0),
                to: wanted.to.map(|moment| moment.0),
            };
            let order = wanted.order.unwrap_or_default().0;
            let found = entries::list(tx, &of_tasks, grant, &filter, order, after, limit)?;
            Ok(entries::with_overlaps(tx, &of_tasks, Some(grant), now, found)?)
        };
        page.page(ctx, rows, |row| EntryCursor::of(&row.entry))
    })
    .await
}

/// Create a time entry
///
/// It is yours. Without an end it is a running timer, of which you can have one: 409 `timer-running`. It may overlap others;
/// `overlap_ids` says which.
#[api_v2_operation(operation_id = "create_time_entry", tags("Time entries"))]
pub(crate) async fn create(
    gate: Gate<TimeEntries, Create>,
    body: Body<CreateTimeEntry>,
) -> ApiResult<Idempotent<Created<Versioned<TimeEntryView>>>> {
    gate.create(body, |ctx, grant, body| {
        let new = NewTimeEntry {
            task_id: body.task_id,
            started_at: body.started_at.0,
            ended_at: body.ended_at.0.map(|moment| moment.0),
            note: body.note.unwrap_or_default(),
            billable: body.billable.unwrap_or(true),
            hourly_rate: body.hourly_rate.0,
        };
        created(ctx, grant, new)
    })
    .await
}

/// Start a timer
///
/// A time entry that begins now. You can have one: 409 `timer-running`.
#[api_v2_operation(operation_id = "start_time_entry", tags("Time entries"))]
pub(crate) async fn start(
    gate: Gate<TimeEntries, Create>,
    body: Body<StartTimeEntry>,
) -> ApiResult<Idempotent<Created<Versioned<TimeEntryView>>>> {
    gate.create(body, |ctx, grant, body| {
        let new = NewTimeEntry {
            note: body.note.unwrap_or_default(),
            billable: body.billable.unwrap_or(true),
            hourly_rate: body.hourly_rate.0,
            ..NewTimeEntry::starting(body.task_id, ctx.now)
        };
        created(ctx, grant, new)
    })
    .await
}

/// Stop a timer
///
/// The entry ends now. It takes no body. One that does not run is 409 `timer-not-running`.
#[api_v2_operation(operation_id = "stop_time_entry", tags("Time entries"))]
pub(crate) async fn stop(
    gate: Gate<TimeEntries, Update>,
    path: Path<(TimeEntryId,)>,
) -> ApiResult<Idempotent<Versioned<TimeEntryView>>> {
    gate.run_once(|ctx, grant| {
        let of_tasks = ctx.grant()?;
        let entry = entries::stop(&mut ctx.tx, &of_tasks, grant, &ctx.origin, path.ids()?.0)?;
        shown(ctx, &of_tasks, entry)
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
        shown(ctx, &of_tasks, entry)
    })
    .await
}

/// Change a time entry
///
/// It stays its owner's. Without an end it runs again, if they have no other timer running: 409 `timer-running`.
#[api_v2_operation(operation_id = "update_time_entry", tags("Time entries"))]
pub(crate) async fn update(
    gate: Gate<TimeEntries, Update>,
    path: Path<(TimeEntryId,)>,
    expected: IfMatch,
    body: Body<UpdateTimeEntry>,
) -> ApiResult<Versioned<TimeEntryView>> {
    gate.write(move |ctx, grant| {
        let of_tasks = ctx.grant()?;
        let body = body.parse()?;
        let patch = TimeEntryPatch {
            task_id: body.task_id,
            started_at: body.started_at.map(|moment| moment.0),
            ended_at: body.ended_at.0.map(|ended_at| ended_at.map(|moment| moment.0)),
            note: body.note,
            billable: body.billable,
            hourly_rate: body.hourly_rate.0,
        };
        let id = path.ids()?.0;
        let entry = entries::update(&mut ctx.tx, &of_tasks, grant, &ctx.origin, id, expected.0, patch)?;
        shown(ctx, &of_tasks, entry)
    })
    .await
}

/// Delete a time entry
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
#[api_v2_operation(operation_id = "list_time_entry_history", tags("Time entries"))]
pub(crate) async fn history(
    gate: Gate<TimeEntries, Read>,
    path: Path<(TimeEntryId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<EventView>>> {
    gate.read(move |ctx, grant| {
        let of_tasks = ctx.grant::<Tasks, Read>()?;
        let id = path.ids()?.0;
        page.page(
            ctx,
            |tx, NoFilter, before, limit| Ok(entries::history(tx, &of_tasks, grant, id, before, limit)?),
            |event| event.seq,
        )
    })
    .await
}
