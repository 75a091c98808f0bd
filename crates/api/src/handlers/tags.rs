//! `/tags`.

use belfort_ids::TagId;
use belfort_policy::Tags;
use belfort_rbac::{Create, Delete, Read, Update};
use belfort_work::TagName;
use belfort_work::tags::{self, Tag, TagPatch};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::ApiResult;
use crate::handlers::audit::EventView;
use crate::input::input;
use crate::input::{Body, IfMatch, Path};
use crate::output::{Created, Done, Once, Page, Plain, Single, Stamp};
use crate::paging::{All, Listing};

/// A tag that tasks can carry.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TagView {
    id: Uuid,
    name: String,
    /// Who made it.
    created_by_id: Uuid,
    created_at: Stamp,
    updated_at: Stamp,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self {
            id: tag.id.uuid(),
            name: tag.name.as_str().to_owned(),
            created_by_id: tag.created_by_id.uuid(),
            created_at: Stamp(tag.created_at),
            updated_at: Stamp(tag.updated_at),
        }
    }
}

fn single(tag: Tag) -> Single<TagView> {
    Single { version: tag.version, row: tag.into() }
}

input! {
    /// A tag to be made.
    pub(crate) struct CreateTag {
        /// What it says. No two tags say the same.
        name: TagName,
    }
}

input! {
    /// What is to change about a tag.
    pub(crate) struct UpdateTag {
        /// What it says.
        name: Option<TagName>,
    }
}

/// List tags
#[api_v2_operation(operation_id = "list_tags", tags(Tags))]
pub(crate) async fn list(gate: Gate<Tags, Read>, page: Listing<All>) -> ApiResult<Plain<Page<TagView>>> {
    gate.read(move |ctx, grant| {
        page.page(ctx, |tx, All, after, limit| Ok(tags::list(tx, grant, after, limit)?), |row| row.id)
    })
    .await
}

/// Create a tag
#[api_v2_operation(operation_id = "create_tag", tags(Tags))]
pub(crate) async fn create(gate: Gate<Tags, Create>, body: Body<CreateTag>) -> ApiResult<Once<TagView>> {
    gate.create(body, |ctx, grant, body| {
        let tag = tags::create(&mut ctx.tx, grant, &ctx.origin, body.name)?;
        Ok(Created { location: format!("/api/v1/tags/{}", tag.id), version: tag.version, row: tag.into() })
    })
    .await
}

/// Get a tag
#[api_v2_operation(operation_id = "get_tag", tags(Tags))]
pub(crate) async fn get(gate: Gate<Tags, Read>, path: Path<(TagId,)>) -> ApiResult<Single<TagView>> {
    gate.read(|ctx, grant| Ok(single(tags::get(&mut ctx.tx, grant, path.ids()?.0)?))).await
}

/// Change a tag
#[api_v2_operation(operation_id = "update_tag", tags(Tags))]
pub(crate) async fn update(
    gate: Gate<Tags, Update>,
    path: Path<(TagId,)>,
    expected: IfMatch,
    body: Body<UpdateTag>,
) -> ApiResult<Single<TagView>> {
    gate.write(move |ctx, grant| {
        let name = body.parse()?.name;
        Ok(single(tags::update(
            &mut ctx.tx,
            grant,
            &ctx.origin,
            path.ids()?.0,
            expected.0,
            TagPatch { name },
        )?))
    })
    .await
}

/// Delete a tag
///
/// Every task that has it loses it.
#[api_v2_operation(operation_id = "delete_tag", tags(Tags))]
pub(crate) async fn delete(
    gate: Gate<Tags, Delete>,
    path: Path<(TagId,)>,
    expected: IfMatch,
) -> ApiResult<Done> {
    gate.write(move |ctx, grant| {
        tags::delete(&mut ctx.tx, grant, &ctx.origin, path.ids()?.0, expected.0)?;
        Ok(Done)
    })
    .await
}

/// List the history of a tag
#[api_v2_operation(operation_id = "list_tag_history", tags(Tags))]
pub(crate) async fn history(
    gate: Gate<Tags, Read>,
    path: Path<(TagId,)>,
    page: Listing<All>,
) -> ApiResult<Plain<Page<EventView>>> {
    gate.read(move |ctx, grant| {
        let id = path.ids()?.0;
        page.page(
            ctx,
            |tx, All, before, limit| Ok(tags::history(tx, grant, id, before, limit)?),
            |event| event.seq,
        )
    })
    .await
}
