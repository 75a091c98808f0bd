//! `/tasks/{id}/assignees`, `/tasks/{id}/viewers` and `/tasks/{id}/tags`.

use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tasks;
use belfort_rbac::Update;
use belfort_work::tasks::{self, Link, TaskError};
use paperclip::actix::api_v2_operation;

use crate::context::Gate;
use crate::error::{ApiResult, Problem};
use crate::input::Path;
use crate::output::NoContent;

/// Add an assignee to a task
#[api_v2_operation(operation_id = "add_task_assignee", tags(Tasks))]
pub(crate) async fn add_assignee(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, UserId)>,
) -> ApiResult<NoContent> {
    add(gate, path, Link::Assignee).await
}

/// Remove an assignee from a task
#[api_v2_operation(operation_id = "remove_task_assignee", tags(Tasks))]
pub(crate) async fn remove_assignee(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, UserId)>,
) -> ApiResult<NoContent> {
    remove(gate, path, Link::Assignee).await
}

/// Add a viewer to a task
#[api_v2_operation(operation_id = "add_task_viewer", tags(Tasks))]
pub(crate) async fn add_viewer(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, UserId)>,
) -> ApiResult<NoContent> {
    add(gate, path, Link::Viewer).await
}

/// Remove a viewer from a task
#[api_v2_operation(operation_id = "remove_task_viewer", tags(Tasks))]
pub(crate) async fn remove_viewer(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, UserId)>,
) -> ApiResult<NoContent> {
    remove(gate, path, Link::Viewer).await
}

/// Add a tag to a task
///
/// Any tag of the workspace can be added. Whoever may read the task sees the name of the tag in the history of the task and in
/// reports.
#[api_v2_operation(operation_id = "add_task_tag", tags(Tasks))]
pub(crate) async fn add_tag(gate: Gate<Tasks, Update>, path: Path<(TaskId, TagId)>) -> ApiResult<NoContent> {
    add(gate, path, Link::Tag).await
}

/// Remove a tag from a task
#[api_v2_operation(operation_id = "remove_task_tag", tags(Tasks))]
pub(crate) async fn remove_tag(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, TagId)>,
) -> ApiResult<NoContent> {
    remove(gate, path, Link::Tag).await
}

async fn add<Id: Send + 'static>(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, Id)>,
    link: fn(Id) -> Link,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let (task, other) = path.ids()?;
        match tasks::link(&mut ctx.tx, grant, &ctx.origin, task, link(other)) {
            // Its id is in the path and in no field.
            Err(TaskError::Unknown { .. }) => Err(Problem::not_found()),
            linked => Ok(linked.map(|_task| NoContent)?),
        }
    })
    .await
}

async fn remove<Id: Send + 'static>(
    gate: Gate<Tasks, Update>,
    path: Path<(TaskId, Id)>,
    link: fn(Id) -> Link,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let (task, other) = path.ids()?;
        tasks::unlink(&mut ctx.tx, grant, &ctx.origin, task, link(other))?;
        Ok(NoContent)
    })
    .await
}
