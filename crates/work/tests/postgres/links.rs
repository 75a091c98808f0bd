//! Who and what a task is linked with: one at a time, and by everybody who leaves.

use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::tasks::{Link, NewTask, TaskError, TaskPatch, link, unassign_user, unlink};
use serde_json::json;

use crate::support::{Workspace, retitled, titled};

#[test]
fn a_link_is_made_and_taken_once() {
    let workspace = Workspace::new();
    let (admin, other) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Guest).id());
    let tag = workspace.tag(&admin, "bell");
    let task = workspace.task(&admin, titled("Linked"));
    let mark = workspace.mark();
    let (grant, origin) = (admin.may(), admin.origin());
    for twice in 1..=2 {
        let linked = workspace.run(|tx| {
            link(tx, &grant, &origin, task.id, Link::Viewer(other))?;
            link(tx, &grant, &origin, task.id, Link::Assignee(other))?;
            link(tx, &grant, &origin, task.id, Link::Tag(tag))
        });
        let linked = linked.unwrap();
        assert_eq!((&linked.viewer_ids[..], &linked.assignee_ids[..]), (&[other][..], &[other][..]));
        assert_eq!((&linked.tag_ids[..], linked.version), (&[tag][..], 4), "{twice}");
        assert_eq!(workspace.get(&admin, &task).unwrap(), linked);
    }
    for twice in 1..=2 {
        let bare = workspace.run(|tx| {
            unlink(tx, &grant, &origin, task.id, Link::Viewer(other))?;
            unlink(tx, &grant, &origin, task.id, Link::Assignee(other))?;
            unlink(tx, &grant, &origin, task.id, Link::Tag(tag))
        });
        let bare = bare.unwrap();
        assert!(bare.viewer_ids.is_empty() && bare.assignee_ids.is_empty() && bare.tag_ids.is_empty());
        assert_eq!(bare.version, 7, "{twice}");
        assert_eq!(workspace.get(&admin, &task).unwrap(), bare);
    }
    assert_eq!(
        workspace.told_since(mark),
        json!([
            ["tasks", "viewer_added", [["viewer_id", null, other]]],
            ["tasks", "update", [["assignee_ids", [], [other]]]],
            ["tasks", "tag_added", [["tag_id", null, tag], ["tag", null, "bell"]]],
            ["tasks", "viewer_removed", [["viewer_id", other, null]]],
            ["tasks", "update", [["assignee_ids", [other], []]]],
            ["tasks", "tag_removed", [["tag_id", tag, null], ["tag", "bell", null]]],
        ])
    );
}

#[test]
fn a_link_with_nobody_is_unknown_and_without_one_is_nothing() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let task = workspace.task(&admin, titled("Linked"));
    let (grant, origin) = (admin.may(), admin.origin());
    let (nobody, no_tag) = (UserId::new(now()), TagId::new(now()));
    let refused = [
        workspace.run(|tx| link(tx, &grant, &origin, task.id, Link::Viewer(nobody))),
        workspace.run(|tx| link(tx, &grant, &origin, task.id, Link::Assignee(nobody))),
        workspace.run(|tx| link(tx, &grant, &origin, task.id, Link::Tag(no_tag))),
    ];
    for (refused, wrong) in refused.into_iter().zip(["viewer_ids", "assignee_ids", "tag_ids"]) {
        assert!(matches!(refused, Err(TaskError::Unknown { field }) if field == wrong));
    }
    assert_eq!(workspace.run(|tx| unlink(tx, &grant, &origin, task.id, Link::Tag(no_tag))).unwrap(), task);
    let absent = workspace.run(|tx| link(tx, &grant, &origin, TaskId::new(now()), Link::Viewer(admin.id())));
    assert!(matches!(absent, Err(TaskError::NotFound)));
}

#[test]
fn tags_and_viewers_are_told_one_by_one_beside_the_update() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let [old, new] = [0, 1].map(|_| workspace.person(BuiltIn::Guest).id());
    let [red, blue] = ["red", "blue"].map(|name| workspace.tag(&admin, name));
    let task =
        workspace.task(&admin, NewTask { viewer_ids: vec![old], tag_ids: vec![red], ..titled("Before") });
    let mark = workspace.mark();
    let lists = TaskPatch { viewer_ids: Some(vec![new]), tag_ids: Some(vec![blue]), ..TaskPatch::default() };
    let after = workspace.update(&admin, &task, TaskPatch { ..lists.clone() }).unwrap();
    assert_eq!((after.version, workspace.get(&admin, &task).unwrap()), (2, after));
    let back = TaskPatch { viewer_ids: Some(vec![]), tag_ids: Some(vec![]), ..retitled("After") };
    workspace.update(&admin, &task, back).unwrap();
    assert_eq!(
        workspace.told_since(mark),
        json!([
            ["tasks", "tag_removed", [["tag_id", red, null], ["tag", "red", null]]],
            ["tasks", "tag_added", [["tag_id", null, blue], ["tag", null, "blue"]]],
            ["tasks", "viewer_removed", [["viewer_id", old, null]]],
            ["tasks", "viewer_added", [["viewer_id", null, new]]],
            ["tasks", "update", [["title", "Before", "After"]]],
            ["tasks", "tag_removed", [["tag_id", blue, null], ["tag", "blue", null]]],
            ["tasks", "viewer_removed", [["viewer_id", new, null]]],
        ])
    );
}

#[test]
fn who_leaves_is_taken_off_every_task_and_stays_the_maker_of_theirs() {
    let workspace = Workspace::new();
    let (admin, leaver) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let (stays, goes) = (admin.id(), leaver.id());
    let both =
        |ids: Vec<UserId>, title| NewTask { assignee_ids: ids.clone(), viewer_ids: ids, ..titled(title) };
    let shared = workspace.task(&admin, both(vec![stays, goes], "Shared"));
    let viewed = workspace.task(&admin, NewTask { viewer_ids: vec![goes], ..titled("Viewed") });
    let made = workspace.task(&leaver, titled("Made"));
    let untouched = workspace.task(&admin, both(vec![stays], "Untouched"));
    let mark = workspace.mark();
    workspace.run(|tx| unassign_user(tx, &admin.origin(), goes)).unwrap();
    let told = workspace.told_since(mark);
    assert_eq!(
        told,
        json!([
            ["tasks", "update", [["assignee_ids", [stays, goes], [stays]]]],
            ["tasks", "viewer_removed", [["viewer_id", goes, null]]],
            ["tasks", "viewer_removed", [["viewer_id", goes, null]]],
        ])
    );
    let now_shared = workspace.get(&admin, &shared).unwrap();
    assert_eq!((now_shared.assignee_ids, now_shared.viewer_ids), (vec![stays], vec![stays]));
    assert_eq!((now_shared.version, workspace.get(&admin, &viewed).unwrap().version), (2, 2));
    for task in [made, untouched] {
        assert_eq!(workspace.get(&admin, &task).unwrap(), task);
    }
    workspace.run(|tx| unassign_user(tx, &admin.origin(), goes)).unwrap();
    assert_eq!(workspace.told_since(mark), told);
}
