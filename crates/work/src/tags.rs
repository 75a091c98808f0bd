//! Tags that tasks can carry.

use belfort_audit::postgres::{EventRow, append};
use belfort_audit::{Changes, Event, Origin};
use belfort_db::{Statement, Tenant, violated_constraint};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::Tags;
use belfort_rbac::{Create, Delete, Grant, Reach, Read, Scope, Update};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid};

use crate::TagName;
use crate::history::{self, Visibility};
use crate::reach::{self, Reached};
use crate::tables::tags;
use crate::tasks::{stored, tag_removed};

/// What the history calls them.
const RESOURCE: &str = "tags";

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tags, check_for_backend(belfort_db::Backend))]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// What it is called; no two tags have the same name.
    pub name: TagName,
    /// Who made it, maybe somebody who left.
    pub created_by_id: UserId,
    /// Counts its changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What is to change about a tag; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagPatch {
    /// What it is called.
    pub name: Option<TagName>,
}

/// Why nothing was done with a tag.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// It is not there or not in reach; nobody is told which.
    #[error("there is no such tag")]
    NotFound,
    /// Somebody else changed it first.
    #[error("the tag was changed by somebody else")]
    Stale,
    /// Another tag has the name.
    #[error("there is a tag with this name")]
    NameTaken,
    /// The database failed.
    #[error("the tags could not be read or changed")]
    Database(#[source] Error),
}

impl From<Error> for TagError {
    fn from(error: Error) -> Self {
        match violated_constraint(&error) {
            Some("tags_name_key") => Self::NameTaken,
            _ => Self::Database(error),
        }
    }
}

/// Tags in the order in which they were made, from after the tag `after`; `limit` at most.
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

/// How many tags are in reach: as many as [`list`] has on all its pages.
pub fn count(tx: &mut impl Tenant, grant: &Grant<Tags, Read>) -> Result<i64, TagError> {
    Ok(tx.row(tags::table.filter(reach::tag(grant.reach())).count())?)
}

/// The tag with this id.
pub fn get(tx: &mut impl Tenant, grant: &Grant<Tags, Read>, id: TagId) -> Result<Tag, TagError> {
    let query = tags::table.filter(this(grant.reach(), id)).select(Tag::as_select());
    tx.find(query)?.ok_or(TagError::NotFound)
}

/// Makes a tag; the grant's holder is its creator.
pub fn create(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Create>,
    origin: &Origin,
    name: TagName,
) -> Result<Tag, TagError> {
    let at = stored(origin.at);
    let tag = Tag {
        id: TagId::new(origin.at),
        name,
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
    tx.run(diesel::insert_into(tags::table).values(row))?;
    let mut changes = Changes::default();
    changes.set("name", &tag.name).set("created_by_id", tag.created_by_id);
    append(tx, origin, &[Event::new(origin, RESOURCE, tag.id.uuid(), "create", changes)])?;
    Ok(tag)
}

/// Changes a tag, unless `expected` is given and is not its version any more. A patch that changes nothing writes nothing.
pub fn update(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Update>,
    origin: &Origin,
    id: TagId,
    expected: Option<i32>,
    patch: TagPatch,
) -> Result<Tag, TagError> {
    const UPDATE: Statement =
        Statement::new("UPDATE tags SET name = $1, version = $2, updated_at = $3 WHERE id = $4");
    let query = tags::table.filter(this(grant.reach(), id)).select(Tag::as_select());
    let before = current(tx.find(query.for_no_key_update())?, expected)?;
    let name = patch.name.unwrap_or_else(|| before.name.clone());
    let mut changes = Changes::default();
    changes.field("name", &before.name, &name);
    if changes.is_empty() {
        return Ok(before);
    }
    let updated_at = before.updated_at.max(stored(origin.at));
    let after = Tag { name, version: before.version.saturating_add(1), updated_at, ..before };
    tx.run(
        UPDATE
            .bind::<Text, _>(&after.name)
            .bind::<Integer, _>(after.version)
            .bind::<Timestamptz, _>(after.updated_at)
            .bind::<Uuid, _>(after.id),
    )?;
    append(tx, origin, &[Event::new(origin, RESOURCE, id.uuid(), "update", changes)])?;
    Ok(after)
}

/// Removes a tag, also from every task that has it, unless `expected` is given and is not its version any more.
pub fn delete(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Delete>,
    origin: &Origin,
    id: TagId,
    expected: Option<i32>,
) -> Result<(), TagError> {
    // First the tag, so that no further task can get it; then the tasks, before their links: whoever changes a task takes
    // its locks in that order too.
    let query = tags::table.filter(this(grant.reach(), id)).select(Tag::as_select());
    let tag = current(tx.find(query.for_update())?, expected)?;
    tx.rows::<TaskId, _>(LOCK_TASKS.bind::<Uuid, _>(id))?;
    let mut tasks: Vec<TaskId> =
        tx.rows(UNTAG.bind::<Uuid, _>(id).bind::<Timestamptz, _>(stored(origin.at)))?;
    tasks.sort_unstable();
    tx.run(diesel::delete(tags::table.find(id)))?;

    let mut changes = Changes::default();
    changes.gone("name", &tag.name).gone("created_by_id", tag.created_by_id);
    let events: Vec<_> = tasks
        .into_iter()
        .map(|task| tag_removed(origin, task, id, Some(tag.name.as_str())))
        .chain([Event::new(origin, RESOURCE, id.uuid(), "delete", changes)])
        .collect();
    Ok(append(tx, origin, &events)?)
}

const LOCK_TASKS: Statement<Uuid> = Statement::new(
    "SELECT id FROM tasks
     WHERE id IN (SELECT task_id FROM task_tags WHERE tag_id = $1)
     ORDER BY id
     FOR NO KEY UPDATE",
);

const UNTAG: Statement<Uuid> = Statement::new(
    "WITH gone AS (
         DELETE FROM task_tags WHERE tag_id = $1 RETURNING task_id
     )
     UPDATE tasks SET version = version + 1, updated_at = greatest(updated_at, $2)
     WHERE id IN (SELECT task_id FROM gone)
     RETURNING id",
);

/// What happened to a tag, newest first, from before the event number `before`; `limit` at most.
///
/// Of a tag that is gone, only a grant that reaches every tag still tells.
pub fn history(
    tx: &mut impl Tenant,
    grant: &Grant<Tags, Read>,
    id: TagId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<EventRow>, TagError> {
    let in_reach = tx.row(diesel::select(exists(tags::table.filter(this(grant.reach(), id)))))?;
    let visibility = Visibility::of(in_reach, grant.reach().scope() == Scope::All);
    history::of_row(tx, RESOURCE, id.uuid(), visibility, before, limit)?.ok_or(TagError::NotFound)
}

fn this(reach: &Reach, id: TagId) -> Reached<'_, tags::table> {
    Box::new(tags::id.eq(id).and(reach::tag(reach)))
}

fn current(found: Option<Tag>, expected: Option<i32>) -> Result<Tag, TagError> {
    let tag = found.ok_or(TagError::NotFound)?;
    match expected {
        Some(version) if version != tag.version => Err(TagError::Stale),
        _ => Ok(tag),
    }
}
