//! Lists of time entries, and which of them overlap.

use belfort_ids::TimeEntryId;
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_work::tasks::{NewTask, TaskPatch};
use belfort_work::time_entries::{
    NewTimeEntry, Place, TimeEntry, TimeEntryFilter, TimeEntryOrder, TimeEntryPatch, list, with_overlaps,
};

use crate::support::{Person, Workspace, titled};
use crate::time_entries::{at, span};

impl Workspace {
    fn overlaps(&self, by: &Person, id: TimeEntryId) -> Vec<TimeEntryId> {
        let entry = self.entry(by, id).unwrap();
        let found = self.run(|tx| with_overlaps(tx, &by.may(), Some(&by.may()), now(), vec![entry])).unwrap();
        found.into_iter().next().unwrap().overlap_ids
    }
}

#[test]
fn pages_follow_each_other_also_through_entries_of_one_moment() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    for minutes in [3, 1, 1, 1, 2, 2, 0] {
        workspace.log(&worker, span(task, at(minutes), at(10))).unwrap();
    }
    for order in [TimeEntryOrder::Earliest, TimeEntryOrder::Latest] {
        let page = |after, limit| {
            let filter = TimeEntryFilter::default();
            workspace.run(|tx| list(tx, &worker.may(), &worker.may(), &filter, order, after, limit)).unwrap()
        };
        let whole: Vec<TimeEntry> = page(None, 100);
        let mut sorted = whole.clone();
        sorted.sort_by_key(|entry| (entry.started_at, entry.id));
        if order == TimeEntryOrder::Latest {
            sorted.reverse();
        }
        assert_eq!((whole.len(), &whole), (7, &sorted));
        for limit in 1..=7 {
            let (mut read, mut after) = (Vec::new(), None);
            loop {
                let rows = page(after, limit);
                let Some(last) = rows.last() else { break };
                after = Some(Place::of(last).to_string().parse().unwrap());
                read.extend(rows);
            }
            assert_eq!(read, whole, "{order:?} {limit}");
        }
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
