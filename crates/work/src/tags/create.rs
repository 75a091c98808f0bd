//! Creating a tag.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::Tenant;
use belfort_ids::TagId;
use belfort_policy::Tags;
use belfort_rbac::{Create, Grant};
use diesel::prelude::*;

use super::{NewTag, Tag, TagError};
use crate::change::stored;
use crate::tables::tags;

/// Creates a tag; the grant's holder is its creator.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Create>,
    origin: &Origin,
    new: NewTag,
) -> Result<Tag, TagError> {
    let at = stored(origin.at);
    let tag = Tag {
        id: TagId::new(origin.at),
        name: new.name,
        created_by_id: grant.user(),
        version: 1,
        created_at: at,
        updated_at: at,
    };
    let row = (
        tags::id.eq(tag.id),
        tags::name.eq(&tag.name),
        tags::created_by_id.eq(tag.created_by_id),
        tags::created_at.eq(at),
        tags::updated_at.eq(at),
    );
    // Not left to the constraint: Postgres writes what violates one into its log.
    if tx.run(diesel::insert_into(tags::table).values(row).on_conflict(tags::name).do_nothing())? == 0 {
        return Err(TagError::NameTaken);
    }
    append(tx, origin, &[Event::created(origin, &tag)])?;
    Ok(tag)
}
