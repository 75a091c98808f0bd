//! Bounds of a time entry: how long it takes, and when it may lie.

use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_values::brussels;
use belfort_work::time_entries::{
    MAX_DURATION, NewTimeEntry, TimeEntry, TimeEntryError, TimeEntryPatch, stop,
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::{Workspace, titled};
use crate::time_entries::span;

const MICROSECOND: TimeDelta = TimeDelta::microseconds(1);

fn refusal(result: Result<TimeEntry, TimeEntryError>) -> &'static str {
    match result.unwrap_err() {
        TimeEntryError::TooLong => "too long",
        TimeEntryError::OutOfRange => "out of range",
        other => panic!("{other}"),
    }
}

fn ending(ended_at: DateTime<Utc>) -> TimeEntryPatch {
    TimeEntryPatch { ended_at: Some(Some(ended_at)), ..TimeEntryPatch::default() }
}

#[test]
fn an_entry_takes_31_days_at_most() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let longest = now() + MAX_DURATION;
    let entry = workspace.log(&worker, span(task, now(), longest)).unwrap();
    assert_eq!(refusal(workspace.log(&worker, span(task, now(), longest + MICROSECOND))), "too long");
    assert_eq!(refusal(workspace.amend(&worker, entry.id, ending(longest + MICROSECOND))), "too long");
    let earlier = TimeEntryPatch { started_at: Some(now() - MICROSECOND), ..TimeEntryPatch::default() };
    assert_eq!(refusal(workspace.amend(&worker, entry.id, earlier)), "too long");
    assert_eq!(workspace.entry(&worker, entry.id).unwrap(), entry);
}

#[test]
fn an_entry_begins_in_1970_or_later_and_no_later_than_next_year() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let [first, last] =
        ["1970-01-01T00:00", "2027-12-31T23:59:59.999999"].map(|text| brussels::parse(text).unwrap());
    for at in [first, last] {
        workspace.log(&worker, span(task, at, at + MICROSECOND)).unwrap();
    }
    let entry = workspace.log(&worker, span(task, now(), now())).unwrap();
    for at in [first - MICROSECOND, last + MICROSECOND] {
        assert_eq!(refusal(workspace.log(&worker, span(task, at, at))), "out of range");
        let patch = TimeEntryPatch { started_at: Some(at), ..ending(at) };
        assert_eq!(refusal(workspace.amend(&worker, entry.id, patch)), "out of range");
    }
    let running = NewTimeEntry::starting(task, first - MICROSECOND);
    assert_eq!(refusal(workspace.log(&worker, running)), "out of range");
}

/// It can be stopped all the same, and whoever forgot it can leave.
#[test]
fn a_timer_that_was_forgotten_ends_after_31_days() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    for (ran_for, took) in [
        (MAX_DURATION - MICROSECOND, MAX_DURATION - MICROSECOND),
        (MAX_DURATION + MICROSECOND, MAX_DURATION),
        (TimeDelta::days(9_000), MAX_DURATION),
    ] {
        let running = workspace.log(&worker, NewTimeEntry::starting(task, now() - ran_for)).unwrap();
        let stopped =
            workspace.run(|tx| stop(tx, &worker.may(), &worker.may(), &worker.origin(), running.id)).unwrap();
        assert_eq!(stopped.duration(), Some(took));
    }
}
