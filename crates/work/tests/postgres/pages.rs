//! Pages of tasks: whatever is asked for and by whom, they are the tasks in reach that the filter lets
//! through, in order.

use belfort_ids::{TagId, UserId};
use belfort_policy::{BuiltIn, Tasks};
use belfort_rbac::{Grant, Read};
use belfort_tenancy::postgres::TenantTx;
use belfort_work::tasks::{NewTask, Task, TaskFilter, TaskOrder, get, list};
use belfort_work::{Priority, Status};
use chrono::NaiveDate;

use crate::support::{Dice, Person, Workspace, titled};

fn day(n: usize) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1 + u32::try_from(n).unwrap()).unwrap()
}

/// What the filter says, word for word.
fn wanted(filter: &TaskFilter, task: &Task) -> bool {
    filter.status.is_none_or(|status| task.status == status)
        && filter.priority.is_none_or(|priority| task.priority == priority)
        && filter.created_by_id.is_none_or(|user| task.created_by_id == user)
        && filter.assignee_id.is_none_or(|user| task.assignee_ids.contains(&user))
        && filter.tag_id.is_none_or(|tag| task.tag_ids.contains(&tag))
        && filter.due_from.is_none_or(|from| task.due_on.is_some_and(|on| on >= from))
        && filter.due_to.is_none_or(|to| task.due_on.is_some_and(|on| on <= to))
}

fn filter(dice: &mut Dice, people: &[Person], tags: &[TagId]) -> TaskFilter {
    let mut some = |n: u64| (dice.below(3) == 0).then(|| usize::try_from(dice.below(n)).unwrap());
    TaskFilter {
        status: some(2).map(|n| if n == 0 { Status::Todo } else { Status::Done }),
        priority: some(2).map(|n| if n == 0 { Priority::Normal } else { Priority::High }),
        assignee_id: some(5).and_then(|n| people.get(n)).map(Person::id),
        tag_id: some(3).and_then(|n| tags.get(n)).copied(),
        created_by_id: some(5).and_then(|n| people.get(n)).map(Person::id),
        due_from: some(6).map(day),
        due_to: some(6).map(day),
    }
}

fn random(dice: &mut Dice, people: &[Person], tags: &[TagId]) -> NewTask {
    NewTask {
        status: if dice.below(2) == 0 { Status::Todo } else { Status::Done },
        priority: if dice.below(2) == 0 { Priority::Normal } else { Priority::High },
        due_on: (dice.below(2) == 0).then(|| day(usize::try_from(dice.below(6)).unwrap())),
        assignee_ids: dice.some_of(people),
        viewer_ids: dice.some_of(people),
        tag_ids: tags.iter().filter(|_| dice.below(2) == 0).copied().collect(),
        ..titled("Random")
    }
}

fn all_pages(
    tx: &mut TenantTx,
    grant: &Grant<Tasks, Read>,
    filter: &TaskFilter,
    order: TaskOrder,
) -> Vec<Task> {
    let mut all: Vec<Task> = Vec::new();
    loop {
        let page = list(tx, grant, filter, order, all.last().map(|task| task.id), 3).unwrap();
        let last = page.len() < 3;
        all.extend(page);
        if last {
            return all;
        }
    }
}

#[test]
fn pages_together_are_what_is_in_reach_and_wanted_in_order() {
    let workspace = Workspace::new();
    let people: Vec<Person> = (0..5).map(|_| workspace.person(BuiltIn::Admin)).collect();
    let tags: Vec<TagId> = ["rye", "oat", "bun"].map(|name| workspace.tag(&people[0], name)).to_vec();
    let mut dice = Dice(11);
    let mut tasks: Vec<Task> = (0..80)
        .map(|_| {
            let creator = &people[usize::try_from(dice.below(5)).unwrap()];
            workspace.task(creator, random(&mut dice, &people, &tags))
        })
        .collect();
    tasks.sort_by_key(|task| task.id);
    let mates: Vec<UserId> = people[..3].iter().map(Person::id).collect();
    let (mut tx, mut seen) = (workspace.tenant.begin(), 0);
    for (role, person) in BuiltIn::ALL.iter().flat_map(|role| people.iter().map(move |who| (*role, who))) {
        let grant = person.in_role(role, &mates).may::<Tasks, Read>();
        let readable: Vec<&Task> =
            tasks.iter().filter(|t| get(&mut tx, &grant, t.id).unwrap().is_some()).collect();
        for _ in 0..12 {
            let filter = filter(&mut dice, &people, &tags);
            let mut expected: Vec<Task> =
                readable.iter().filter(|task| wanted(&filter, task)).map(|task| (*task).clone()).collect();
            seen += expected.len();
            assert_eq!(
                all_pages(&mut tx, &grant, &filter, TaskOrder::Oldest),
                expected,
                "{role:?} {filter:?}"
            );
            expected.reverse();
            assert_eq!(
                all_pages(&mut tx, &grant, &filter, TaskOrder::Newest),
                expected,
                "{role:?} {filter:?}"
            );
        }
    }
    assert!(seen > 500, "the filters let too little through to prove anything: {seen}");
}
