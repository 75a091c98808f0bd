//! The order in which locks are taken: two who want the same rows wait, and neither for the other.

use std::thread;

use belfort_ids::TagId;
use belfort_policy::BuiltIn;
use belfort_work::tags;
use belfort_work::tasks::{self, Link, NewTask, link, unlink, update};
use serde_json::json;

use crate::support::{Workspace, retitled, titled};

/// Whoever deletes the tag has not touched its link to the task yet, so it can still be taken off.
#[test]
fn a_tag_can_be_deleted_while_it_is_taken_off_a_task() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let tag: TagId = workspace.tag(&admin, "red");
    let task = workspace.task(&admin, NewTask { tag_ids: vec![tag], ..titled("Tagged") });
    let mark = workspace.mark();
    let origin = admin.origin();
    let mut tx = workspace.tenant.begin();
    update(&mut tx, &admin.may(), &origin, task.id, None, retitled("Locked")).unwrap();
    thread::scope(|scope| {
        let deleting =
            scope.spawn(|| workspace.run(|tx| tags::delete(tx, &admin.may(), &admin.origin(), tag, None)));
        workspace.until_one_waits(|| deleting.is_finished());
        unlink(&mut tx, &admin.may(), &origin, task.id, Link::Tag(tag)).unwrap();
        tx.commit().unwrap();
        deleting.join().unwrap().unwrap();
    });
    let told = workspace.told_since(mark);
    let told: Vec<_> = told.as_array().unwrap().iter().map(|e| json!([e[0], e[1]])).collect();
    let expected = [["tasks", "update"], ["tasks", "tag_removed"], ["tags", "delete"]];
    assert_eq!(told, expected.map(|pair| json!(pair)));
}

/// Both want the user and the task. Were the task first to whoever takes the user off it, each would have what the other wants.
#[test]
fn who_leaves_can_be_given_a_task_of_theirs_meanwhile() {
    let workspace = Workspace::new();
    let (admin, leaver) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member).id());
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![leaver], ..titled("Shown") }).id;
    let origin = admin.origin();
    let mut tx = workspace.tenant.begin();
    update(&mut tx, &admin.may(), &origin, task, None, retitled("Locked")).unwrap();
    thread::scope(|scope| {
        let leaving = scope.spawn(|| workspace.run(|tx| tasks::unassign_user(tx, &admin.origin(), leaver)));
        workspace.until_one_waits(|| leaving.is_finished());
        let assigning = scope.spawn(|| {
            workspace.run(|tx| link(tx, &admin.may(), &admin.origin(), task, Link::Assignee(leaver)))
        });
        workspace.until_waiting(2, || assigning.is_finished());
        tx.commit().unwrap();
        leaving.join().unwrap().unwrap();
        assigning.join().unwrap().unwrap();
    });
}
