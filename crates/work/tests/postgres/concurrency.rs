//! Two at once: nothing is lost, nothing happens untold, nobody acts on what is not so any more.

use std::sync::Barrier;
use std::thread;

use belfort_ids::TimeEntryId;
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::comments::{self, CommentError, NewComment};
use belfort_work::tasks::{self, Link, NewTask, Task, TaskError, link, unlink, update};
use belfort_work::time_entries::{self, NewTimeEntry, TimeEntryError, TimeEntryFilter, TimeEntryPatch};
use belfort_work::{CommentBody, Note, tags};
use serde_json::json;

use crate::support::{Person, Workspace, remove_user, retitled, titled};

#[test]
fn of_two_updates_that_expect_the_same_version_one_is_stale() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    for _ in 0..20 {
        let task = workspace.task(&admin, titled("Before"));
        let mark = workspace.mark();
        let barrier = Barrier::new(2);
        let done: Vec<Result<Task, TaskError>> = thread::scope(|scope| {
            let racers = ["Mine", "Yours"].map(|title| {
                let (workspace, admin, barrier, task) = (&workspace, &admin, &barrier, &task);
                scope.spawn(move || {
                    barrier.wait();
                    workspace.run(|tx| {
                        update(tx, &admin.may(), &admin.origin(), task.id, Some(1), retitled(title))
                    })
                })
            });
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(done.iter().filter(|done| matches!(done, Err(TaskError::Stale))).count(), 1);
        let won = done.into_iter().find_map(Result::ok).unwrap();
        assert_eq!(workspace.get(&admin, &task).unwrap(), won);
        let told = workspace.told_since(mark);
        assert_eq!(told, json!([["tasks", "update", [["title", "Before", won.title]]]]));
    }
}

/// Runs `second` while `first` has done its work and not committed, until it waits; then lets `first` commit.
fn while_waiting<T: Send, E>(
    workspace: &Workspace,
    first: impl FnOnce(&mut belfort_tenancy::postgres::TenantTx) -> Result<(), E>,
    second: impl FnOnce() -> T + Send,
) -> T
where
    E: std::fmt::Debug,
{
    let mut tx = workspace.tenant.begin();
    first(&mut tx).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(second);
        workspace.until_one_waits(|| waiting.is_finished());
        tx.commit().unwrap();
        waiting.join().unwrap()
    })
}

#[test]
fn who_waited_for_a_task_sees_the_lists_as_they_are_now() {
    let workspace = Workspace::new();
    let (admin, viewer) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Guest).id());
    let task = workspace.task(&admin, titled("Shown"));
    let mark = workspace.mark();
    let (origin, id) = (admin.origin(), task.id);
    let after = while_waiting(
        &workspace,
        |tx| link(tx, &admin.may(), &origin, id, Link::Viewer(viewer)).map(drop),
        || workspace.run(|tx| unlink(tx, &admin.may(), &origin, id, Link::Viewer(viewer))),
    );
    let after = after.unwrap();
    assert_eq!((after.version, after.viewer_ids.len()), (3, 0));
    assert_eq!(workspace.get(&admin, &task).unwrap(), after);
    assert_eq!(
        workspace.told_since(mark),
        json!([
            ["tasks", "viewer_added", [["viewer_id", null, viewer]]],
            ["tasks", "viewer_removed", [["viewer_id", viewer, null]]],
        ])
    );
}

#[test]
fn who_lost_a_task_while_waiting_for_it_does_not_change_it() {
    let workspace = Workspace::new();
    let (admin, assignee) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, NewTask { assignee_ids: vec![assignee.id()], ..titled("Theirs") });
    let done = while_waiting(
        &workspace,
        |tx| unlink(tx, &admin.may(), &admin.origin(), task.id, Link::Assignee(assignee.id())).map(drop),
        || workspace.update(&assignee, &task, retitled("Mine")),
    );
    assert!(matches!(done, Err(TaskError::NotFound)));
    assert_eq!(workspace.get(&admin, &task).unwrap().title.as_str(), "Theirs");
}

#[test]
fn a_comment_that_came_while_its_task_was_being_deleted_is_told_of() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Talk")).id;
    let mark = workspace.mark();
    let body = CommentBody::parse("just in time").unwrap();
    let gone = while_waiting(
        &workspace,
        |tx| {
            comments::create(tx, &admin.may(), &admin.may(), &admin.origin(), task, NewComment { body })
                .map(drop)
        },
        || workspace.run(|tx| tasks::delete(tx, &admin.may(), &admin.origin(), task, None)),
    );
    gone.unwrap();
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| json!([e[0], e[1]])).collect();
    let expected = [["comments", "create"], ["tasks", "delete"], ["comments", "delete"]];
    assert_eq!(told, expected.map(|pair| json!(pair)));
}

#[test]
fn a_comment_that_came_after_its_task_went_finds_no_task() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Talk")).id;
    let body = CommentBody::parse("too late").unwrap();
    let late = while_waiting(
        &workspace,
        |tx| tasks::delete(tx, &admin.may(), &admin.origin(), task, None),
        || {
            workspace.run(|tx| {
                comments::create(tx, &admin.may(), &admin.may(), &admin.origin(), task, NewComment { body })
            })
        },
    );
    assert!(matches!(late, Err(CommentError::NotFound)), "{late:?}");
}

#[test]
fn a_comment_does_not_wait_for_a_change_of_its_task() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Talk")).id;
    let mut tx = workspace.tenant.begin();
    update(&mut tx, &admin.may(), &admin.origin(), task, None, retitled("Changing")).unwrap();
    let body = CommentBody::parse("meanwhile").unwrap();
    workspace
        .run(|tx| {
            comments::create(tx, &admin.may(), &admin.may(), &admin.origin(), task, NewComment { body })
        })
        .unwrap();
    tx.commit().unwrap();
}

#[test]
fn a_tag_that_a_task_gets_while_it_is_being_deleted_is_told_of() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let tag = workspace.tag(&admin, "red");
    let task = workspace.task(&admin, titled("Tagged"));
    let mark = workspace.mark();
    let gone = while_waiting(
        &workspace,
        |tx| link(tx, &admin.may(), &admin.origin(), task.id, Link::Tag(tag)).map(drop),
        || workspace.run(|tx| tags::delete(tx, &admin.may(), &admin.origin(), tag, None)),
    );
    gone.unwrap();
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| json!([e[0], e[1]])).collect();
    let expected = [["tasks", "tag_added"], ["tasks", "tag_removed"], ["tags", "delete"]];
    assert_eq!(told, expected.map(|pair| json!(pair)));
}

#[test]
fn somebody_who_gets_a_task_while_leaving_is_taken_off_it() {
    let workspace = Workspace::new();
    let (admin, leaver) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member).id());
    let task = workspace.task(&admin, titled("Shown"));
    let mark = workspace.mark();
    let origin = admin.origin();
    while_waiting(
        &workspace,
        |tx| link(tx, &admin.may(), &origin, task.id, Link::Viewer(leaver)).map(drop),
        || workspace.run(|tx| tasks::unassign_user(tx, &origin, leaver)),
    )
    .unwrap();
    assert!(workspace.get(&admin, &task).unwrap().viewer_ids.is_empty());
    assert_eq!(
        workspace.told_since(mark),
        json!([
            ["tasks", "viewer_added", [["viewer_id", null, leaver]]],
            ["tasks", "viewer_removed", [["viewer_id", leaver, null]]],
        ])
    );
}

#[test]
fn of_many_who_start_a_timer_at_once_one_does() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let started = while_waiting(
        &workspace,
        |tx| {
            let new = NewTimeEntry::starting(task, now());
            time_entries::create(tx, &worker.may(), &worker.may(), &worker.origin(), new).map(drop)
        },
        || workspace.start(&worker, task),
    );
    assert!(matches!(started, Err(TimeEntryError::TimerRunning)), "{started:?}");
}

#[test]
fn a_time_entry_that_came_while_its_task_was_being_deleted_is_told_of() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Bake")).id;
    let mark = workspace.mark();
    let new = NewTimeEntry::starting(task, now());
    let gone = while_waiting(
        &workspace,
        |tx| time_entries::create(tx, &admin.may(), &admin.may(), &admin.origin(), new).map(drop),
        || workspace.run(|tx| tasks::delete(tx, &admin.may(), &admin.origin(), task, None)),
    );
    gone.unwrap();
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| json!([e[0], e[1]])).collect();
    let expected = [["time_entries", "create"], ["tasks", "delete"], ["time_entries", "delete"]];
    assert_eq!(told, expected.map(|pair| json!(pair)));
}

#[test]
fn a_time_entry_that_is_moved_to_a_task_that_goes_finds_no_task() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let [task, going] = ["Bake", "Sell"].map(|title| workspace.task(&admin, titled(title)).id);
    let id = workspace.start(&admin, task).unwrap().id;
    let moved = TimeEntryPatch { task_id: Some(going), ..TimeEntryPatch::default() };
    let done = while_waiting(
        &workspace,
        |tx| tasks::delete(tx, &admin.may(), &admin.origin(), going, None),
        || workspace.amend(&admin, id, moved),
    );
    assert!(matches!(done, Err(TimeEntryError::UnknownTask)), "{done:?}");
    assert_eq!(workspace.entry(&admin, id).unwrap().task_id, task);
}

#[test]
fn who_lost_a_time_entry_while_waiting_for_it_does_not_change_it() {
    let workspace = Workspace::new();
    let (admin, worker) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let shown = NewTask { viewer_ids: vec![worker.id()], ..titled("Shown") };
    let (task, hidden) = (workspace.task(&admin, shown).id, workspace.task(&admin, titled("Hidden")).id);
    let id = workspace.start(&worker, task).unwrap().id;
    let moved = TimeEntryPatch { task_id: Some(hidden), ..TimeEntryPatch::default() };
    let ended = TimeEntryPatch { billable: Some(false), ..TimeEntryPatch::default() };
    let done = while_waiting(
        &workspace,
        |tx| time_entries::update(tx, &admin.may(), &admin.may(), &admin.origin(), id, None, moved).map(drop),
        || workspace.amend(&worker, id, ended),
    );
    assert!(matches!(done, Err(TimeEntryError::NotFound)), "{done:?}");
    assert!(workspace.entry(&admin, id).unwrap().billable);

    // Nor when it is the task that they lost: it is asked for again when the entry is had.
    let shown = workspace.task(&admin, NewTask { viewer_ids: vec![worker.id()], ..titled("Shown") }).id;
    let moved = TimeEntryPatch { task_id: Some(shown), ..TimeEntryPatch::default() };
    workspace.amend(&admin, id, moved).unwrap();
    let noted = TimeEntryPatch { note: Some(Note::parse("Theirs").unwrap()), ..TimeEntryPatch::default() };
    let ended = TimeEntryPatch { billable: Some(false), ..TimeEntryPatch::default() };
    let (may, origin) = (&admin, admin.origin());
    let done = while_waiting(
        &workspace,
        |tx| {
            time_entries::update(tx, &may.may(), &may.may(), &origin, id, None, noted).unwrap();
            unlink(tx, &may.may(), &origin, shown, Link::Viewer(worker.id())).map(drop)
        },
        || workspace.run(|tx| delete_entry(tx, &worker, id)),
    );
    assert!(matches!(done, Err(TimeEntryError::NotFound)), "{done:?}");
    assert!(matches!(workspace.amend(&worker, id, ended), Err(TimeEntryError::NotFound)));
    assert_eq!(workspace.entry(&admin, id).unwrap().note.as_str(), "Theirs");
}

fn delete_entry(
    tx: &mut belfort_tenancy::postgres::TenantTx,
    by: &Person,
    id: TimeEntryId,
) -> Result<(), TimeEntryError> {
    time_entries::delete(tx, &by.may(), &by.may(), &by.origin(), id, None)
}

#[test]
fn a_timer_that_is_started_while_its_owner_leaves_does_not_run_on() {
    let workspace = Workspace::new();
    let (admin, leaver) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&leaver, titled("Bake")).id;
    let late = while_waiting(
        &workspace,
        |tx| {
            tasks::unassign_user(tx, &admin.origin(), leaver.id())?;
            remove_user(tx, leaver.id())
        },
        || workspace.start(&leaver, task),
    );
    assert!(matches!(late, Err(TimeEntryError::UserGone)), "{late:?}");

    let quick = workspace.person(BuiltIn::Member);
    let task = workspace.task(&quick, titled("Bake")).id;
    let new = NewTimeEntry::starting(task, now());
    while_waiting(
        &workspace,
        |tx| time_entries::create(tx, &quick.may(), &quick.may(), &quick.origin(), new).map(drop),
        || workspace.run(|tx| tasks::unassign_user(tx, &admin.origin(), quick.id())),
    )
    .unwrap();
    let running = TimeEntryFilter { running: Some(true), ..TimeEntryFilter::default() };
    assert!(workspace.entries(&admin, running).is_empty());
}
