//! The report, against an oracle that counts every entry on every day, and at its edges.

use std::collections::BTreeMap;

use belfort_db::{Queries as _, Statement};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::BuiltIn;
use belfort_testkit::now;
use belfort_values::{Decimal, Euro, brussels};
use belfort_work::tasks::{self, NewTask};
use belfort_work::time_entries::{NewTimeEntry, TimeEntry};
use belfort_work::time_report::{GroupBy, MAX_LINES, Period, ReportError, ReportQuery, TimeReport, report};
use belfort_work::{HourlyRate, tags};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::sql_types::{Timestamptz, Uuid};

use crate::support::{Dice, Person, Workspace, titled};
use crate::time_entries::span;

use GroupBy::{Day, Tag, Task, User};

fn moment(text: &str) -> DateTime<Utc> {
    brussels::parse(text).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn wanted(from: &str, to: &str, by: &[GroupBy]) -> ReportQuery {
    let period = Period::new(day(from), day(to)).unwrap();
    ReportQuery { period, group_by: by.to_vec(), user_id: None, task_id: None, tag_id: None, billable: None }
}

fn rated(new: NewTimeEntry, rate: &str) -> NewTimeEntry {
    NewTimeEntry { hourly_rate: Some(HourlyRate::parse(rate).unwrap()), ..new }
}

impl Workspace {
    fn report(&self, by: &Person, wanted: &ReportQuery) -> Result<TimeReport, ReportError> {
        self.run(|tx| report(tx, &by.may(), &by.may(), wanted))
    }

    /// The lines as day, hours and amount.
    fn days(&self, by: &Person, from: &str, to: &str) -> Vec<(String, String, String)> {
        let report = self.report(by, &wanted(from, to, &[Day])).unwrap();
        let shown = |line: &belfort_work::time_report::Line| {
            (line.day.unwrap().to_string(), line.hours.to_string(), line.amount.to_string())
        };
        report.lines.iter().map(shown).collect()
    }
}

fn triple(day: &str, hours: &str, amount: &str) -> (String, String, String) {
    (day.into(), hours.into(), amount.into())
}

#[test]
fn an_hour_is_an_hour_also_when_the_clocks_change() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let log = |from, to, rate| {
        workspace.log(&worker, rated(span(task, moment(from), moment(to)), rate)).unwrap();
    };
    log("2026-03-29T01:30", "2026-03-29T03:30", "60");
    assert_eq!(workspace.days(&worker, "2026-03-01", "2026-03-31"), [triple("2026-03-29", "1.00", "60.00")]);
    log("2026-10-25T00:00", "2026-10-26T00:00", "10");
    assert_eq!(
        workspace.days(&worker, "2026-10-25", "2026-10-25"),
        [triple("2026-10-25", "25.00", "250.00")]
    );
    log("2027-03-27T00:00", "2027-03-30T12:00", "1");
    assert_eq!(
        workspace.days(&worker, "2027-03-01", "2027-03-31"),
        [
            triple("2027-03-27", "24.00", "24.00"),
            triple("2027-03-28", "23.00", "23.00"),
            triple("2027-03-29", "24.00", "24.00"),
            triple("2027-03-30", "12.00", "12.00"),
        ]
    );
    // Only what lies in the days that are asked for.
    assert_eq!(workspace.days(&worker, "2027-03-28", "2027-03-28"), [triple("2027-03-28", "23.00", "23.00")]);
}

#[test]
fn what_runs_is_not_counted_and_what_is_not_billable_costs_nothing() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    let (from, to) = (moment("2025-12-31T10:00"), moment("2025-12-31T11:00"));
    workspace.log(&worker, rated(NewTimeEntry::starting(task, from), "60")).unwrap();
    workspace.log(&worker, span(task, from, from)).unwrap();
    assert_eq!(workspace.days(&worker, "2025-12-31", "2025-12-31"), []);
    workspace.log(&worker, NewTimeEntry { billable: false, ..rated(span(task, from, to), "60") }).unwrap();
    workspace.log(&worker, span(task, from, to)).unwrap();
    assert_eq!(workspace.days(&worker, "2025-12-31", "2025-12-31"), [triple("2025-12-31", "2.00", "0.00")]);
}

#[test]
fn a_line_is_rounded_once_and_the_lines_add_up() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let task = workspace.task(&worker, titled("Bake")).id;
    // Twenty minutes at 1.00: a third of a euro each. Three of them are one euro, not 0.99.
    for day in ["2026-01-01", "2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"] {
        let from = moment(&format!("{day}T10:00"));
        workspace.log(&worker, rated(span(task, from, from + TimeDelta::minutes(20)), "1.00")).unwrap();
    }
    let by_day = workspace.report(&worker, &wanted("2026-01-01", "2026-01-31", &[Day])).unwrap();
    assert_eq!(
        workspace.days(&worker, "2026-01-01", "2026-01-31"),
        [
            triple("2026-01-01", "1.00", "1.00"),
            triple("2026-01-02", "0.33", "0.33"),
            triple("2026-01-03", "0.33", "0.33"),
        ]
    );
    assert_eq!((by_day.hours.to_string(), by_day.amount.to_string()), ("1.66".into(), "1.66".into()));
    let by_task = workspace.report(&worker, &wanted("2026-01-01", "2026-01-31", &[Task])).unwrap();
    assert_eq!((by_task.hours.to_string(), by_task.amount.to_string()), ("1.67".into(), "1.67".into()));
    assert_eq!((by_day.seconds, by_day.seconds.to_string()), (by_task.seconds, "6000".into()));
}

#[test]
fn an_hour_on_a_task_with_two_tags_is_in_one_line() {
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let [rye, oven] = ["rye", "oven"].map(|name| workspace.tag(&worker, name));
    let tagged = |title: &str, tag_ids: &[TagId]| {
        let new = NewTask { tag_ids: tag_ids.to_vec(), ..titled(title) };
        let task = workspace.task(&worker, new).id;
        workspace.log(&worker, span(task, moment("2026-01-01T10:00"), moment("2026-01-01T11:00"))).unwrap();
    };
    tagged("Both", &[oven, rye]);
    tagged("Also both", &[rye, oven]);
    tagged("Rye", &[rye]);
    tagged("None", &[]);
    let lines = |wanted: &ReportQuery| -> Vec<(Vec<String>, String)> {
        let report = workspace.report(&worker, wanted).unwrap();
        let names =
            |tags: &[(TagId, belfort_work::TagName)]| tags.iter().map(|t| t.1.as_str().to_owned()).collect();
        report.lines.iter().map(|l| (names(l.tags.as_ref().unwrap()), l.hours.to_string())).collect()
    };
    let all = wanted("2026-01-01", "2026-01-01", &[Tag]);
    let set =
        |names: &[&str], hours: &str| (names.iter().map(|n| (*n).to_owned()).collect(), hours.to_owned());
    let expected = [set(&[], "1.00"), set(&["rye"], "1.00"), set(&["rye", "oven"], "2.00")];
    assert_eq!(lines(&all), expected);
    assert_eq!(lines(&ReportQuery { tag_id: Some(oven), ..all.clone() }), expected[2..]);
    let total =
        workspace.report(&worker, &ReportQuery { tag_id: Some(rye), group_by: vec![Day], ..all }).unwrap();
    assert_eq!((total.lines.len(), total.hours.to_string()), (1, "3.00".into()));
    // A tag that is gone is no group any more.
    workspace.run(|tx| tags::delete(tx, &worker.may(), &worker.origin(), oven, None)).unwrap();
    let expected = [set(&[], "1.00"), set(&["rye"], "3.00")];
    assert_eq!(lines(&wanted("2026-01-01", "2026-01-01", &[Tag])), expected);
}

#[test]
fn an_entry_of_years_has_a_line_for_each_of_its_days_and_too_many_are_refused() {
    const OF_YEARS: Statement = Statement::new(
        "UPDATE time_entries SET started_at = '0001-01-02 00:00Z', ended_at = '9999-12-30 00:00Z'",
    );
    let workspace = Workspace::new();
    let worker = workspace.person(BuiltIn::Member);
    let tasks: Vec<TaskId> = (0..14).map(|n| workspace.task(&worker, titled(&format!("{n}"))).id).collect();
    for task in &tasks {
        workspace.log(&worker, rated(span(*task, now(), now()), "1000000")).unwrap();
    }
    // As they could be made once.
    workspace.run(|tx| tx.run(OF_YEARS)).unwrap();
    let ten_years = |by: &[GroupBy]| wanted("2016-01-01", "2026-01-07", by);
    let by_day = workspace.report(&worker, &ten_years(&[Day])).unwrap();
    assert_eq!(by_day.lines.len(), 3_660);
    assert!(by_day.lines.windows(2).all(|two| two[0].day.unwrap().succ_opt() == two[1].day));
    let exact = i64::try_from(tasks.len()).unwrap() * 3_660 * 24;
    assert_eq!(by_day.hours.to_string(), format!("{exact}.00"));
    assert_eq!(by_day.amount.to_string(), format!("{}.00", exact * 1_000_000));
    let once = workspace.report(&worker, &ten_years(&[User])).unwrap();
    assert_eq!((once.lines.len(), once.amount), (1, by_day.amount));
    // 14 times 3660 are more than 50000; 13 times are not.
    let refused = workspace.report(&worker, &ten_years(&[Task, Day]));
    assert!(matches!(refused, Err(ReportError::TooLarge)));
    workspace.run(|tx| tasks::delete(tx, &worker.may(), &worker.origin(), tasks[0], None)).unwrap();
    let most = workspace.report(&worker, &ten_years(&[Task, Day])).unwrap();
    assert!(most.lines.len() == 13 * 3_660 && most.lines.len() <= MAX_LINES);
}

fn of<'t, T>(dice: &mut Dice, all: &'t [T]) -> &'t T {
    let number = usize::try_from(dice.below(u64::try_from(all.len()).unwrap())).unwrap();
    all.get(number).unwrap()
}

type Group = (Option<NaiveDate>, Option<UserId>, Option<TaskId>, Option<Vec<TagId>>);

/// Every entry on every day, with exact decimals.
fn slowly(
    entries: &[TimeEntry],
    tags: &BTreeMap<TaskId, Vec<TagId>>,
    wanted: &ReportQuery,
) -> Vec<(Group, String, String)> {
    let hour = Decimal::from(3_600_000_000_i64);
    let mut sums: BTreeMap<Group, (i64, Decimal)> = BTreeMap::new();
    let (first, last) = wanted.period.ends();
    let by = |group| wanted.group_by.contains(&group);
    for date in first.iter_days().take_while(|date| *date <= last) {
        let (begins, ends) = brussels::day_bounds(date);
        for entry in entries {
            let tags = &tags[&entry.task_id];
            let there = wanted.user_id.is_none_or(|id| id == entry.user_id)
                && wanted.task_id.is_none_or(|id| id == entry.task_id)
                && wanted.tag_id.is_none_or(|id| tags.contains(&id))
                && wanted.billable.is_none_or(|is| is == entry.billable);
            let Some(ended_at) = entry.ended_at.filter(|_| there) else { continue };
            let micros = (ended_at.min(ends) - entry.started_at.max(begins)).num_microseconds().unwrap();
            if micros <= 0 {
                continue;
            }
            let group = (
                by(Day).then_some(date),
                by(User).then_some(entry.user_id),
                by(Task).then_some(entry.task_id),
                by(Tag).then(|| tags.clone()),
            );
            let rate = entry.hourly_rate.filter(|_| entry.billable);
            let rate: Decimal = rate.map_or(Decimal::ZERO, |rate| rate.to_string().parse().unwrap());
            let sum = sums.entry(group).or_default();
            sum.0 += micros;
            // Rounded when all is added up: a part of a micro-euro is not lost by a division before.
            sum.1 += rate * Decimal::from(micros);
        }
    }
    let shown = |(group, (micros, cost)): (Group, (i64, Decimal))| {
        let hours = Euro::round(Decimal::from(micros) / hour).unwrap();
        (group, hours.to_string(), Euro::round(cost / hour).unwrap().to_string())
    };
    sums.into_iter().map(shown).collect()
}

#[test]
fn the_report_is_what_counting_every_entry_on_every_day_gives() {
    const END: Statement = Statement::new("UPDATE time_entries SET ended_at = $1 WHERE id = $2");
    let workspace = Workspace::new();
    let people: Vec<Person> = (0..3).map(|_| workspace.person(BuiltIn::Admin)).collect();
    let [rye, oven] = ["rye", "oven"].map(|name| workspace.tag(&people[0], name));
    let sets = [vec![], vec![rye], vec![rye, oven], vec![rye, oven]];
    let tags: BTreeMap<TaskId, Vec<TagId>> = sets
        .into_iter()
        .map(|tag_ids| {
            let task = workspace.task(&people[0], NewTask { tag_ids, ..titled("Bake") });
            (task.id, task.tag_ids)
        })
        .collect();
    let tasks: Vec<TaskId> = tags.keys().copied().collect();
    let mut dice = Dice(42);
    // Beside random ones, moments at which something happens to a day.
    let edges = [
        "2026-03-29T00:00",
        "2026-03-29T01:59:59.999999",
        "2026-03-29T03:00",
        "2026-03-30T00:00",
        "2026-10-25T02:30",
        "2026-10-26T00:00",
    ]
    .map(moment);
    let year = 366 * 86_400_000_000;
    let any = |dice: &mut Dice| match dice.below(3) {
        0 => *of(dice, &edges),
        _ => moment("2026-01-01T00:00") + TimeDelta::microseconds(dice.below(year).cast_signed()),
    };
    let entries: Vec<TimeEntry> = (0..150)
        .map(|_| {
            let (one, other) = (any(&mut dice), any(&mut dice));
            let ends = if dice.below(2) == 0 {
                other
            } else {
                one + TimeDelta::seconds(dice.below(200_000).cast_signed())
            };
            let (start, end) = (one.min(ends), one.max(ends));
            // As long as entries could be once.
            let new = span(*of(&mut dice, &tasks), start, start);
            let new = if dice.below(4) == 0 {
                new
            } else {
                rated(new, &format!("{}.{:02}", dice.below(200), dice.below(100)))
            };
            let new = NewTimeEntry { billable: dice.below(4) != 0, ..new };
            let entry = workspace.log(of(&mut dice, &people), new).unwrap();
            workspace.run(|tx| tx.run(END.bind::<Timestamptz, _>(end).bind::<Uuid, _>(entry.id))).unwrap();
            TimeEntry { ended_at: Some(end), ..entry }
        })
        .collect();
    let periods = [
        ("2026-01-01", "2026-12-31"),
        ("2026-03-28", "2026-03-30"),
        ("2026-10-25", "2026-10-25"),
        ("2025-06-01", "2027-06-01"),
    ];
    for round in 0..48 {
        let (from, to) = *of(&mut dice, &periods);
        let groups = [Day, User, Task, Tag];
        let by: Vec<GroupBy> =
            (0..4).filter(|bit| (round % 15 + 1) & (1 << bit) != 0).map(|bit| groups[bit]).collect();
        let wanted = ReportQuery {
            user_id: (dice.below(3) == 0).then(|| of(&mut dice, &people).id()),
            task_id: (dice.below(4) == 0).then(|| *of(&mut dice, &tasks)),
            tag_id: (dice.below(4) == 0).then_some(oven),
            billable: (dice.below(4) == 0).then_some(true),
            ..wanted(from, to, &by)
        };
        let told = workspace.report(&people[0], &wanted).unwrap();
        let lines: Vec<(Group, String, String)> = told
            .lines
            .iter()
            .map(|line| {
                let tags = line.tags.as_ref().map(|tags| tags.iter().map(|tag| tag.0).collect());
                let group = (line.day, line.user_id, line.task.as_ref().map(|task| task.0), tags);
                (group, line.hours.to_string(), line.amount.to_string())
            })
            .collect();
        assert_eq!(lines, slowly(&entries, &tags, &wanted), "{wanted:?}");
        let sum = |numbers: Vec<String>| {
            Euro::sum(numbers.iter().map(|n| Euro::parse(n).unwrap())).unwrap().to_string()
        };
        assert_eq!(told.hours.to_string(), sum(lines.iter().map(|line| line.1.clone()).collect()));
        assert_eq!(told.amount.to_string(), sum(lines.iter().map(|line| line.2.clone()).collect()));
    }
}
