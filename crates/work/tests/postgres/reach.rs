//! Who reaches which task: the rule, told anew in plain Rust, against every statement there is.

use std::collections::BTreeSet;

use belfort_ids::{TaskId, UserId};
use belfort_policy::{BuiltIn, Tasks};
use belfort_rbac::{Delete, Principal, Reach, Read, Update};
use belfort_work::tasks::{
    NewTask, Task, TaskError, TaskFilter, TaskOrder, TaskPatch, delete, get, history, list, update,
};

use crate::support::{Dice, Person, Workspace, retitled, titled};

/// The scope's definition, word for word.
fn reaches(reach: &Reach, caller: UserId, mates: &[UserId], task: &Task, reads: bool) -> bool {
    let theirs = |user: &UserId| task.created_by_id == *user || task.assignee_ids.contains(user);
    let own = theirs(&caller) || (reads && task.viewer_ids.contains(&caller));
    match reach.scope().as_str() {
        "all" => true,
        "team" => own || mates.iter().any(theirs),
        _ => own,
    }
}

#[test]
fn what_is_listed_can_be_got_and_is_what_the_scope_says() {
    let workspace = Workspace::new();
    let people: Vec<Person> = (0..5).map(|_| workspace.person(BuiltIn::Member)).collect();
    let mates: [&[usize]; 5] = [&[1, 2], &[0, 2], &[0, 1, 3], &[2], &[]];
    let mut dice = Dice(7);
    let all: Vec<Task> = (0..60)
        .map(|n| {
            let creator = &people[usize::try_from(dice.below(5)).unwrap()];
            let (assignee_ids, viewer_ids) = (dice.some_of(&people), dice.some_of(&people));
            workspace.task(creator, NewTask { assignee_ids, viewer_ids, ..titled(&format!("{n}")) })
        })
        .collect();
    let mut told_apart = BTreeSet::new();
    for (person, mates) in people.iter().zip(mates) {
        let mates: Vec<UserId> = mates.iter().map(|n| people[*n].id()).collect();
        for role in BuiltIn::ALL {
            let person = person.in_role(role, &mates);
            let got = readable(&workspace, &person, &mates, &all);
            if let Ok(grant) = person.0.grant::<Tasks, Update>() {
                let no_change = TaskPatch::default;
                let mut tx = workspace.tenant.begin();
                for task in &all {
                    let done = update(&mut tx, &grant, &person.origin(), task.id, None, no_change());
                    let expected = reaches(grant.reach(), person.id(), &mates, task, false);
                    assert_eq!(found(done), expected, "{role:?} updates {}", task.title.as_str());
                }
            }
            if let Ok(grant) = person.0.grant::<Tasks, Delete>() {
                for task in &all {
                    let mut undone = workspace.tenant.begin();
                    let done = delete(&mut undone, &grant, &person.origin(), task.id, None);
                    let expected = reaches(grant.reach(), person.id(), &mates, task, false);
                    assert_eq!(found(done), expected, "{role:?} deletes {}", task.title.as_str());
                }
            }
            told_apart.insert(got.len());
        }
    }
    assert!(told_apart.len() > 5, "the table is too uniform to prove anything: {told_apart:?}");
}

fn readable(workspace: &Workspace, person: &Person, mates: &[UserId], all: &[Task]) -> BTreeSet<TaskId> {
    let grant = person.may::<Tasks, Read>();
    let mut tx = workspace.tenant.begin();
    let listed = list(&mut tx, &grant, &TaskFilter::default(), TaskOrder::Oldest, None, 100).unwrap();
    let got: Vec<Task> = all.iter().filter_map(|task| get(&mut tx, &grant, task.id).unwrap()).collect();
    assert_eq!(listed, got);
    let expected: Vec<Task> =
        all.iter().filter(|task| reaches(grant.reach(), person.id(), mates, task, true)).cloned().collect();
    assert_eq!(listed, expected);
    for task in all {
        let told = history(&mut tx, &grant, task.id, None, 1).is_ok();
        assert_eq!(told, expected.contains(task), "history");
    }
    listed.iter().map(|task| task.id).collect()
}

fn found<T>(done: Result<T, TaskError>) -> bool {
    match done {
        Ok(_) => true,
        Err(TaskError::NotFound) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_viewer_reads_and_cannot_change() {
    let workspace = Workspace::new();
    let (admin, viewer) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![viewer.id()], ..titled("Shown") });
    assert_eq!(workspace.get(&viewer, &task).unwrap(), task);
    assert!(matches!(workspace.update(&viewer, &task, retitled("Mine")), Err(TaskError::NotFound)));
    let gone = workspace.run(|tx| delete(tx, &viewer.may(), &viewer.origin(), task.id, None));
    assert!(matches!(gone, Err(TaskError::NotFound)));
    assert_eq!(workspace.get(&admin, &task).unwrap(), task);
}

#[test]
fn out_of_reach_comes_before_stale_and_unknown() {
    let workspace = Workspace::new();
    let (admin, stranger) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, titled("Hidden"));
    let patch = TaskPatch { viewer_ids: Some(vec![UserId::new(belfort_testkit::now())]), ..retitled("Seen") };
    let done = workspace.run(|tx| update(tx, &stranger.may(), &stranger.origin(), task.id, Some(99), patch));
    assert!(matches!(done, Err(TaskError::NotFound)));
}

#[test]
fn who_takes_themselves_off_a_task_sees_what_they_did() {
    let workspace = Workspace::new();
    let (admin, assignee) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let task = workspace.task(&admin, NewTask { assignee_ids: vec![assignee.id()], ..titled("Passed on") });
    let nobody = TaskPatch { assignee_ids: Some(vec![]), ..TaskPatch::default() };
    assert!(workspace.update(&assignee, &task, nobody).unwrap().assignee_ids.is_empty());
    assert!(matches!(workspace.get(&assignee, &task), Err(TaskError::NotFound)));
}

#[test]
fn a_mates_viewing_is_not_the_teams() {
    let workspace = Workspace::new();
    let (admin, viewer) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let mate = workspace.person(BuiltIn::Member);
    let task = workspace.task(&admin, NewTask { viewer_ids: vec![viewer.id()], ..titled("Shown to one") });
    let mate = Person(Principal::new(mate.id(), BuiltIn::Member.permissions(), [viewer.id()]));
    assert!(matches!(workspace.get(&mate, &task), Err(TaskError::NotFound)));
}
