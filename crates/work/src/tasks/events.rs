//! What the history is told of a task.

use std::collections::BTreeMap;

use belfort_audit::{Changes, Event, Origin};
use belfort_ids::{TagId, TaskId, UserId};
use serde_json::{Value, json};

use super::links::Links;
use super::{RESOURCE, Task};
use crate::Description;

/// The names of tags, by id.
pub(crate) type TagNames = BTreeMap<TagId, String>;

/// A new task.
pub(super) fn created(origin: &Origin, task: &Task, names: &TagNames) -> Vec<Event> {
    let mut changes = Changes::default();
    for (name, value) in fields(task) {
        changes.set(name, value);
    }
    let mut events = vec![Event::new(origin, RESOURCE, task.id.uuid(), "create", changes)];
    let (tags, viewers) = (Links::between(&[], &task.tag_ids), Links::between(&[], &task.viewer_ids));
    link_events(&mut events, origin, task.id, &tags, &viewers, names);
    events
}

/// A task that changed. Tags and viewers come and go in events of their own.
pub(super) fn changed(origin: &Origin, before: &Task, after: &Task, names: &TagNames) -> Vec<Event> {
    let mut changes = Changes::default();
    changes
        .field("title", &before.title, &after.title)
        .field("description", &before.description, &after.description)
        .field("status", &before.status, &after.status)
        .field("priority", &before.priority, &after.priority)
        .field("due_on", &before.due_on, &after.due_on)
        .field("assignee_ids", &before.assignee_ids, &after.assignee_ids);
    let mut events = Vec::new();
    if !changes.is_empty() {
        events.push(Event::new(origin, RESOURCE, after.id.uuid(), "update", changes));
    }
    let tags = Links::between(&before.tag_ids, &after.tag_ids);
    let viewers = Links::between(&before.viewer_ids, &after.viewer_ids);
    link_events(&mut events, origin, after.id, &tags, &viewers, names);
    events
}

/// A task that is gone, with all it was: nothing else tells any more.
pub(super) fn deleted(origin: &Origin, task: &Task) -> Event {
    let mut changes = Changes::default();
    for (name, value) in fields(task) {
        changes.gone(name, value);
    }
    if !task.tag_ids.is_empty() {
        changes.gone("tag_ids", &task.tag_ids);
    }
    if !task.viewer_ids.is_empty() {
        changes.gone("viewer_ids", &task.viewer_ids);
    }
    Event::new(origin, RESOURCE, task.id.uuid(), "delete", changes)
}

/// A tag that a task has no more.
pub(crate) fn tag_removed(origin: &Origin, task: TaskId, tag: TagId, name: Option<&str>) -> Event {
    let mut changes = Changes::default();
    changes.gone("tag_id", tag).gone("tag", name);
    Event::new(origin, RESOURCE, task.uuid(), "tag_removed", changes)
}

/// The fields that have a value.
fn fields(task: &Task) -> impl Iterator<Item = (&'static str, Value)> {
    [
        ("title", Some(json!(task.title))),
        ("description", (task.description != Description::default()).then(|| json!(task.description))),
        ("status", Some(json!(task.status))),
        ("priority", Some(json!(task.priority))),
        ("due_on", task.due_on.map(|day| json!(day))),
        ("created_by_id", Some(json!(task.created_by_id))),
        ("assignee_ids", (!task.assignee_ids.is_empty()).then(|| json!(task.assignee_ids))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

fn link_events(
    events: &mut Vec<Event>,
    origin: &Origin,
    task: TaskId,
    tags: &Links<TagId>,
    viewers: &Links<UserId>,
    names: &TagNames,
) {
    let name = |tag: &TagId| names.get(tag).map(String::as_str);
    events.extend(tags.gone.iter().map(|tag| tag_removed(origin, task, *tag, name(tag))));
    for tag in &tags.new {
        let mut changes = Changes::default();
        changes.set("tag_id", tag).set("tag", name(tag));
        events.push(Event::new(origin, RESOURCE, task.uuid(), "tag_added", changes));
    }
    for viewer in &viewers.gone {
        let mut changes = Changes::default();
        changes.gone("viewer_id", viewer);
        events.push(Event::new(origin, RESOURCE, task.uuid(), "viewer_removed", changes));
    }
    for viewer in &viewers.new {
        let mut changes = Changes::default();
        changes.set("viewer_id", viewer);
        events.push(Event::new(origin, RESOURCE, task.uuid(), "viewer_added", changes));
    }
}
