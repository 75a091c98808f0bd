//! Reading tags.

use belfort_audit::postgres::StoredEvent;
use belfort_db::Tenant;
use belfort_ids::TagId;
use belfort_policy::Tags;
use belfort_rbac::{Grant, Reach, Read, Scope};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::{Tag, TagError};
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::tags;

/// Tags in the order in which they were created, from after the tag `after`; `limit` at most.
pub fn list(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Read>,
    after: Option<TagId>,
    limit: i64,
) -> Result<Vec<Tag>, TagError> {
    let mut query = tags::table.select(Tag::as_select()).filter(reach::tag(grant.reach())).into_boxed();
    if let Some(after) = after {
        query = query.filter(tags::id.gt(after));
    }
    Ok(tx.rows(query.order(tags::id).limit(limit))?)
}

/// The number of tags in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Tags, Read>) -> Result<i64, TagError> {
    Ok(tx.row(tags::table.filter(reach::tag(grant.reach())).count())?)
}

/// The tag with this id.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Tags, Read>, id: TagId) -> Result<Option<Tag>, TagError> {
    let query = tags::table.filter(this(grant.reach(), id)).select(Tag::as_select());
    Ok(tx.find(query)?)
}

/// The history of a tag, newest first, from before the event number `before`; `limit` at most.
///
/// Of a tag that is gone, only a grant that reaches every tag still tells.
pub fn history(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Read>,
    id: TagId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredEvent>, TagError> {
    let in_reach = tx.row(diesel::select(exists(tags::table.filter(this(grant.reach(), id)))))?;
    let visibility = Visibility::of(in_reach, grant.reach().scope() == Scope::All);
    history::of_row::<Tag>(tx, id.uuid(), visibility, before, limit)?.ok_or(TagError::NotFound)
}

/// The tag, when it is there and in reach.
pub(super) fn this(reach: &Reach, id: TagId) -> Reached<'_, tags::table> {
    Box::new(tags::id.eq(id).and(reach::tag(reach)))
}
