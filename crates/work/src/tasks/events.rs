//! The events of a task. Tags and viewers come and go in events of their own.

use belfort_audit::{Audited, Changes, Event, Origin};
use belfort_ids::{TagId, TaskId};

use super::Task;
use super::relations::{RelationChanges, TagNames};

/// The fields that `update` does not tell, as other events do.
const TOLD_APART: [&str; 2] = ["viewer_ids", "tag_ids"];

/// The events of a new task.
pub(super) fn created(
    origin: &Origin,
    task: &Task,
    relations: &RelationChanges,
    names: &TagNames,
) -> Vec<Event> {
    let mut events = vec![Event::created(origin, task)];
    push_relations(&mut events, origin, task, relations, names);
    events
}

/// The events of a task that changed.
pub(super) fn updated(
    origin: &Origin,
    before: &Task,
    after: &Task,
    relations: &RelationChanges,
    names: &TagNames,
) -> Vec<Event> {
    let mut events = Vec::new();
    let changes = Changes::between(&before.fields(), &after.fields()).without(&TOLD_APART);
    if !changes.is_empty() {
        events.push(Event::of(origin, after, "update", changes));
    }
    push_relations(&mut events, origin, after, relations, names);
    events
}

/// The event of a tag that a task has no more, which left `version` of the task.
pub(crate) fn tag_removed(
    origin: &Origin,
    task: TaskId,
    version: i32,
    tag: TagId,
    name: Option<&str>,
) -> Event {
    let mut changes = Changes::default();
    changes.gone("tag_id", tag).gone("tag", name);
    Event {
        version: Some(version),
        ..Event::new(origin, Task::RESOURCE, task.uuid(), "tag_removed", changes)
    }
}

fn push_relations(
    events: &mut Vec<Event>,
    origin: &Origin,
    task: &Task,
    relations: &RelationChanges,
    names: &TagNames,
) {
    let name = |tag: &TagId| names.get(tag).map(String::as_str);
    let RelationChanges { viewers, tags, .. } = relations;
    events.extend(tags.removed.iter().map(|tag| tag_removed(origin, task.id, task.version, *tag, name(tag))));
    for tag in &tags.added {
        let mut changes = Changes::default();
        changes.set("tag_id", tag).set("tag", name(tag));
        events.push(Event::of(origin, task, "tag_added", changes));
    }
    for viewer in &viewers.removed {
        let mut changes = Changes::default();
        changes.gone("viewer_id", viewer);
        events.push(Event::of(origin, task, "viewer_removed", changes));
    }
    for viewer in &viewers.added {
        let mut changes = Changes::default();
        changes.set("viewer_id", viewer);
        events.push(Event::of(origin, task, "viewer_added", changes));
    }
}
