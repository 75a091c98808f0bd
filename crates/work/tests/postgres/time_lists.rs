//! Lists of time entries, and which of them overlap.

use belfort_db::{Queries as _, Statement};
use belfort_ids::TimeEntryId;
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::tasks::{NewTask, TaskPatch};
use belfort_work::time_entries::{
    EntryCursor, MAX_OVERLAPS, NewTimeEntry, Overlapping, TimeEntry, TimeEntryFilter, TimeEntryOrder,
    TimeEntryPatch, list, with_overlaps,
};
use chrono::TimeDelta;
use diesel::sql_types::{BigInt, Timestamptz, Uuid};

use crate::support::{Dice, Person, Workspace, titled};
use crate::time_entries::{at, span};

impl Workspace {
    fn overlaps(&self, by: &Person, id: TimeEntryId) -> Vec<TimeEntryId> {
        let entry = self.entry(by, id).unwrap();
        let found = self.run(|tx| with_overlaps(tx, &by.may(), Some(&by.may()), now(), vec![entry])).unwrap();
        found.into_iter().next().unwrap().overlap_ids
    }
}

/// What a range of time says, word for word.
fn in_range(filter: &TimeEntryFilter, entry: &TimeEntry) -> bool {
    let empty = filter.from.zip(filter.to).is_some_and(|(from, to)| to <= from);
    let lasts = |from| entry.started_at >= from || entry.ended_at.is_none_or(|ended_at| ended_at > from);
    !empty && filter.to.is_none_or(|to| entry.started_at < to) && filter.from.is_none_or(lasts)
}

#[test]
fn pages_together_are_what_is_in_reach_and_in_the_range_in_order() {
    let workspace = Workspace::new();
    let admins = [workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Admin)];
    let [me, mate] = admins.each_ref().map(Person::id);
    let task = workspace.task(&admins[0], NewTask { assignee_ids: vec![mate], ..titled("Bake") }).id;
    // Several begin at one moment.
    let mut all: Vec<TimeEntry> = [(3, 9), (1, 1), (1, 2), (1, 9), (2, 2), (2, 3), (0, 20), (5, 6), (0, 1)]
        .into_iter()
        .enumerate()
        .map(|(n, (from, to))| workspace.log(&admins[n % 2], span(task, at(from), at(to))).unwrap())
        .collect();
    all.push(workspace.log(&admins[0], NewTimeEntry::starting(task, at(-1))).unwrap());
    all.sort_by_key(|entry| (entry.started_at, entry.id));
    let bound = |minutes: Option<i64>| minutes.map(at);
    for role in [BuiltIn::Admin, BuiltIn::Member] {
        for (mates, person) in [(&[][..], &admins[0]), (&[mate][..], &admins[0]), (&[me, me][..], &admins[1])]
        {
            let person = person.in_role(role, mates);
            for (from, to) in
                [(None, None), (Some(2), None), (None, Some(2)), (Some(1), Some(3)), (Some(3), Some(3))]
            {
                let filter =
                    TimeEntryFilter { from: bound(from), to: bound(to), ..TimeEntryFilter::default() };
                let theirs = |entry: &&TimeEntry| {
                    role == BuiltIn::Admin || entry.user_id == person.id() || mates.contains(&entry.user_id)
                };
                let mut expected: Vec<TimeEntry> =
                    all.iter().filter(theirs).filter(|entry| in_range(&filter, entry)).cloned().collect();
                for order in [TimeEntryOrder::Earliest, TimeEntryOrder::Latest] {
                    for limit in 1..=11 {
                        let read = all_pages(&workspace, &person, &filter, order, limit);
                        assert_eq!(read, expected, "{role:?} {mates:?} {filter:?} {order:?} {limit}");
                    }
                    expected.reverse();
                }
            }
        }
    }
}

fn all_pages(
    workspace: &Workspace,
    person: &Person,
    filter: &TimeEntryFilter,
    order: TimeEntryOrder,
    limit: i64,
) -> Vec<TimeEntry> {
    let (mut read, mut after): (Vec<TimeEntry>, Option<EntryCursor>) = (Vec::new(), None);
    loop {
        let page =
            workspace.run(|tx| list(tx, &person.may(), &person.may(), filter, order, after, limit)).unwrap();
        let Some(last) = page.last() else { return read };
        after = Some(EntryCursor::of(last).to_string().parse().unwrap());
        read.extend(page);
    }
}

#[test]
fn a_filter_finds_what_it_names_and_a_range_what_has_time_in_it() {
    let workspace = Workspace::new();
    let (admin, mate) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Admin));
    let [bake, sell] = ["Bake", "Sell"].map(|title| workspace.task(&admin, titled(title)).id);
    let log = |by: &Person, new| workspace.log(by, new).unwrap().id;
    let early = log(&admin, span(bake, at(-120), at(-60)));
    let instant = log(&admin, span(bake, at(-60), at(-60)));
    let late = log(&mate, NewTimeEntry { billable: false, ..span(sell, at(-60), at(-30)) });
    let running = log(&mate, NewTimeEntry::starting(bake, at(-20)));
    let none = TimeEntryFilter::default();
    let (from, to) = (|minutes| Some(at(minutes)), |minutes| Some(at(minutes)));
    for (filter, expected) in [
        (none, vec![early, instant, late, running]),
        (TimeEntryFilter { task_id: Some(sell), ..none }, vec![late]),
        (TimeEntryFilter { user_id: Some(mate.id()), ..none }, vec![late, running]),
        (TimeEntryFilter { billable: Some(false), ..none }, vec![late]),
        (TimeEntryFilter { billable: Some(true), user_id: Some(mate.id()), ..none }, vec![running]),
        (TimeEntryFilter { running: Some(true), ..none }, vec![running]),
        (TimeEntryFilter { running: Some(false), ..none }, vec![early, instant, late]),
        (TimeEntryFilter { from: from(-60), ..none }, vec![instant, late, running]),
        (TimeEntryFilter { to: to(-60), ..none }, vec![early]),
        (TimeEntryFilter { from: from(-61), to: to(-60), ..none }, vec![early]),
        (TimeEntryFilter { from: from(-30), to: to(-20), ..none }, vec![]),
        (TimeEntryFilter { from: from(1_000_000), ..none }, vec![running]),
        (TimeEntryFilter { from: from(-60), to: to(-60), ..none }, vec![]),
    ] {
        assert_eq!(workspace.entries(&admin, filter), expected, "{filter:?}");
    }
}

#[test]
fn time_that_is_written_down_twice_is_told_to_whoever_sees_both() {
    let workspace = Workspace::new();
    let (admin, worker) = (workspace.person(BuiltIn::Admin), workspace.person(BuiltIn::Member));
    let mine = workspace.task(&worker, titled("Mine")).id;
    let shown = workspace.task(&admin, NewTask { viewer_ids: vec![worker.id()], ..titled("Shown") });
    let log = |from, to| workspace.log(&worker, span(mine, at(from), at(to))).unwrap().id;
    let (first, touching, within) = (log(-60, -30), log(-30, -20), log(-50, -40));
    let (instant, planned) = (log(-45, -45), log(30, 60));
    let elsewhere = workspace.log(&worker, span(shown.id, at(-55), at(-35))).unwrap().id;
    // Somebody else's time is no overlap.
    workspace.log(&admin, span(mine, at(-100), at(100))).unwrap();
    assert_eq!(workspace.overlaps(&worker, first), [elsewhere, within]);
    assert_eq!(workspace.overlaps(&worker, within), [first, elsewhere]);
    for alone in [touching, instant, planned] {
        assert!(workspace.overlaps(&worker, alone).is_empty());
    }
    // A running timer lasts up to now, from its first moment on.
    let around = log(-1, 1);
    let running = workspace.start(&worker, mine).unwrap().id;
    assert_eq!(
        (workspace.overlaps(&worker, running), workspace.overlaps(&worker, around)),
        (vec![around], vec![running])
    );
    workspace
        .amend(&worker, running, TimeEntryPatch { started_at: Some(at(-35)), ..TimeEntryPatch::default() })
        .unwrap();
    assert_eq!(workspace.overlaps(&worker, running), [first, touching, around]);
    assert_eq!(workspace.overlaps(&worker, touching), [running]);
    // What is out of reach is not named.
    workspace.update(&admin, &shown, TaskPatch { viewer_ids: Some(vec![]), ..TaskPatch::default() }).unwrap();
    assert_eq!(workspace.overlaps(&worker, within), [first]);
    assert_eq!(workspace.overlaps(&admin, within), [first, elsewhere]);
    let entry = workspace.entry(&worker, within).unwrap();
    let blind =
        workspace.run(|tx| with_overlaps(tx, &worker.may(), None, now(), vec![entry.clone()])).unwrap();
    assert_eq!((&blind[0].entry, blind[0].overlap_ids.len()), (&entry, 0));
}

#[test]
fn of_many_overlaps_the_earliest_are_named() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let ids: Vec<_> =
        (0..30).map(|n| workspace.log(&worker, span(task, at(n - 100), at(0))).unwrap().id).collect();
    assert_eq!(workspace.overlaps(&worker, ids[29]), ids[..20]);
}

/// Every way in which two spans can lie, at random, against the definition.
#[test]
fn overlaps_are_what_shares_time_for_any_spans() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let mut dice = Dice(7);
    for _ in 0..120 {
        let from = -100 + i64::try_from(dice.below(60)).unwrap();
        let to = from + i64::try_from(dice.below(9)).unwrap();
        workspace.log(&worker, span(task, at(from), at(to))).unwrap();
    }
    workspace.log(&worker, NewTimeEntry::starting(task, at(-70))).unwrap();
    let (order, filter) = (TimeEntryOrder::Earliest, TimeEntryFilter::default());
    let all = workspace.run(|tx| list(tx, &worker.may(), &worker.may(), &filter, order, None, 200)).unwrap();
    let found = workspace
        .run(|tx| with_overlaps(tx, &worker.may(), Some(&worker.may()), now(), all.clone()))
        .unwrap();
    let end = |entry: &TimeEntry| entry.ended_at.unwrap_or_else(|| now() + TimeDelta::microseconds(1));
    for Overlapping { entry, overlap_ids } in found {
        let shares = |other: &&TimeEntry| {
            let (from, to) = (entry.started_at.max(other.started_at), end(&entry).min(end(other)));
            other.id != entry.id && from < to
        };
        let expected: Vec<_> = all.iter().filter(shares).take(MAX_OVERLAPS).map(|other| other.id).collect();
        assert_eq!(overlap_ids, expected, "{entry:?}");
    }
}

/// A page costs as much as what it overlaps, not that times its rows: thousands of entries over the same hours hold nobody up.
#[test]
fn a_page_of_entries_that_all_overlap_is_found_in_one_go() {
    const FILL: Statement = Statement::new(
        "INSERT INTO time_entries (id, task_id, user_id, started_at, ended_at, note, billable, created_at, updated_at)
         SELECT gen_random_uuid(), a.task_id, a.user_id, a.at - n * interval '1 second', a.at + n * interval '1 second',
                '', true, a.at, a.at
         FROM generate_series(1, 20000) n, (SELECT $1 AS task_id, $2 AS user_id, $3 AS at) a",
    );
    // Rows that this transaction has read of the table.
    const READ: Statement<BigInt> = Statement::new(
        "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
         FROM pg_stat_xact_user_tables WHERE relid = 'time_entries'::regclass",
    );
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let fill = FILL.bind::<Uuid, _>(task).bind::<Uuid, _>(worker.id()).bind::<Timestamptz, _>(now());
    workspace.run(|tx| tx.run(fill)).unwrap();
    let (order, filter) = (TimeEntryOrder::Latest, TimeEntryFilter::default());
    let page = workspace.run(|tx| list(tx, &worker.may(), &worker.may(), &filter, order, None, 200)).unwrap();
    let read = workspace.run(|tx| {
        let found = with_overlaps(tx, &worker.may(), Some(&worker.may()), now(), page).unwrap();
        assert!(found.iter().all(|entry| entry.overlap_ids.len() == MAX_OVERLAPS));
        tx.row::<i64, _>(READ)
    });
    // Row by row it would be 200 times as many.
    let read = read.unwrap();
    assert!((20_000..=60_000).contains(&read), "{read}");
}
