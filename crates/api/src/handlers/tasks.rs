//! `/tasks`.

use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_tenancy::postgres::TenantTx;
use belfort_values::Word;
use belfort_work::tasks::{self, NewTask, Task, TaskFilter, TaskOrder, TaskPatch};
use belfort_work::{Description, Priority, Status, Title};
use chrono::NaiveDate;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem};
use crate::handlers::audit::{self, HistoryEventView};
use crate::input::{Body, IfMatch, Nullable, OrDefault, Patch, Path, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A task.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TaskView {
    /// The ID of the task.
    id: Uuid,
    /// The title.
    title: String,
    /// A longer description; empty if there is none.
    description: String,
    /// The status: `todo`, `in_progress`, `done` or `cancelled`.
    status: &'static str,
    /// The priority: `low`, `normal`, `high` or `urgent`.
    priority: &'static str,
    /// The day the task is due, or null.
    due_on: Option<NaiveDate>,
    /// The ID of the user who created the task.
    created_by_id: Uuid,
    /// IDs of the users the task is assigned to.
    assignee_ids: Vec<Uuid>,
    /// IDs of the users who may see the task without being assigned to it.
    viewer_ids: Vec<Uuid>,
    /// IDs of the tags on the task.
    tag_ids: Vec<Uuid>,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<Task> for TaskView {
    fn from(task: Task) -> Self {
        Self {
            id: task.id.uuid(),
            title: task.title.as_str().to_owned(),
            description: task.description.as_str().to_owned(),
            status: task.status.as_str(),
            priority: task.priority.as_str(),
            due_on: task.due_on,
            created_by_id: task.created_by_id.uuid(),
            assignee_ids: task.assignee_ids.into_iter().map(UserId::uuid).collect(),
            viewer_ids: task.viewer_ids.into_iter().map(UserId::uuid).collect(),
            tag_ids: task.tag_ids.into_iter().map(TagId::uuid).collect(),
            created_at: Timestamp(task.created_at),
            updated_at: Timestamp(task.updated_at),
        }
    }
}

fn versioned(task: Task) -> Versioned<TaskView> {
    Versioned::new(task.version, task.into())
}

input! {
    /// The filter of a list of tasks.
    pub(crate) struct ListTasks for TaskFilter {
        /// Only tasks with this status.
        status: Option<Status>,
        /// Only tasks with this priority.
        priority: Option<Priority>,
        /// Only tasks assigned to this user.
        assignee_id: Option<UserId>,
        /// Only tasks created by this user.
        created_by_id: Option<UserId>,
        /// Only tasks with this tag.
        tag_id: Option<TagId>,
        /// Only tasks due on or after this day.
        due_from: Option<NaiveDate>,
        /// Only tasks due on or before this day.
        due_to: Option<NaiveDate>,
    }
}

input! {
    /// The order of the tasks.
    pub(crate) struct OrderTasks {
        /// The order: `-id` for newest first (the default), `id` for oldest first.
        order: OrDefault<TaskOrder>,
    }
}

input! {
    /// A new task.
    pub(crate) struct CreateTask for NewTask {
        /// The title.
        title: Title,
        /// A longer description.
        description: OrDefault<Description>,
        /// The status. The default is `todo`.
        status: OrDefault<Status>,
        /// The priority. The default is `normal`.
        priority: OrDefault<Priority>,
        /// The day the task is due.
        due_on: Nullable<NaiveDate>,
        /// IDs of the users to assign the task to.
        assignee_ids: OrDefault<Vec<UserId>>,
        /// IDs of the users who may see the task without being assigned to it.
        viewer_ids: OrDefault<Vec<UserId>>,
        /// IDs of the tags to put on the task.
        tag_ids: OrDefault<Vec<TagId>>,
    }
}

input! {
    /// Changes to a task. Fields that are left out stay as they are.
    pub(crate) struct UpdateTask for TaskPatch {
        /// The title.
        title: Option<Title>,
        /// A longer description.
        description: Option<Description>,
        /// The status.
        status: Option<Status>,
        /// The priority.
        priority: Option<Priority>,
        /// The day the task is due; null removes it.
        due_on: Patch<NaiveDate>,
        /// IDs of all users the task is assigned to. The list replaces the current one.
        assignee_ids: Option<Vec<UserId>>,
        /// IDs of all users who may see the task without being assigned to it. The list replaces the current
        /// one.
        viewer_ids: Option<Vec<UserId>>,
        /// IDs of all tags on the task. The list replaces the current one.
        tag_ids: Option<Vec<TagId>>,
    }
}

/// List tasks
///
/// Returns the tasks that are within the scope of your role, newest first unless `order` says otherwise.
#[api_v2_operation(operation_id = "list_tasks", tags(Tasks))]
pub(crate) async fn list(
    gate: Gate<Tasks, Read>,
    page: ListQuery<(ListTasks, OrderTasks)>,
) -> ApiResult<Json<Page<TaskView>>> {
    gate.read(move |ctx, grant| {
        let rows = |tx: &mut TenantTx, (filter, OrderTasks { order }), after, limit| {
            Ok(tasks::list(tx, grant, &filter, order, after, limit)?)
        };
        page.page(ctx, rows, |task| task.id)
    })
    .await
}

/// Create a task
///
/// You become its creator.
#[api_v2_operation(operation_id = "create_task", tags(Tasks))]
pub(crate) async fn create(
    gate: Gate<Tasks, Create>,
    body: Body<CreateTask>,
) -> ApiResult<Idempotent<Created<Versioned<TaskView>>>> {
    gate.create(body, |ctx, grant, new| {
        let task = tasks::create(&mut ctx.tx, grant, &ctx.origin, new)?;
        Ok(Created::at(Location::of("/tasks", task.id), versioned(task)))
    })
    .await
}

/// Get a task
#[api_v2_operation(operation_id = "get_task", tags(Tasks))]
pub(crate) async fn get(gate: Gate<Tasks, Read>, path: Path<(TaskId,)>) -> ApiResult<Versioned<TaskView>> {
    gate.read(|ctx, grant| {
        tasks::get(&mut ctx.tx, grant, path.ids()?.0)?.map(versioned).ok_or_else(Problem::not_found)
    })
    .await
}

/// Update a task
///
/// Changes the fields that are sent. Fields that are left out stay as they are.
#[api_v2_operation(operation_id = "update_task", tags(Tasks))]
pub(crate) async fn update(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId,)>,
    expected: IfMatch,
    body: Body<UpdateTask>,
) -> ApiResult<Versioned<TaskView>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let patch = body.parse()?;
        Ok(versioned(tasks::update(&mut ctx.tx, grant, &ctx.origin, path.ids()?.0, expected.0, patch)?))
    })
    .await
}

/// Delete a task
///
/// Deletes its comments and attachments as well. The audit history is kept.
#[api_v2_operation(operation_id = "delete_task", tags(Tasks))]
pub(crate) async fn delete(
    gate: Gate<Tasks, Delete>,
    path: Path<(TaskId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        tasks::delete(&mut ctx.tx, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}

/// List the history of a task
///
/// Returns what was changed, by whom and when, newest first. Whoever may read the task now may read all of
/// its history, also earlier texts and changes from before they could see it.
#[api_v2_operation(operation_id = "list_task_history", tags(Tasks))]
pub(crate) async fn history(
    gate: Gate<Tasks, Read>,
    path: Path<(TaskId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<HistoryEventView>>> {
    gate.read(move |ctx, grant| {
        let id = path.ids()?.0;
        audit::history(ctx, &page, |tx, before, limit| Ok(tasks::history(tx, grant, id, before, limit)?))
    })
    .await
}
