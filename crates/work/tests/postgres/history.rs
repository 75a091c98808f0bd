//! Rows made of their history again: for random sequences of changes, the stored events fold to each row at
//! every version.

use std::collections::BTreeMap;

use belfort_audit::postgres::history_of;
use belfort_audit::{Audited, Fields, Snapshot, fold};
use belfort_ids::TaskId;
use belfort_policy::BuiltIn;
use belfort_tenancy::postgres::TenantTx;
use belfort_testkit::now;
use belfort_work::attachments::{self, AttachmentError};
use belfort_work::comments::{self, CommentError, CommentPatch};
use belfort_work::tags::{self, TagError, TagPatch};
use belfort_work::tasks::{self, Link, NewTask, TaskError, TaskFilter, TaskOrder, TaskPatch};
use belfort_work::time_entries::{
    self, NewTimeEntry, TimeEntryError, TimeEntryFilter, TimeEntryOrder, TimeEntryPatch,
};
use belfort_work::{CommentBody, Description, HourlyRate, Note, Priority, Status, TagName, Title};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use crate::support::{Dice, Person, Workspace, remove_user};

/// The rows as they were after each change: resource and id, and then the fields by version.
type Seen = BTreeMap<(&'static str, Uuid), BTreeMap<i32, Fields>>;

struct World {
    workspace: Workspace,
    /// Who looks; never leaves.
    admin: Person,
    people: Vec<Person>,
    dice: Dice,
}

#[test]
fn the_events_of_a_row_fold_to_what_it_was_at_every_version() {
    let workspace = Workspace::new();
    let admin = workspace.person(BuiltIn::Admin);
    let people = (0..3).map(|_| workspace.person(BuiltIn::Admin)).collect();
    let mut world = World { workspace, admin, people, dice: Dice(11) };
    let (mut seen, mut there) = (Seen::new(), Vec::new());
    for _ in 0..400 {
        world.change();
        there = world.look(&mut seen);
    }
    let mut tx = world.workspace.tenant.begin();
    let (mut versions, mut gone) = (BTreeMap::<_, usize>::new(), BTreeMap::<_, usize>::new());
    for ((resource, id), states) in &seen {
        let mut events = history_of(&mut tx, resource, *id, None, 1_000).unwrap();
        events.reverse();
        let last = i32::try_from(states.len()).unwrap();
        assert!((1..=last).eq(states.keys().copied()), "{resource} {id}: a version was never seen");
        for (version, fields) in states {
            let until = events.iter().filter(|event| event.version <= Some(*version));
            let expected = Snapshot { version: Some(*version), fields: fields.clone() };
            assert_eq!(fold(until), Some(expected), "{resource} {id} at {version}");
        }
        assert!(events.iter().all(|event| event.version.is_some()), "{resource} {id}");
        if there.contains(&(*resource, *id)) {
            assert!(fold(&events).is_some());
        } else {
            assert_eq!(fold(&events), None, "{resource} {id} is gone");
            assert_eq!(events.last().unwrap().version, Some(last + 1));
            *gone.entry(*resource).or_default() += 1;
        }
        *versions.entry(*resource).or_default() += states.len();
    }
    // There are five resources, and attachments never change.
    assert_eq!(versions.len(), 5);
    assert!(versions.values().all(|count| *count > 15), "{versions:?}");
    assert!(gone.len() == 5 && gone.values().all(|count| *count > 2), "{gone:?}");
}

fn add<R: Audited>(seen: &mut Seen, there: &mut Vec<(&'static str, Uuid)>, rows: &[R]) {
    for row in rows {
        let key = (R::RESOURCE, row.id());
        let known = seen.entry(key).or_default().entry(row.version()).or_insert_with(|| row.fields());
        assert_eq!(*known, row.fields(), "another row under the same version");
        there.push(key);
    }
}

fn text(dice: &mut Dice) -> String {
    (*dice.one_of(&["x", "Rye", "Ünïcode \u{1F514}", "a, \"b\"; c"])).to_owned()
}

impl World {
    /// Notes every row as it stands, and answers which there are.
    fn look(&self, seen: &mut Seen) -> Vec<(&'static str, Uuid)> {
        let mut tx = self.workspace.tenant.begin();
        let (admin, mut there) = (&self.admin, Vec::new());
        let all = self.tasks(&mut tx);
        for task in &all {
            let comments = comments::list(&mut tx, &admin.may(), &admin.may(), task.id, None, 1_000).unwrap();
            add(seen, &mut there, &comments);
            let files = attachments::list(&mut tx, &admin.may(), &admin.may(), task.id, None, 1_000).unwrap();
            add(seen, &mut there, &files);
        }
        add(seen, &mut there, &all);
        add(seen, &mut there, &tags::list(&mut tx, &admin.may(), None, 1_000).unwrap());
        add(seen, &mut there, &self.entries(&mut tx));
        there
    }

    fn tasks(&self, tx: &mut TenantTx) -> Vec<tasks::Task> {
        tasks::list(tx, &self.admin.may(), &TaskFilter::default(), TaskOrder::Oldest, None, 1_000).unwrap()
    }

    fn entries(&self, tx: &mut TenantTx) -> Vec<time_entries::TimeEntry> {
        let (of_tasks, grant, all) = (self.admin.may(), self.admin.may(), TimeEntryFilter::default());
        time_entries::list(tx, &of_tasks, &grant, &all, TimeEntryOrder::Latest, None, 1_000).unwrap()
    }

    /// One change of anything by anybody, each in a transaction of its own. One that is refused is none.
    fn change(&mut self) {
        let by = self.dice.one_of(&self.people).clone();
        let tasks = self.tasks(&mut self.workspace.tenant.begin());
        if tasks.len() < 3 {
            let new = self.new_task();
            self.workspace.task(&by, new);
            return;
        }
        let task = self.dice.one_of(&tasks).id;
        match self.dice.below(20) {
            0 => {
                let new = self.new_task();
                self.workspace.task(&by, new);
            }
            1..=4 => self.change_task(&by, task),
            5..=6 => self.link(&by, task),
            7 if tasks.len() > 5 => {
                self.workspace.run(|tx| tasks::delete(tx, &by.may(), &by.origin(), task, None)).unwrap();
            }
            8..=11 => self.change_comment(&by, task),
            12..=13 => self.change_file(&by, task),
            14..=15 => self.change_tag(&by),
            16..=18 => self.change_hours(&by, task),
            _ => self.leave(),
        }
    }

    fn new_task(&mut self) -> NewTask {
        let tags: Vec<_> = self.tags().into_iter().filter(|_| self.dice.below(3) == 0).collect();
        NewTask {
            title: Title::parse(&text(&mut self.dice)).unwrap(),
            description: Description::parse(&text(&mut self.dice)).unwrap(),
            assignee_ids: self.dice.some_of(&self.people),
            viewer_ids: self.dice.some_of(&self.people),
            tag_ids: tags,
            ..NewTask::titled(Title::parse("x").unwrap())
        }
    }

    fn tags(&self) -> Vec<belfort_ids::TagId> {
        let mut tx = self.workspace.tenant.begin();
        tags::list(&mut tx, &self.admin.may(), None, 1_000).unwrap().into_iter().map(|tag| tag.id).collect()
    }

    fn change_task(&mut self, by: &Person, task: TaskId) {
        let new = self.new_task();
        let mut maybe = || self.dice.below(2) == 0;
        let patch = TaskPatch {
            title: maybe().then_some(new.title),
            description: maybe().then_some(new.description),
            status: maybe().then_some(Status::InProgress),
            priority: maybe().then_some(Priority::High),
            due_on: maybe().then_some(maybe().then(|| NaiveDate::from_ymd_opt(2026, 2, 1).unwrap())),
            assignee_ids: maybe().then_some(new.assignee_ids),
            viewer_ids: maybe().then_some(new.viewer_ids),
            tag_ids: maybe().then_some(new.tag_ids),
        };
        self.workspace.run(|tx| tasks::update(tx, &by.may(), &by.origin(), task, None, patch)).unwrap();
    }

    fn link(&mut self, by: &Person, task: TaskId) {
        let tags = self.tags();
        let person = self.dice.one_of(&self.people).id();
        let link = match self.dice.below(3) {
            0 => Link::Assignee(person),
            1 => Link::Viewer(person),
            _ if tags.is_empty() => return,
            _ => Link::Tag(*self.dice.one_of(&tags)),
        };
        let off = self.dice.below(2) == 0;
        let done: Result<_, TaskError> = self.workspace.run(|tx| {
            if off {
                tasks::unlink(tx, &by.may(), &by.origin(), task, link)
            } else {
                tasks::link(tx, &by.may(), &by.origin(), task, link)
            }
        });
        done.unwrap();
    }

    fn change_comment(&mut self, by: &Person, task: TaskId) {
        let there =
            self.workspace.run(|tx| comments::list(tx, &by.may(), &by.may(), task, None, 1_000)).unwrap();
        let (what, words) = (self.dice.below(3), text(&mut self.dice));
        if there.is_empty() || what == 0 {
            self.workspace.comment(by, task, &words).unwrap();
            return;
        }
        let id = self.dice.one_of(&there).id;
        let done: Result<(), CommentError> = self.workspace.run(|tx| {
            if what == 1 {
                return comments::delete(tx, &by.may(), &by.may(), &by.origin(), id, None);
            }
            let patch = CommentPatch { body: Some(CommentBody::parse(&words).unwrap()) };
            comments::update(tx, &by.may(), &by.may(), &by.origin(), id, None, patch).map(drop)
        });
        done.unwrap();
    }

    fn change_file(&mut self, by: &Person, task: TaskId) {
        let there =
            self.workspace.run(|tx| attachments::list(tx, &by.may(), &by.may(), task, None, 1_000)).unwrap();
        if there.is_empty() || self.dice.below(2) == 0 {
            self.workspace.attach(by, task).unwrap();
            return;
        }
        let id = self.dice.one_of(&there).id;
        let done: Result<(), AttachmentError> =
            self.workspace.run(|tx| attachments::delete(tx, &by.may(), &by.may(), &by.origin(), id, None));
        done.unwrap();
    }

    fn change_tag(&mut self, by: &Person) {
        let there = self.tags();
        let name = format!("tag {}", self.dice.below(1_000_000));
        let what = self.dice.below(4);
        if there.len() < 3 || what == 0 {
            self.workspace.tag(by, &name);
            return;
        }
        let id = *self.dice.one_of(&there);
        let done: Result<(), TagError> = self.workspace.run(|tx| {
            if what == 1 {
                return tags::delete(tx, &by.may(), &by.origin(), id, None);
            }
            let patch = TagPatch { name: Some(TagName::parse(&name).unwrap()) };
            tags::update(tx, &by.may(), &by.origin(), id, None, patch).map(drop)
        });
        done.unwrap();
    }

    /// A moment of the last days, to the microsecond.
    fn moment(&mut self) -> DateTime<Utc> {
        now() - TimeDelta::microseconds(i64::try_from(self.dice.below(400_000_000_000)).unwrap())
    }

    fn change_hours(&mut self, by: &Person, task: TaskId) {
        let there = self.entries(&mut self.workspace.tenant.begin());
        let (started_at, what) = (self.moment(), self.dice.below(5));
        let ended_at = (what != 1).then(|| started_at + TimeDelta::microseconds(3_600_000_001));
        let rate = HourlyRate::parse(&format!("{}.5", self.dice.below(100))).unwrap();
        let note = Note::parse(&text(&mut self.dice)).unwrap();
        let hourly_rate = (self.dice.below(2) == 0).then_some(rate);
        let done: Result<(), TimeEntryError> = if there.is_empty() || what < 2 {
            let new = NewTimeEntry { task_id: task, started_at, ended_at, note, billable: true, hourly_rate };
            self.workspace.log(by, new).map(drop)
        } else {
            let entry = self.dice.one_of(&there).clone();
            self.workspace.run(|tx| match what {
                2 => time_entries::delete(tx, &by.may(), &by.may(), &by.origin(), entry.id, None),
                3 if entry.ended_at.is_none() => {
                    time_entries::stop(tx, &by.may(), &by.may(), &by.origin(), entry.id).map(drop)
                }
                _ => {
                    let patch = TimeEntryPatch {
                        task_id: Some(task),
                        started_at: Some(started_at),
                        ended_at: Some(ended_at),
                        note: Some(note),
                        billable: Some(!entry.billable),
                        hourly_rate: Some(hourly_rate),
                    };
                    time_entries::update(tx, &by.may(), &by.may(), &by.origin(), entry.id, None, patch)
                        .map(drop)
                }
            })
        };
        match done {
            Ok(()) | Err(TimeEntryError::TimerRunning | TimeEntryError::UserGone) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Somebody leaves, and somebody else comes.
    fn leave(&mut self) {
        let place = usize::try_from(self.dice.below(3)).unwrap();
        let comes = self.workspace.person(BuiltIn::Admin);
        let leaver = std::mem::replace(self.people.get_mut(place).unwrap(), comes);
        let origin = self.admin.origin();
        let done: Result<(), diesel::result::Error> = self.workspace.run(|tx| {
            tasks::unassign_user(tx, &origin, leaver.id())?;
            remove_user(tx, leaver.id())
        });
        done.unwrap();
    }
}
