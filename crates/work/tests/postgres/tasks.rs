//! Tasks: what is stored, what is told, what is refused.

use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::{BuiltIn, Tasks};
use belfort_testkit::now;
use belfort_work::tags::NewTag;
use belfort_work::tasks::{
    self, MAX_LINKS, NewTask, TaskError, TaskFilter, TaskOrder, TaskPatch, create, delete, history, list,
    update,
};
use belfort_work::{Description, Priority, Status};
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use crate::support::{Workspace, add_person, retitled, titled};

#[test]
fn a_new_task_is_as_it_was_told() {
    let workspace = Workspace::new();
    let (admin, other) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let tag = workspace.tag(&admin, "urgent");
    let mark = workspace.mark();
    let task = workspace.task(
        &admin,
        NewTask {
            description: Description::parse("It rings flat.").unwrap(),
            priority: Priority::High,
            due_on: NaiveDate::from_ymd_opt(2026, 2, 1),
            assignee_ids: vec![other.id(), admin.id(), other.id()],
            viewer_ids: vec![other.id()],
            tag_ids: vec![tag, tag],
            ..titled("Tune the bell")
        },
    );
    assert_eq!(task.assignee_ids, [admin.id(), other.id()]);
    assert_eq!((task.version, task.created_at, task.created_by_id), (1, now(), admin.id()));
    assert_eq!(workspace.get(&admin, &task).unwrap(), task);
    assert_eq!(
        workspace.told_since(mark),
        json!([
            [
                "tasks",
                "create",
                [
                    ["title", null, "Tune the bell"],
                    ["description", null, "It rings flat."],
                    ["status", null, "todo"],
                    ["priority", null, "high"],
                    ["due_on", null, "2026-02-01"],
                    ["created_by_id", null, admin.id()],
                    ["assignee_ids", null, [admin.id(), other.id()]],
                    ["viewer_ids", null, [other.id()]],
                    ["tag_ids", null, [tag]],
                ]
            ],
            ["tasks", "tag_added", [["tag_id", null, tag], ["tag", null, "urgent"]]],
            ["tasks", "viewer_added", [["viewer_id", null, other.id()]]],
        ])
    );
}

#[test]
fn an_update_tells_the_fields_that_changed_and_no_other() {
    let workspace = Workspace::new();
    let (admin, other) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, NewTask { assignee_ids: vec![admin.id()], ..titled("Before") });
    let mark = workspace.mark();
    let patch = TaskPatch {
        title: Some(task.title.clone()),
        status: Some(Status::Done),
        due_on: Some(NaiveDate::from_ymd_opt(2026, 3, 29)),
        assignee_ids: Some(vec![other.id(), admin.id()]),
        ..TaskPatch::default()
    };
    let after = workspace.update(&admin, &task, patch).unwrap();
    assert_eq!(after.version, 2);
    assert_eq!(workspace.get(&admin, &task).unwrap(), after);
    let cleared = TaskPatch { due_on: Some(None), ..TaskPatch::default() };
    assert_eq!(workspace.update(&admin, &task, cleared).unwrap().due_on, None);
    assert_eq!(
        workspace.told_since(mark),
        json!([
            [
                "tasks",
                "update",
                [
                    ["status", "todo", "done"],
                    ["due_on", null, "2026-03-29"],
                    ["assignee_ids", [admin.id()], [admin.id(), other.id()]],
                ]
            ],
            ["tasks", "update", [["due_on", "2026-03-29", null]]],
        ])
    );
}

#[test]
fn a_change_that_changes_nothing_writes_nothing() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![admin.id()], ..titled("Same") });
    let mark = workspace.mark();
    let same = TaskPatch {
        due_on: Some(None),
        viewer_ids: Some(vec![admin.id(), admin.id()]),
        tag_ids: Some(vec![]),
        ..retitled(" Same ")
    };
    for patch in [TaskPatch::default(), same] {
        assert_eq!(workspace.update(&admin, &task, patch).unwrap(), task);
    }
    assert_eq!(workspace.get(&admin, &task).unwrap(), task);
    assert_eq!(workspace.told_since(mark), json!([]));
}

#[test]
fn the_time_of_the_last_change_does_not_run_backwards() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Now"));
    let mut origin = admin.origin();
    for (seconds, shown) in [(-60, 0), (60, 60)] {
        origin.at = now() + TimeDelta::seconds(seconds);
        let patch = retitled(&format!("{seconds}"));
        let after = workspace.run(|tx| update(tx, &admin.may(), &origin, task.id, None, patch)).unwrap();
        assert_eq!(after.updated_at, now() + TimeDelta::seconds(shown));
        assert_eq!(workspace.get(&admin, &task).unwrap(), after);
    }
}

#[test]
fn a_moment_is_answered_as_it_is_stored() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let mut origin = admin.origin();
    origin.at = now() + TimeDelta::nanoseconds(1_234_567_899);
    let task = workspace.run(|tx| create(tx, &admin.may(), &origin, titled("Now"))).unwrap();
    assert_eq!(workspace.get(&admin, &task).unwrap(), task);
}

#[test]
fn a_version_that_is_not_the_tasks_any_more_is_stale() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("One"));
    let at = |expected, title: &str| {
        let patch = retitled(title);
        workspace.run(|tx| update(tx, &admin.may(), &admin.origin(), task.id, Some(expected), patch))
    };
    assert_eq!(at(1, "Two").unwrap().version, 2);
    let mark = workspace.mark();
    // Also where nothing would have changed: the caller did not see what it says it saw.
    for title in ["Two", "Three"] {
        assert!(matches!(at(1, title), Err(TaskError::Stale)));
    }
    let removed = workspace.run(|tx| delete(tx, &admin.may(), &admin.origin(), task.id, Some(1)));
    assert!(matches!(removed, Err(TaskError::Stale)));
    assert_eq!(workspace.told_since(mark), json!([]));
    workspace.run(|tx| delete(tx, &admin.may(), &admin.origin(), task.id, Some(2))).unwrap();
}

#[test]
fn ids_that_this_workspace_does_not_have_are_unknown_in_their_field() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Here"));
    let abroad = workspace.db.tenant();
    let stranger = add_person(&abroad, BuiltIn::Admin);
    let mut there = abroad.begin();
    let name = belfort_work::TagName::parse("theirs").unwrap();
    let theirs = belfort_work::tags::create(&mut there, &stranger.may(), &stranger.origin(), NewTag { name })
        .unwrap()
        .id;
    let elsewhere = create(&mut there, &stranger.may(), &stranger.origin(), titled("Elsewhere")).unwrap();
    there.commit().unwrap();
    let mark = workspace.mark();

    let nobody = UserId::new(now());
    let mut cases: Vec<(&str, TaskPatch)> = Vec::new();
    for user in [nobody, stranger.id()] {
        let ids = Some(vec![admin.id(), user]);
        cases.push(("assignee_ids", TaskPatch { assignee_ids: ids.clone(), ..TaskPatch::default() }));
        cases.push(("viewer_ids", TaskPatch { viewer_ids: ids, ..retitled("Lost") }));
    }
    for tag in [TagId::new(now()), theirs] {
        cases.push(("tag_ids", TaskPatch { tag_ids: Some(vec![tag]), ..TaskPatch::default() }));
    }
    for (wrong, patch) in cases {
        let new = NewTask {
            assignee_ids: patch.assignee_ids.clone().unwrap_or_default(),
            viewer_ids: patch.viewer_ids.clone().unwrap_or_default(),
            tag_ids: patch.tag_ids.clone().unwrap_or_default(),
            ..titled("New")
        };
        let created = workspace.run(|tx| create(tx, &admin.may(), &admin.origin(), new));
        for refused in [created, workspace.update(&admin, &task, patch)] {
            assert!(
                matches!(refused, Err(TaskError::Unknown { field }) if field == wrong),
                "{wrong}: {refused:?}"
            );
        }
    }
    assert!(matches!(workspace.get(&admin, &elsewhere), Err(TaskError::NotFound)));
    assert!(matches!(workspace.update(&admin, &elsewhere, retitled("Mine")), Err(TaskError::NotFound)));
    assert_eq!(workspace.get(&admin, &task).unwrap(), task);
    assert_eq!(workspace.told_since(mark), json!([]));
}

#[test]
fn a_list_that_is_too_long_is_refused() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let ids = (0..=MAX_LINKS).map(|_| UserId::new(now())).collect();
    let new = NewTask { viewer_ids: ids, ..titled("Popular") };
    let refused = workspace.run(|tx| create(tx, &admin.may(), &admin.origin(), new));
    assert!(matches!(refused, Err(TaskError::TooMany { field: "viewer_ids", max: MAX_LINKS })));
}

#[test]
fn what_is_rolled_back_leaves_neither_change_nor_event() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![admin.id()], ..titled("Stays") });
    let mark = workspace.mark();
    let mut tx = workspace.tenant.begin();
    let origin = admin.origin();
    create(&mut tx, &admin.may(), &origin, titled("Never")).unwrap();
    update(&mut tx, &admin.may(), &origin, task.id, None, retitled("Never")).unwrap();
    delete(&mut tx, &admin.may(), &origin, task.id, None).unwrap();
    drop(tx);
    let all = workspace.run(|tx| list(tx, &admin.may(), &TaskFilter::default(), TaskOrder::Newest, None, 10));
    assert_eq!(all.unwrap(), [task]);
    assert_eq!(workspace.told_since(mark), json!([]));
}

#[test]
fn a_deleted_task_tells_what_it_was() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let tag = workspace.tag(&admin, "bell");
    let task = workspace
        .task(&admin, NewTask { viewer_ids: vec![admin.id()], tag_ids: vec![tag], ..titled("Gone") });
    let mark = workspace.mark();
    workspace.run(|tx| delete(tx, &admin.may(), &admin.origin(), task.id, None)).unwrap();
    assert!(matches!(workspace.get(&admin, &task), Err(TaskError::NotFound)));
    assert_eq!(
        workspace.told_since(mark),
        json!([[
            "tasks",
            "delete",
            [
                ["title", "Gone", null],
                ["description", "", null],
                ["status", "todo", null],
                ["priority", "normal", null],
                ["due_on", null, null],
                ["created_by_id", admin.id(), null],
                ["assignee_ids", [], null],
                ["viewer_ids", [admin.id()], null],
                ["tag_ids", [tag], null],
            ]
        ]])
    );
    let again = workspace.run(|tx| delete(tx, &admin.may(), &admin.origin(), task.id, None));
    assert!(matches!(again, Err(TaskError::NotFound)));
}

#[test]
fn a_filter_keeps_what_it_names() {
    let workspace = Workspace::new();
    let (admin, other) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let tag = workspace.tag(&admin, "bell");
    let day = |day| NaiveDate::from_ymd_opt(2026, 1, day);
    let wanted = workspace.task(
        &other,
        NewTask {
            status: Status::Done,
            priority: Priority::Urgent,
            due_on: day(10),
            assignee_ids: vec![other.id()],
            tag_ids: vec![tag],
            ..titled("Wanted")
        },
    );
    workspace.task(&admin, NewTask { viewer_ids: vec![other.id()], ..titled("Not") });
    let none = TaskFilter::default();
    for filter in [
        TaskFilter { status: Some(Status::Done), ..none },
        TaskFilter { priority: Some(Priority::Urgent), ..none },
        TaskFilter { assignee_id: Some(other.id()), ..none },
        TaskFilter { tag_id: Some(tag), ..none },
        TaskFilter { created_by_id: Some(other.id()), ..none },
        TaskFilter { due_from: day(10), ..none },
        TaskFilter { due_to: day(10), ..none },
    ] {
        let grant = admin.may::<Tasks, _>();
        let found = workspace.run(|tx| list(tx, &grant, &filter, TaskOrder::Newest, None, 10)).unwrap();
        assert_eq!(found, std::slice::from_ref(&wanted), "{filter:?}");
    }
    for filter in [TaskFilter { due_from: day(11), ..none }, TaskFilter { due_to: day(9), ..none }] {
        let grant = admin.may::<Tasks, _>();
        let found = workspace.run(|tx| list(tx, &grant, &filter, TaskOrder::Newest, None, 10)).unwrap();
        assert!(found.is_empty(), "{filter:?}");
    }
}

#[test]
fn pages_partition_the_list_while_tasks_come_and_go() {
    let workspace = Workspace::new();
    let member = workspace.person(BuiltIn::Member);
    for order in [TaskOrder::Newest, TaskOrder::Oldest] {
        let new = |n: usize| workspace.task(&member, titled(&format!("{n}"))).id;
        let mut there: Vec<TaskId> = (0..11).map(new).collect();
        let page = |after| -> Vec<TaskId> {
            let filter = TaskFilter::default();
            let found = workspace.run(|tx| list(tx, &member.may(), &filter, order, after, 4)).unwrap();
            found.iter().map(|task| task.id).collect()
        };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let ids = page(after);
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            seen.extend(ids);
            if seen.len() == 4 {
                // One more comes, and the one that the next page starts after goes.
                let came = new(11);
                workspace
                    .run(|tx| tasks::delete(tx, &member.may(), &member.origin(), *seen.last().unwrap(), None))
                    .unwrap();
                if order == TaskOrder::Oldest {
                    there.push(came);
                }
            }
        }
        if order == TaskOrder::Newest {
            there.reverse();
        }
        assert_eq!(seen, there, "{order:?}");
        for id in page(None).into_iter().chain(there) {
            let _ = workspace.run(|tx| tasks::delete(tx, &member.may(), &member.origin(), id, None));
        }
    }
}

#[test]
fn the_history_of_a_task_goes_with_its_reach() {
    let workspace = Workspace::new();
    let [admin, author, stranger] =
        [BuiltIn::Admin, BuiltIn::Member, BuiltIn::Member].map(|role| workspace.person(role));
    let task = workspace.task(&author, titled("One"));
    workspace.update(&author, &task, retitled("Two")).unwrap();
    let read = |by: &crate::support::Person, id, before, limit| {
        workspace
            .run(|tx| history(tx, &by.may(), id, before, limit))
            .map(|events| events.into_iter().map(|event| (event.action, event.seq)).collect::<Vec<_>>())
    };
    let events = read(&author, task.id, None, 10).unwrap();
    assert_eq!((events[0].0.as_str(), events[1].0.as_str()), ("update", "create"));
    assert_eq!(read(&author, task.id, Some(events[0].1), 10).unwrap(), events[1..]);
    assert!(matches!(read(&stranger, task.id, None, 10), Err(TaskError::NotFound)));

    workspace.run(|tx| delete(tx, &author.may(), &author.origin(), task.id, None)).unwrap();
    let events = read(&admin, task.id, None, 10).unwrap();
    assert_eq!(events.len(), 3);
    assert!(read(&admin, task.id, Some(events[2].1), 10).unwrap().is_empty());
    for (who, id) in [(&author, task.id), (&stranger, task.id), (&admin, TaskId::new(now()))] {
        assert!(matches!(read(who, id, None, 10), Err(TaskError::NotFound)));
        assert!(matches!(read(who, id, Some(1), 10), Err(TaskError::NotFound)));
    }
}
