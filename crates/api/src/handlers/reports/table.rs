//! A time report as a table.

use std::borrow::Cow;

use belfort_work::time_report::GroupBy;

use super::LineView;
use crate::error::ApiResult;
use crate::output::csv;

/// A column, in all tables or in those that are grouped by what it is about.
struct Column {
    group: Option<GroupBy>,
    name: &'static str,
    cell: for<'l> fn(&'l LineView) -> Cow<'l, str>,
}

const COLUMNS: [Column; 11] = [
    Column { group: Some(GroupBy::Day), name: "day", cell: |line| shown(line.day) },
    Column {
        group: Some(GroupBy::User),
        name: "user_id",
        cell: |line| shown(line.user.as_ref().map(|user| user.user_id)),
    },
    Column {
        group: Some(GroupBy::User),
        name: "user_name",
        cell: |line| {
            csv::text(line.user.as_ref().and_then(|user| user.user_name.as_deref()).unwrap_or_default())
        },
    },
    Column {
        group: Some(GroupBy::Task),
        name: "task_id",
        cell: |line| shown(line.task.as_ref().map(|task| task.task_id)),
    },
    Column {
        group: Some(GroupBy::Task),
        name: "task_title",
        cell: |line| csv::text(line.task.as_ref().map_or("", |task| &task.task_title)),
    },
    Column {
        group: Some(GroupBy::Tag),
        name: "tag_ids",
        cell: |line| {
            let ids: Vec<String> = line.tags.iter().flatten().map(|tag| tag.id.to_string()).collect();
            ids.join("; ").into()
        },
    },
    Column {
        group: Some(GroupBy::Tag),
        name: "tags",
        cell: |line| {
            let names: Vec<&str> = line.tags.iter().flatten().map(|tag| tag.name.as_str()).collect();
            csv::text(&names.join("; ")).into_owned().into()
        },
    },
    Column { group: None, name: "seconds", cell: |line| line.sum.seconds.as_str().into() },
    Column { group: None, name: "hours", cell: |line| line.sum.hours.as_str().into() },
    Column { group: None, name: "amount", cell: |line| line.sum.amount.as_str().into() },
    Column { group: None, name: "currency", cell: |line| line.sum.currency.into() },
];

/// The table of these lines.
pub(super) fn of(groups: &[GroupBy], lines: &[LineView]) -> ApiResult<Vec<u8>> {
    let columns: Vec<&Column> =
        COLUMNS.iter().filter(|column| column.group.is_none_or(|group| groups.contains(&group))).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    csv::table(&names, lines.iter().map(|line| columns.iter().map(|column| (column.cell)(line)).collect()))
}

fn shown(value: Option<impl ToString>) -> Cow<'static, str> {
    value.map(|value| value.to_string()).unwrap_or_default().into()
}
