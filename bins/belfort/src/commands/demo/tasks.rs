//! The tasks of the demo workspace with their comments and time entries, each created as the user whose it is.

use std::sync::Arc;

use belfort_ids::{TagId, TaskId, UserId};
use belfort_policy::{Comments, Tags, Tasks};
use belfort_rbac::{Create, Read};
use belfort_tenancy::Tenant;
use belfort_tenancy::postgres::TenantTx;
use belfort_values::brussels;
use belfort_work::comments::{self, NewComment};
use belfort_work::tags::{self, NewTag};
use belfort_work::tasks::{self, NewTask};
use belfort_work::time_entries::{self, NewTimeEntry};
use belfort_work::{CommentBody, HourlyRate, Note, TagName, Title};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::fixtures::{DemoHours, DemoTask, TAGS, TASKS};
use super::people::Person;
use crate::commands::BoxError;
use crate::runtime::Runtime;
use crate::terminal;

/// The number of what was created.
pub(super) struct Created {
    pub(super) tasks: usize,
    pub(super) time_entries: usize,
}

/// Creates all tasks with their comments and time entries.
pub(super) fn create_all(
    runtime: &Runtime,
    tenant: &Arc<Tenant>,
    people: &[Person],
    now: DateTime<Utc>,
) -> Result<Created, BoxError> {
    let bar = terminal::progress_bar("Creating tasks");
    bar.set_length(u64::try_from(TASKS.len())?);
    let mut tx = runtime.tenancy.begin(tenant)?;
    let tags = create_tags(&mut tx, people, now)?;
    for demo in &TASKS {
        create_task(&mut tx, demo, people, &tags, now)?;
        bar.inc(1);
    }
    tx.commit()?;
    bar.finish_and_clear();
    Ok(Created { tasks: TASKS.len(), time_entries: TASKS.iter().map(|demo| demo.hours.len()).sum() })
}

fn create_tags(tx: &mut TenantTx, people: &[Person], now: DateTime<Utc>) -> Result<Vec<TagId>, BoxError> {
    let admin = person(people, 0)?;
    let grant = admin.principal().grant::<Tags, Create>()?;
    let make = |name: &&str| -> Result<TagId, BoxError> {
        Ok(tags::create(tx, &grant, &admin.origin(now), NewTag { name: TagName::parse(name)? })?.id)
    };
    TAGS.iter().map(make).collect()
}

fn create_task(
    tx: &mut TenantTx,
    demo: &DemoTask,
    people: &[Person],
    tags: &[TagId],
    now: DateTime<Utc>,
) -> Result<(), BoxError> {
    let ids = |places: &[usize]| -> Result<Vec<UserId>, BoxError> {
        places.iter().map(|place| Ok(person(people, *place)?.id)).collect()
    };
    let day = brussels::day(now);
    let new = NewTask {
        status: demo.status,
        priority: demo.priority,
        due_on: demo.due.and_then(|days| day.checked_add_signed(TimeDelta::days(days))),
        assignee_ids: ids(demo.assignees)?,
        viewer_ids: ids(demo.viewers)?,
        tag_ids: demo.tags.iter().filter_map(|tag| tags.get(*tag).copied()).collect(),
        ..NewTask::titled(Title::parse(demo.title)?)
    };
    let creator = person(people, demo.by)?;
    let task = tasks::create(tx, &creator.principal().grant::<Tasks, Create>()?, &creator.origin(now), new)?;
    for (place, text) in demo.comments {
        let author = person(people, *place)?;
        let principal = author.principal();
        // Under the author's own grants: somebody who could not write it in the product cannot here.
        let (of_tasks, grant) = (principal.grant::<Tasks, Read>()?, principal.grant::<Comments, Create>()?);
        comments::create(
            tx,
            &of_tasks,
            &grant,
            &author.origin(now),
            task.id,
            NewComment { body: CommentBody::parse(text)? },
        )?;
    }
    for hours in demo.hours {
        let worker = person(people, hours.by)?;
        let principal = worker.principal();
        let (of_tasks, grant) = (principal.grant()?, principal.grant()?);
        time_entries::create(tx, &of_tasks, &grant, &worker.origin(now), span(task.id, hours, day)?)?;
    }
    Ok(())
}

fn span(task: TaskId, hours: &DemoHours, today: NaiveDate) -> Result<NewTimeEntry, BoxError> {
    let from = today.checked_sub_signed(TimeDelta::days(hours.days_ago)).ok_or("before all days")?;
    // An end before the start is on the next day.
    let to = if hours.to < hours.from { from.succ_opt().ok_or("after all days")? } else { from };
    let started_at = brussels::parse(&format!("{from}T{}", hours.from))?;
    Ok(NewTimeEntry {
        ended_at: Some(brussels::parse(&format!("{to}T{}", hours.to))?),
        note: Note::parse(hours.note)?,
        billable: hours.rate.is_some(),
        hourly_rate: hours.rate.map(HourlyRate::parse).transpose()?,
        ..NewTimeEntry::starting(task, started_at)
    })
}

fn person(people: &[Person], place: usize) -> Result<&Person, BoxError> {
    Ok(people.get(place).ok_or("the fixtures name somebody who is not in PEOPLE")?)
}
