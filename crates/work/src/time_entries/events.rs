//! What the history is told of a time entry.

use belfort_audit::{Changes, Event, Origin};
use belfort_values::brussels;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{RESOURCE, TimeEntry};
use crate::Note;

/// A new entry.
pub(super) fn created(origin: &Origin, entry: &TimeEntry) -> Event {
    let mut changes = Changes::default();
    for (name, value) in fields(entry) {
        changes.set(name, value);
    }
    Event::new(origin, RESOURCE, entry.id.uuid(), "create", changes)
}

/// The fields that differ.
pub(super) fn changes(before: &TimeEntry, after: &TimeEntry) -> Changes {
    let mut changes = Changes::default();
    changes
        .field("task_id", &before.task_id, &after.task_id)
        .field("started_at", &moment(before.started_at), &moment(after.started_at))
        .field("ended_at", &before.ended_at.map(moment), &after.ended_at.map(moment))
        .field("note", &before.note, &after.note)
        .field("billable", &before.billable, &after.billable)
        .field("hourly_rate", &before.hourly_rate, &after.hourly_rate);
    changes
}

/// An entry that changed.
pub(super) fn changed(origin: &Origin, entry: &TimeEntry, changes: Changes) -> Event {
    Event::new(origin, RESOURCE, entry.id.uuid(), "update", changes)
}

/// An entry that is gone, be it by itself or with its task, with all it was: nothing else tells any more.
pub(super) fn deleted(origin: &Origin, entry: &TimeEntry) -> Event {
    let mut changes = Changes::default();
    for (name, value) in fields(entry) {
        changes.gone(name, value);
    }
    Event::new(origin, RESOURCE, entry.id.uuid(), "delete", changes)
}

/// The fields that have a value.
fn fields(entry: &TimeEntry) -> impl Iterator<Item = (&'static str, Value)> {
    [
        ("task_id", Some(json!(entry.task_id))),
        ("user_id", Some(json!(entry.user_id))),
        ("started_at", Some(json!(moment(entry.started_at)))),
        ("ended_at", entry.ended_at.map(|at| json!(moment(at)))),
        ("note", (entry.note != Note::default()).then(|| json!(entry.note))),
        ("billable", Some(json!(entry.billable))),
        ("hourly_rate", entry.hourly_rate.map(|rate| json!(rate))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// As it is sent: who reads a change compares it with the row.
fn moment(at: DateTime<Utc>) -> String {
    brussels::format(at)
}
