//! Changing a tag.

use belfort_audit::postgres::append;
use belfort_audit::{Event, Origin};
use belfort_db::{Statement, Tenant};
use belfort_ids::TagId;
use belfort_policy::Tags;
use belfort_rbac::{Grant, Update};
use belfort_values::Expected;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use super::read::this;
use super::{Tag, TagError, TagPatch};
use crate::change::{is_stale, later, next};
use crate::tables::tags;

/// Changes a tag, unless `expected` is given and is not its version any more. A patch that changes nothing
/// writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Update>,
    origin: &Origin,
    id: TagId,
    expected: impl Into<Expected>,
    patch: TagPatch,
) -> Result<Tag, TagError> {
    // As in `create`. When two take a name at once, the constraint is what is left.
    const UPDATE: Statement = Statement::new(
        "UPDATE tags SET name = $1, version = $2, updated_at = $3
         WHERE id = $4 AND NOT EXISTS (SELECT FROM tags other WHERE other.name = $5 AND other.id <> $6)",
    );
    let query = tags::table.filter(this(grant.reach(), id)).select(Tag::as_select());
    let before: Tag = tx.find(query.for_no_key_update())?.ok_or(TagError::NotFound)?;
    if is_stale(expected, before.version) {
        return Err(TagError::Stale);
    }
    let after = Tag { name: patch.name.unwrap_or_else(|| before.name.clone()), ..before.clone() };
    if after == before {
        return Ok(before);
    }
    let after = Tag { version: next(before.version), updated_at: later(before.updated_at, origin), ..after };
    let update = UPDATE
        .bind::<Text, _>(&after.name)
        .bind::<Integer, _>(after.version)
        .bind::<Timestamptz, _>(after.updated_at)
        .bind::<Uuid, _>(after.id)
        .bind::<Text, _>(&after.name)
        .bind::<Uuid, _>(after.id);
    // The row is locked, so it is there.
    if tx.run(update)? == 0 {
        return Err(TagError::NameTaken);
    }
    append(tx, origin, Event::updated(origin, &before, &after).as_slice())?;
    Ok(after)
}
