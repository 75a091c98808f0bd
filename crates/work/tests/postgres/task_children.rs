//! The children of a task, comments, attachments and time entries: for random people in random roles, the rule,
//! told anew in plain Rust, against every statement there is.

use std::collections::{BTreeMap, BTreeSet};

use belfort_ids::{AttachmentId, CommentId, TaskId, TimeEntryId, UserId};
use belfort_policy::{Attachments, BuiltIn, Comments, Tasks, TimeEntries, VOCABULARY};
use belfort_rbac::{Permissions, Principal, Scope};
use belfort_tenancy::postgres::TenantTx;
use belfort_testkit::now;
use belfort_work::attachments::{self, AttachmentError, ByteRange, ChunkError};
use belfort_work::comments::{self, CommentError, CommentPatch};
use belfort_work::tasks::{NewTask, Task};
use belfort_work::time_entries::{self, TimeEntryError, TimeEntryFilter, TimeEntryOrder, TimeEntryPatch};
use belfort_work::time_report::{Period, ReportQuery, report};

use crate::support::{Dice, Person, Workspace, titled};
use crate::time_entries::{at, span};

/// Who asks, and how far they may.
struct Caller {
    principal: Principal,
    people: Vec<UserId>,
    tasks: Scope,
    own: Scope,
}

impl Caller {
    fn id(&self) -> UserId {
        self.principal.user()
    }

    fn is_among(&self, scope: Scope, user: UserId) -> bool {
        match scope {
            Scope::Own => user == self.id(),
            Scope::Team => self.people.contains(&user),
            Scope::All => true,
        }
    }

    fn sees(&self, task: &Task) -> bool {
        let theirs =
            [task.created_by_id].iter().chain(&task.assignee_ids).any(|who| self.is_among(self.tasks, *who));
        theirs || task.viewer_ids.contains(&self.id())
    }

    fn is_concerned_with(&self, task: &Task) -> bool {
        let concerned = [&task.assignee_ids, &task.viewer_ids].iter().any(|list| list.contains(&self.id()));
        concerned || task.created_by_id == self.id()
    }

    /// Whether they read a row of `author`'s on `task`; those that a task shows are read by all who have to
    /// do with it.
    fn reads(&self, task: &Task, author: UserId, shown: bool) -> bool {
        let shown = shown && self.is_concerned_with(task);
        self.sees(task) && (shown || self.is_among(self.own, author))
    }

    fn changes(&self, task: &Task, author: UserId) -> bool {
        self.sees(task) && self.is_among(self.own, author)
    }
}

/// The row's id, the place of its task in the list, and its author.
type Rows<Id> = Vec<(Id, usize, UserId)>;

struct World {
    workspace: Workspace,
    people: Vec<Person>,
    tasks: Vec<Task>,
    comments: Rows<CommentId>,
    files: Rows<AttachmentId>,
    contents: BTreeMap<AttachmentId, ByteRange>,
    hours: Rows<TimeEntryId>,
}

impl World {
    /// Everybody is an admin while it is made, so everybody's rows are everywhere.
    fn make(dice: &mut Dice) -> Self {
        let workspace = Workspace::new();
        let people: Vec<Person> = (0..5).map(|_| workspace.person(BuiltIn::Admin)).collect();
        let tasks: Vec<Task> = (0..14)
            .map(|n| {
                let creator = dice.one_of(&people).clone();
                let (assignee_ids, viewer_ids) = (dice.some_of(&people), dice.some_of(&people));
                workspace.task(&creator, NewTask { assignee_ids, viewer_ids, ..titled(&format!("{n}")) })
            })
            .collect();
        let mut world = Self {
            workspace,
            people,
            tasks,
            comments: vec![],
            files: vec![],
            contents: BTreeMap::new(),
            hours: vec![],
        };
        for n in 0..45 {
            let by = dice.one_of(&world.people).clone();
            let place = usize::try_from(dice.below(14)).unwrap();
            let task = world.tasks.get(place).unwrap().id;
            match n % 3 {
                0 => {
                    world.comments.push((
                        world.workspace.comment(&by, task, "x").unwrap().id,
                        place,
                        by.id(),
                    ));
                }
                1 => {
                    let file = world.workspace.attach(&by, task).unwrap();
                    world.contents.insert(file.id, ByteRange::all(&file).unwrap());
                    world.files.push((file.id, place, by.id()));
                }
                _ => {
                    let hour = span(task, at(n * 60), at(n * 60 + 60));
                    world.hours.push((world.workspace.log(&by, hour).unwrap().id, place, by.id()));
                }
            }
        }
        world
    }

    fn task(&self, place: usize) -> &Task {
        self.tasks.get(place).unwrap()
    }

    /// Which rows the caller reads by the rule.
    fn readable<Id: Copy + Ord>(&self, who: &Caller, rows: &Rows<Id>, shown: bool) -> BTreeSet<Id> {
        let reads = |(_, place, author): &&(Id, usize, UserId)| who.reads(self.task(*place), *author, shown);
        rows.iter().filter(reads).map(|(id, ..)| *id).collect()
    }

    fn changeable<Id: Copy + Ord>(&self, who: &Caller, rows: &Rows<Id>) -> BTreeSet<Id> {
        let changes = |(_, place, author): &&(Id, usize, UserId)| who.changes(self.task(*place), *author);
        rows.iter().filter(changes).map(|(id, ..)| *id).collect()
    }

    fn caller(&self, dice: &mut Dice) -> Caller {
        let user = dice.one_of(&self.people).id();
        let mates = dice.some_of(&self.people);
        let [tasks, own] = [(); 2].map(|()| *dice.one_of(&[Scope::Own, Scope::Team, Scope::All]));
        let line = |resource, action, scope: Scope| (resource, action, scope.as_str());
        let lines = ["comments", "attachments", "time_entries"]
            .into_iter()
            .flat_map(|resource| ["read", "update", "delete"].map(|action| line(resource, action, own)))
            .chain([line("tasks", "read", tasks)]);
        let permissions = Permissions::parse(&VOCABULARY, lines).unwrap();
        let people = mates.iter().copied().chain([user]).collect();
        Caller { principal: Principal::new(user, permissions, mates), people, tasks, own }
    }

    /// The ids for which `found` says so.
    fn those<Id: Copy + Ord>(
        &self,
        rows: &Rows<Id>,
        mut found: impl FnMut(&mut TenantTx, Id) -> bool,
    ) -> BTreeSet<Id> {
        // Each in a transaction that is dropped: what is deleted is there for the next one.
        rows.iter()
            .filter(|(id, ..)| found(&mut self.workspace.tenant.begin(), *id))
            .map(|(id, ..)| *id)
            .collect()
    }

    fn listed<T, E: std::fmt::Debug, Id: Ord>(
        &self,
        who: &Caller,
        list: impl Fn(&mut TenantTx, TaskId) -> Result<Vec<T>, E>,
        is_hidden: impl Fn(&E) -> bool,
        id: impl Fn(&T) -> Id,
    ) -> BTreeSet<Id> {
        let mut all = BTreeSet::new();
        for task in &self.tasks {
            match list(&mut self.workspace.tenant.begin(), task.id) {
                Ok(rows) => {
                    assert!(who.sees(task), "a task out of reach has a list");
                    all.extend(rows.iter().map(&id));
                }
                Err(error) => assert!(is_hidden(&error) && !who.sees(task), "{error:?}"),
            }
        }
        all
    }
}

impl Person {
    fn of(who: &Caller) -> Self {
        Self(who.principal.clone())
    }
}

fn found<T, E: std::fmt::Debug>(done: Result<T, E>, is_hidden: impl FnOnce(&E) -> bool) -> bool {
    done.map_or_else(
        |error| {
            assert!(is_hidden(&error), "{error:?}");
            false
        },
        |_| true,
    )
}

#[test]
fn the_children_of_a_task_are_listed_got_changed_and_counted_as_the_rule_says() {
    let mut dice = Dice(3);
    let world = World::make(&mut dice);
    let (mut told_apart, mut writes) = (BTreeSet::new(), 0);
    for _ in 0..30 {
        let who = world.caller(&mut dice);
        told_apart.insert((world.comments_agree(&who), world.files_agree(&who), world.hours_agree(&who)));
        writes += world.changeable(&who, &world.comments).len();
    }
    assert!(told_apart.len() > 12, "the rows are too uniform to prove anything: {told_apart:?}");
    assert!(writes > 50, "{writes}");
}

impl World {
    fn comments_agree(&self, who: &Caller) -> usize {
        let (by, rows) = (Person::of(who), &self.comments);
        let (tasks, read) = (by.may::<Tasks, _>(), by.may::<Comments, _>());
        let hidden = |error: &CommentError| matches!(error, CommentError::NotFound);
        let expected = self.readable(who, rows, true);
        let listed = self.listed(
            who,
            |tx, task| comments::list(tx, &tasks, &read, task, None, 100),
            hidden,
            |row| row.id,
        );
        assert_eq!(listed, expected);
        assert_eq!(
            self.those(rows, |tx, id| comments::get(tx, &tasks, &read, id).unwrap().is_some()),
            expected
        );
        let history =
            self.those(rows, |tx, id| found(comments::history(tx, &tasks, &read, id, None, 9), hidden));
        assert_eq!(history, expected);
        let changed = self.changeable(who, rows);
        let update = self.those(rows, |tx, id| {
            let (may, none) = (by.may(), CommentPatch::default());
            found(comments::update(tx, &tasks, &may, &by.origin(), id, None, none), hidden)
        });
        assert_eq!(update, changed);
        let delete = self.those(rows, |tx, id| {
            found(comments::delete(tx, &tasks, &by.may(), &by.origin(), id, None), hidden)
        });
        assert_eq!(delete, changed);
        expected.len()
    }

    fn files_agree(&self, who: &Caller) -> usize {
        let (by, rows) = (Person::of(who), &self.files);
        let (tasks, read) = (by.may::<Tasks, _>(), by.may::<Attachments, _>());
        let hidden = |error: &AttachmentError| matches!(error, AttachmentError::NotFound);
        let expected = self.readable(who, rows, true);
        let list = |tx: &mut TenantTx, task| attachments::list(tx, &tasks, &read, task, None, 100);
        assert_eq!(self.listed(who, list, hidden, |row| row.id), expected);
        assert_eq!(
            self.those(rows, |tx, id| attachments::get(tx, &tasks, &read, id).unwrap().is_some()),
            expected
        );
        let keys = self.workspace.keys();
        let content = self.those(rows, |tx, id| {
            let range = self.contents.get(&id).unwrap();
            let missing = |error: &AttachmentError| {
                matches!(error, AttachmentError::Unreadable { source: ChunkError::Missing, .. })
            };
            found(attachments::read_chunk(tx, &tasks, &read, keys, range, 0), missing)
        });
        assert_eq!(content, expected);
        let history =
            self.those(rows, |tx, id| found(attachments::history(tx, &tasks, &read, id, None, 9), hidden));
        assert_eq!(history, expected);
        let delete = self.those(rows, |tx, id| {
            found(attachments::delete(tx, &tasks, &by.may(), &by.origin(), id, None), hidden)
        });
        assert_eq!(delete, self.changeable(who, rows));
        expected.len()
    }

    fn hours_agree(&self, who: &Caller) -> usize {
        let (by, rows) = (Person::of(who), &self.hours);
        let (tasks, read) = (by.may::<Tasks, _>(), by.may::<TimeEntries, _>());
        let hidden = |error: &TimeEntryError| matches!(error, TimeEntryError::NotFound);
        let expected = self.readable(who, rows, false);
        let mut tx = self.workspace.tenant.begin();
        let (all, order) = (TimeEntryFilter::default(), TimeEntryOrder::Latest);
        let listed = time_entries::list(&mut tx, &tasks, &read, &all, order, None, 100).unwrap();
        assert_eq!(listed.iter().map(|entry| entry.id).collect::<BTreeSet<_>>(), expected);
        let get = self.those(rows, |tx, id| time_entries::get(tx, &tasks, &read, id).unwrap().is_some());
        assert_eq!(get, expected);
        let history =
            self.those(rows, |tx, id| found(time_entries::history(tx, &tasks, &read, id, None, 9), hidden));
        assert_eq!(history, expected);
        let changed = self.changeable(who, rows);
        let update = self.those(rows, |tx, id| {
            let (may, none) = (by.may(), TimeEntryPatch::default());
            found(time_entries::update(tx, &tasks, &may, &by.origin(), id, None, none), hidden)
        });
        assert_eq!(update, changed);
        let delete = self.those(rows, |tx, id| {
            found(time_entries::delete(tx, &tasks, &by.may(), &by.origin(), id, None), hidden)
        });
        assert_eq!(delete, changed);
        // Each is an hour long, so the report has as many hours as there are entries in the list.
        let days = Period::new(now().date_naive(), now().date_naive() + chrono::TimeDelta::days(7)).unwrap();
        let wanted = ReportQuery {
            period: days,
            group_by: vec![],
            user_id: None,
            task_id: None,
            tag_id: None,
            billable: None,
        };
        let hours = report(&mut tx, &tasks, &read, &wanted).unwrap().hours;
        assert_eq!(hours.to_string(), format!("{}.00", expected.len()));
        expected.len()
    }
}
