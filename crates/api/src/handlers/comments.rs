//! `/tasks/{id}/comments` and `/comments`.

use belfort_ids::{CommentId, TaskId};
use belfort_policy::{Comments, Tasks};
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_work::CommentBody;
use belfort_work::comments::{self, Comment, CommentPatch, NewComment};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem};
use crate::handlers::audit::{self, HistoryEventView};
use crate::input::{Body, IfMatch, Path, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A comment on a task.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct CommentView {
    /// The ID of the comment.
    id: Uuid,
    /// The ID of the task.
    task_id: Uuid,
    /// The ID of the user who wrote the comment.
    author_id: Uuid,
    /// The text.
    body: String,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<Comment> for CommentView {
    fn from(comment: Comment) -> Self {
        Self {
            id: comment.id.uuid(),
            task_id: comment.task_id.uuid(),
            author_id: comment.author_id.uuid(),
            body: comment.body.as_str().to_owned(),
            created_at: Timestamp(comment.created_at),
            updated_at: Timestamp(comment.updated_at),
        }
    }
}

fn versioned(comment: Comment) -> Versioned<CommentView> {
    Versioned::new(comment.version, comment.into())
}

input! {
    /// A new comment.
    pub(crate) struct CreateComment {
        /// The text.
        body: CommentBody,
    }
}

input! {
    /// Changes to a comment.
    pub(crate) struct UpdateComment for CommentPatch {
        /// The text.
        body: Option<CommentBody>,
    }
}

/// List the comments on a task
///
/// Returns the comments that are within the scope of your role, oldest first.
#[api_v2_operation(operation_id = "list_comments", tags(Comments))]
pub(crate) async fn list(
    gate: Gate<Comments, Read>,
    path: Path<(TaskId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<CommentView>>> {
    gate.read(move |ctx, grant| {
        let (task, id) = (ctx.grant::<Tasks, Read>()?, path.ids()?.0);
        page.page(
            ctx,
            |tx, NoFilter, after, limit| Ok(comments::list(tx, &task, grant, id, after, limit)?),
            |row| row.id,
        )
    })
    .await
}

/// Comment on a task
///
/// You become the author of the comment.
#[api_v2_operation(operation_id = "create_comment", tags(Comments))]
pub(crate) async fn create(
    gate: Gate<Comments, Create>,
    path: Path<(TaskId,)>,
    body: Body<CreateComment>,
) -> ApiResult<Idempotent<Created<Versioned<CommentView>>>> {
    gate.create(body, |ctx, grant, body| {
        let task = ctx.grant::<Tasks, Read>()?;
        let made = comments::create(
            &mut ctx.tx,
            &task,
            grant,
            &ctx.origin,
            path.ids()?.0,
            NewComment { body: body.body },
        )?;
        Ok(Created::at(Location::of("/comments", made.id), versioned(made)))
    })
    .await
}

/// Get a comment
#[api_v2_operation(operation_id = "get_comment", tags(Comments))]
pub(crate) async fn get(
    gate: Gate<Comments, Read>,
    path: Path<(CommentId,)>,
) -> ApiResult<Versioned<CommentView>> {
    gate.read(|ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        comments::get(&mut ctx.tx, &task, grant, path.ids()?.0)?.map(versioned).ok_or_else(Problem::not_found)
    })
    .await
}

/// Update a comment
#[api_v2_operation(operation_id = "update_comment", tags(Comments))]
pub(crate) async fn update(
    gate: Gate<Comments, Update>,
    path: Path<(CommentId,)>,
    expected: IfMatch,
    body: Body<UpdateComment>,
) -> ApiResult<Versioned<CommentView>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        let patch = body.parse()?;
        let id = path.ids()?.0;
        Ok(versioned(comments::update(&mut ctx.tx, &task, grant, &ctx.origin, id, expected.0, patch)?))
    })
    .await
}

/// Delete a comment
///
/// The audit history is kept.
#[api_v2_operation(operation_id = "delete_comment", tags(Comments))]
pub(crate) async fn delete(
    gate: Gate<Comments, Delete>,
    path: Path<(CommentId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        comments::delete(&mut ctx.tx, &task, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}

/// List the history of a comment
///
/// Returns what was changed, by whom and when, newest first. Whoever may read the comment now may read all of
/// its history, also earlier texts and changes from before they could see it.
#[api_v2_operation(operation_id = "list_comment_history", tags(Comments))]
pub(crate) async fn history(
    gate: Gate<Comments, Read>,
    path: Path<(CommentId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<HistoryEventView>>> {
    gate.read(move |ctx, grant| {
        let task = ctx.grant::<Tasks, Read>()?;
        let id = path.ids()?.0;
        audit::history(ctx, &page, |tx, before, limit| {
            Ok(comments::history(tx, &task, grant, id, before, limit)?)
        })
    })
    .await
}
