//! Time entries: on tasks in reach, of whoever worked, one running at most, each change told.

use belfort_ids::{TaskId, TimeEntryId, UserId};
use belfort_policy::{BuiltIn, VOCABULARY};
use belfort_rbac::{Permissions, Principal};
use belfort_testkit::now;
use belfort_work::tasks::{self, NewTask, TaskPatch};
use belfort_work::time_entries::{
    NewTimeEntry, TimeEntry, TimeEntryError, TimeEntryFilter, TimeEntryOrder, TimeEntryPatch, create, delete,
    get, history, list, stop, update,
};
use belfort_work::{HourlyRate, Note};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::support::{Person, Workspace, titled};

/// So many minutes from now.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

pub(crate) fn span(task: TaskId, from: DateTime<Utc>, to: DateTime<Utc>) -> NewTimeEntry {
    NewTimeEntry { started_at: from, ended_at: Some(to), ..NewTimeEntry::starting(task, now()) }
}

impl Workspace {
    pub(crate) fn log(&self, by: &Person, new: NewTimeEntry) -> Result<TimeEntry, TimeEntryError> {
        self.run(|tx| create(tx, &by.may(), &by.may(), &by.origin(), new))
    }

    pub(crate) fn start(&self, by: &Person, task: TaskId) -> Result<TimeEntry, TimeEntryError> {
        self.log(by, NewTimeEntry::starting(task, now()))
    }

    pub(crate) fn amend(
        &self,
        by: &Person,
        id: TimeEntryId,
        patch: TimeEntryPatch,
    ) -> Result<TimeEntry, TimeEntryError> {
        self.run(|tx| update(tx, &by.may(), &by.may(), &by.origin(), id, None, patch))
    }

    fn stop(&self, by: &Person, id: TimeEntryId) -> Result<TimeEntry, TimeEntryError> {
        self.run(|tx| stop(tx, &by.may(), &by.may(), &by.origin(), id))
    }

    fn drop_entry(&self, by: &Person, id: TimeEntryId) -> Result<(), TimeEntryError> {
        self.run(|tx| delete(tx, &by.may(), &by.may(), &by.origin(), id, None))
    }

    pub(crate) fn entry(&self, by: &Person, id: TimeEntryId) -> Result<TimeEntry, TimeEntryError> {
        self.run(|tx| get(tx, &by.may(), &by.may(), id)?.ok_or(TimeEntryError::NotFound))
    }

    pub(crate) fn entries(&self, by: &Person, filter: TimeEntryFilter) -> Vec<TimeEntryId> {
        let order = TimeEntryOrder::Earliest;
        let page = self.run(|tx| list(tx, &by.may(), &by.may(), &filter, order, None, 1000)).unwrap();
        page.into_iter().map(|entry| entry.id).collect()
    }
}

fn note(text: &str) -> TimeEntryPatch {
    TimeEntryPatch { note: Some(Note::parse(text).unwrap()), ..TimeEntryPatch::default() }
}

#[test]
fn every_change_of_an_entry_is_told_and_no_other() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let [task, other] = ["Bake", "Sell"].map(|title| workspace.task(&worker, titled(title)).id);
    let mark = workspace.mark();
    let made = workspace.start(&worker, task).unwrap();
    assert_eq!(workspace.entry(&worker, made.id).unwrap(), made);
    for same in [TimeEntryPatch::default(), TimeEntryPatch { ended_at: Some(None), ..note("") }] {
        assert_eq!(workspace.amend(&worker, made.id, same).unwrap(), made);
    }
    let stopped = workspace.stop(&worker, made.id).unwrap();
    assert_eq!(
        (stopped.version, stopped.ended_at, stopped.duration()),
        (2, Some(now()), Some(TimeDelta::zero()))
    );
    let rate = HourlyRate::parse("62.5").unwrap();
    let patch = TimeEntryPatch {
        task_id: Some(other),
        started_at: Some(at(-90)),
        billable: Some(false),
        hourly_rate: Some(Some(rate)),
        ..note("rye")
    };
    let changed = workspace.amend(&worker, made.id, patch).unwrap();
    assert_eq!((changed.version, changed.task_id, changed.hourly_rate), (3, other, Some(rate)));
    assert_eq!(workspace.entry(&worker, made.id).unwrap(), changed);
    workspace.drop_entry(&worker, made.id).unwrap();
    assert!(matches!(workspace.drop_entry(&worker, made.id), Err(TimeEntryError::NotFound)));
    let (task, other, by) = (json!(task), json!(other), json!(worker.id()));
    let (nine, earlier) = ("2026-01-01T09:00:00+01:00", "2026-01-01T07:30:00+01:00");
    assert_eq!(
        workspace.told_since(mark),
        json!([
            [
                "time_entries",
                "create",
                [
                    ["task_id", null, task],
                    ["user_id", null, by],
                    ["started_at", null, nine],
                    ["ended_at", null, null],
                    ["note", null, ""],
                    ["billable", null, true],
                    ["hourly_rate", null, null],
                ]
            ],
            ["time_entries", "update", [["ended_at", null, nine]]],
            [
                "time_entries",
                "update",
                [
                    ["task_id", task, other],
                    ["started_at", nine, earlier],
                    ["note", "", "rye"],
                    ["billable", true, false],
                    ["hourly_rate", null, "62.50"]
                ]
            ],
            [
                "time_entries",
                "delete",
                [
                    ["task_id", other, null],
                    ["user_id", by, null],
                    ["started_at", earlier, null],
                    ["ended_at", nine, null],
                    ["note", "rye", null],
                    ["billable", false, null],
                    ["hourly_rate", "62.50", null]
                ]
            ],
        ])
    );
}

#[test]
fn what_cannot_have_been_worked_is_refused_also_as_the_outcome_of_a_patch() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let backwards = workspace.log(&worker, span(task, at(0), at(-1)));
    assert!(matches!(backwards, Err(TimeEntryError::EndsBeforeStart)));
    let ahead = workspace.log(&worker, NewTimeEntry::starting(task, at(1)));
    assert!(matches!(ahead, Err(TimeEntryError::RunsBeforeStart)));
    // What is planned and over has an end: it may lie ahead.
    let entry = workspace.log(&worker, span(task, at(10), at(20))).unwrap();
    for (started_at, ended_at) in [(None, Some(Some(at(9)))), (Some(at(21)), None)] {
        let patch = TimeEntryPatch { started_at, ended_at, ..TimeEntryPatch::default() };
        let done = workspace.amend(&worker, entry.id, patch);
        assert!(matches!(done, Err(TimeEntryError::EndsBeforeStart)), "{done:?}");
    }
    let running = TimeEntryPatch { ended_at: Some(None), ..TimeEntryPatch::default() };
    let done = workspace.amend(&worker, entry.id, running.clone());
    assert!(matches!(done, Err(TimeEntryError::RunsBeforeStart)));
    assert_eq!(workspace.entry(&worker, entry.id).unwrap(), entry);
    let both = TimeEntryPatch { started_at: Some(at(-5)), ..running };
    assert_eq!(workspace.amend(&worker, entry.id, both).unwrap().ended_at, None);
}

#[test]
fn a_timer_that_began_ahead_of_the_clock_that_stops_it_ends_where_it_began() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let mut early = worker.origin();
    early.at = at(1);
    let new = NewTimeEntry::starting(task, at(1));
    let made = workspace.run(|tx| create(tx, &worker.may(), &worker.may(), &early, new)).unwrap();
    // Something else about it can be changed on the clock that is late.
    assert_eq!(workspace.amend(&worker, made.id, note("x")).unwrap().started_at, at(1));
    let stopped = workspace.stop(&worker, made.id).unwrap();
    assert_eq!((stopped.ended_at, stopped.updated_at), (Some(at(1)), at(1)));
}

#[test]
fn nobody_has_two_timers_running() {
    let workspace = Workspace::new();
    let (worker, other) = (workspace.person(BuiltIn::Member), workspace.person(BuiltIn::Member));
    let task = workspace.task(&worker, NewTask { assignee_ids: vec![other.id()], ..titled("Bake") }).id;
    let first = workspace.start(&worker, task).unwrap().id;
    assert!(matches!(workspace.start(&worker, task), Err(TimeEntryError::TimerRunning)));
    // Others have their own, and entries with an end are as many as they are.
    workspace.start(&other, task).unwrap();
    let ended = workspace.log(&worker, span(task, at(-5), at(0))).unwrap().id;
    let again = TimeEntryPatch { ended_at: Some(None), ..TimeEntryPatch::default() };
    assert!(matches!(workspace.amend(&worker, ended, again.clone()), Err(TimeEntryError::TimerRunning)));
    workspace.stop(&worker, first).unwrap();
    assert!(matches!(workspace.stop(&worker, first), Err(TimeEntryError::TimerNotRunning)));
    assert_eq!(workspace.amend(&worker, ended, again).unwrap().ended_at, None);
}

#[test]
fn a_version_of_an_entry_that_has_changed_since_is_stale() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let id = workspace.start(&worker, task).unwrap().id;
    let (may, origin) = (&worker, worker.origin());
    workspace.amend(&worker, id, note("second")).unwrap();
    let changed = workspace.run(|tx| update(tx, &may.may(), &may.may(), &origin, id, Some(1), note("third")));
    assert!(matches!(changed, Err(TimeEntryError::Stale)));
    let gone = workspace.run(|tx| delete(tx, &may.may(), &may.may(), &origin, id, Some(1)));
    assert!(matches!(gone, Err(TimeEntryError::Stale)));
    workspace.run(|tx| delete(tx, &may.may(), &may.may(), &origin, id, Some(2))).unwrap();
}

/// Somebody with these permissions.
fn with_role(user: UserId, mates: &[UserId], lines: &[(&str, &str, &str)]) -> Person {
    let permissions = Permissions::parse(&VOCABULARY, lines.iter().copied()).unwrap();
    Person(Principal::new(user, permissions, mates.iter().copied()))
}

#[test]
fn what_is_listed_can_be_got_and_is_what_the_scopes_say() {
    let workspace = Workspace::new();
    let people: Vec<Person> = (0..4).map(|_| workspace.person(BuiltIn::Admin)).collect();
    let (me, mate) = (people[3].id(), people[2].id());
    let mine = workspace.task(&people[3], titled("Mine")).id;
    let mates = workspace.task(&people[2], titled("My mate's")).id;
    let shown = workspace.task(&people[0], NewTask { viewer_ids: vec![me], ..titled("Shown to me") }).id;
    let hidden = workspace.task(&people[0], titled("Hidden")).id;
    let mut all = Vec::new();
    for task in [mine, mates, shown, hidden] {
        for (number, person) in people.iter().enumerate() {
            let begins = at(i64::try_from(all.len()).unwrap());
            all.push((task, number, workspace.log(person, span(task, begins, begins)).unwrap().id));
        }
    }
    for tasks in ["own", "team", "all"] {
        for hours in ["own", "team", "all"] {
            let rules: Vec<_> = ["read", "update", "delete"].map(|a| ("time_entries", a, hours)).to_vec();
            let person = with_role(me, &[mate], &[&rules[..], &[("tasks", "read", tasks)]].concat());
            let on = |task| match tasks {
                "own" => [mine, shown].contains(&task),
                "team" => [mine, mates, shown].contains(&task),
                _ => true,
            };
            let of = |number| match hours {
                "own" => number == 3,
                "team" => number >= 2,
                _ => true,
            };
            let expected: Vec<_> =
                all.iter().filter(|(t, n, _)| on(*t) && of(*n)).map(|(_, _, id)| *id).collect();
            assert_eq!(workspace.entries(&person, TimeEntryFilter::default()), expected, "{tasks} {hours}");
            for (_, _, id) in &all {
                let there = expected.contains(id);
                assert_eq!(workspace.entry(&person, *id).is_ok(), there);
                let told = workspace.run(|tx| history(tx, &person.may(), &person.may(), *id, None, 1));
                assert_eq!(told.is_ok(), there || (tasks, hours) == ("all", "all"));
                assert_eq!(workspace.amend(&person, *id, TimeEntryPatch::default()).is_ok(), there);
                let mut undone = workspace.tenant.begin();
                let gone = delete(&mut undone, &person.may(), &person.may(), &person.origin(), *id, None);
                assert_eq!(gone.is_ok(), there);
            }
        }
    }
}

#[test]
fn time_is_written_on_tasks_in_reach_alone() {
    let workspace = Workspace::new();
    let (admin, worker) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let hidden = workspace.task(&admin, titled("Hidden")).id;
    let shown = workspace.task(&admin, NewTask { viewer_ids: vec![worker.id()], ..titled("Shown") });
    for task in [hidden, TaskId::new(now())] {
        assert!(matches!(workspace.start(&worker, task), Err(TimeEntryError::UnknownTask)));
    }
    let entry = workspace.start(&worker, shown.id).unwrap();
    // Whether a timer runs is not told before the task is seen.
    for task in [hidden, TaskId::new(now())] {
        assert!(matches!(workspace.start(&worker, task), Err(TimeEntryError::UnknownTask)));
        let moved = TimeEntryPatch { task_id: Some(task), ..TimeEntryPatch::default() };
        assert!(matches!(workspace.amend(&worker, entry.id, moved), Err(TimeEntryError::UnknownTask)));
    }
    assert_eq!(workspace.entry(&worker, entry.id).unwrap(), entry);
    // Who loses the task loses their hours on it.
    workspace.update(&admin, &shown, TaskPatch { viewer_ids: Some(vec![]), ..TaskPatch::default() }).unwrap();
    assert!(matches!(workspace.entry(&worker, entry.id), Err(TimeEntryError::NotFound)));
    assert!(matches!(workspace.stop(&worker, entry.id), Err(TimeEntryError::NotFound)));
    assert!(workspace.entries(&worker, TimeEntryFilter::default()).is_empty());
}

#[test]
fn a_deleted_task_takes_its_time_entries_and_tells_of_each() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let [task, other] = ["Bake", "Sell"].map(|title| workspace.task(&worker, titled(title)).id);
    let one = workspace.log(&worker, span(task, at(-60), at(-30))).unwrap().id;
    let two = workspace.start(&worker, task).unwrap().id;
    let kept = workspace.log(&worker, span(other, at(-60), at(-30))).unwrap().id;
    let mark = workspace.mark();
    workspace.run(|tx| tasks::delete(tx, &worker.may(), &worker.origin(), task, None)).unwrap();
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| json!([e[0], e[1]])).collect();
    let expected = [["tasks", "delete"], ["time_entries", "delete"], ["time_entries", "delete"]];
    assert_eq!(told, expected.map(|pair| json!(pair)));
    for id in [one, two] {
        assert!(matches!(workspace.entry(&worker, id), Err(TimeEntryError::NotFound)));
    }
    assert_eq!(workspace.entries(&worker, TimeEntryFilter::default()), [kept]);
}

#[test]
fn the_timer_of_somebody_who_leaves_is_stopped_and_their_hours_stay() {
    let workspace = Workspace::new();
    let (admin, leaver) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&leaver, titled("Bake")).id;
    let before = workspace.log(&leaver, span(task, at(-60), at(-30))).unwrap();
    let running = workspace.log(&leaver, NewTimeEntry::starting(task, at(-10))).unwrap();
    let others = workspace.start(&admin, task).unwrap();
    let mark = workspace.mark();
    workspace.run(|tx| tasks::unassign_user(tx, &admin.origin(), leaver.id())).unwrap();
    assert_eq!(
        workspace.told_since(mark),
        json!([["time_entries", "update", [["ended_at", null, "2026-01-01T09:00:00+01:00"]]]])
    );
    assert_eq!(workspace.entry(&admin, running.id).unwrap().ended_at, Some(now()));
    assert_eq!(workspace.entry(&admin, before.id).unwrap(), before);
    assert_eq!(workspace.entry(&admin, others.id).unwrap(), others);
}

#[test]
fn no_timer_runs_of_somebody_who_is_gone() {
    let workspace = Workspace::new();
    let (admin, leaver) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![leaver.id()], ..titled("Bake") }).id;
    let ended = workspace.log(&leaver, span(task, at(-60), at(-30))).unwrap().id;
    workspace.remove_user(leaver.id());
    let again = TimeEntryPatch { ended_at: Some(None), ..TimeEntryPatch::default() };
    assert!(matches!(workspace.amend(&admin, ended, again), Err(TimeEntryError::UserGone)));
    let all = with_role(leaver.id(), &[], &[("tasks", "read", "all"), ("time_entries", "create", "own")]);
    assert!(matches!(workspace.start(&all, task), Err(TimeEntryError::UserGone)));
    assert_eq!(workspace.amend(&admin, ended, note("theirs")).unwrap().user_id, leaver.id());
}

#[test]
fn of_an_entry_that_is_gone_only_who_reaches_all_hears_the_history() {
    let workspace = Workspace::new();
    let (admin, worker) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&worker, titled("Bake")).id;
    let id = workspace.start(&worker, task).unwrap().id;
    workspace.drop_entry(&worker, id).unwrap();
    let told = |by: &Person, id| workspace.run(|tx| history(tx, &by.may(), &by.may(), id, None, 10));
    assert_eq!(told(&admin, id).unwrap().len(), 2);
    assert!(matches!(told(&worker, id), Err(TimeEntryError::NotFound)));
    assert!(matches!(told(&admin, TimeEntryId::new(now())), Err(TimeEntryError::NotFound)));
}
