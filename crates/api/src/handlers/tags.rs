//! `/tags`.

use belfort_ids::TagId;
use belfort_policy::Tags;
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_work::TagName;
use belfort_work::tags::{self, NewTag, Tag, TagError, TagPatch};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, Problem, Refused};
use crate::handlers::audit::{self, HistoryEventView};
use crate::input::{Body, IfMatch, Path, input};
use crate::output::{Created, Idempotent, Json, Location, NoContent, Page, Timestamp, Versioned};
use crate::paging::{ListQuery, NoFilter};

/// A tag for tasks.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TagView {
    /// The ID of the tag.
    id: Uuid,
    /// The name.
    name: String,
    /// The ID of the user who created the tag.
    created_by_id: Uuid,
    /// The time of creation.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self {
            id: tag.id.uuid(),
            name: tag.name.as_str().to_owned(),
            created_by_id: tag.created_by_id.uuid(),
            created_at: Timestamp(tag.created_at),
            updated_at: Timestamp(tag.updated_at),
        }
    }
}

fn versioned(tag: Tag) -> Versioned<TagView> {
    Versioned::new(tag.version, tag.into())
}

input! {
    /// A new tag.
    pub(crate) struct CreateTag {
        /// The name. It must be unique in the workspace.
        name: TagName,
    }
}

input! {
    /// Changes to a tag.
    pub(crate) struct UpdateTag for TagPatch {
        /// The name. It must be unique in the workspace.
        name: Option<TagName>,
    }
}

/// List tags
///
/// Returns the tags that are within the scope of your role.
#[api_v2_operation(operation_id = "list_tags", tags(Tags))]
pub(crate) async fn list(
    gate: Gate<Tags, Read>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<TagView>>> {
    gate.read(move |ctx, grant| {
        page.page(ctx, |tx, NoFilter, after, limit| Ok(tags::list(tx, grant, after, limit)?), |row| row.id)
    })
    .await
}

/// Create a tag
///
/// No two tags of a workspace have the same name. The name can be that of a tag that you may not read (409 `name-taken`).
#[api_v2_operation(operation_id = "create_tag", tags(Tags))]
pub(crate) async fn create(
    gate: Gate<Tags, Create>,
    body: Body<CreateTag>,
) -> ApiResult<Idempotent<Created<Versioned<TagView>>>, Refused<TagError>> {
    gate.create(body, |ctx, grant, body| {
        let tag = tags::create(&mut ctx.tx, grant, &ctx.origin, NewTag { name: body.name })?;
        Ok(Created::at(Location::of("/tags", tag.id), versioned(tag)))
    })
    .await
}

/// Get a tag
#[api_v2_operation(operation_id = "get_tag", tags(Tags))]
pub(crate) async fn get(gate: Gate<Tags, Read>, path: Path<(TagId,)>) -> ApiResult<Versioned<TagView>> {
    gate.read(|ctx, grant| {
        tags::get(&mut ctx.tx, grant, path.ids()?.0)?.map(versioned).ok_or_else(Problem::not_found)
    })
    .await
}

/// Update a tag
#[api_v2_operation(operation_id = "update_tag", tags(Tags))]
pub(crate) async fn update(
    gate: Gate<Tags, Update>,
    path: Path<(TagId,)>,
    expected: IfMatch,
    body: Body<UpdateTag>,
) -> ApiResult<Versioned<TagView>, Refused<TagError>> {
    let body = gate.receive(body).await?;
    gate.write(move |ctx, grant| {
        let patch = body.parse()?;
        Ok(versioned(tags::update(&mut ctx.tx, grant, &ctx.origin, path.ids()?.0, expected.0, patch)?))
    })
    .await
}

/// Delete a tag
///
/// Removes the tag from every task that has it. The audit history is kept.
#[api_v2_operation(operation_id = "delete_tag", tags(Tags))]
pub(crate) async fn delete(
    gate: Gate<Tags, Delete>,
    path: Path<(TagId,)>,
    expected: IfMatch,
) -> ApiResult<NoContent> {
    gate.write(move |ctx, grant| {
        tags::delete(&mut ctx.tx, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(NoContent)
    })
    .await
}

/// List the history of a tag
///
/// Returns what was changed, by whom and when, newest first. Whoever may read the tag now may read all of
/// its history, also earlier texts and changes from before they could see it.
#[api_v2_operation(operation_id = "list_tag_history", tags(Tags))]
pub(crate) async fn history(
    gate: Gate<Tags, Read>,
    path: Path<(TagId,)>,
    page: ListQuery<NoFilter>,
) -> ApiResult<Json<Page<HistoryEventView>>> {
    gate.read(move |ctx, grant| {
        let id = path.ids()?.0;
        audit::history(ctx, &page, |tx, before, limit| Ok(tags::history(tx, grant, id, before, limit)?))
    })
    .await
}
