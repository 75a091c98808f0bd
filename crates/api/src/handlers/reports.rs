//! `/reports`.

mod table;

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_openapi::{self as openapi, CONTENT_DISPOSITION};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::Read;
use belfort_work::time_report::{self, GroupBy, Line, Period, PeriodError, ReportQuery, TimeReport};
use belfort_workspace::users;
use chrono::NaiveDate;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use paperclip::v2::schema::Apiv2Schema as Schema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::context::Gate;
use crate::error::{ApiResult, FieldCode, Problem};
use crate::input::{FieldViolation, GroupByList, Query, group_words, input};
use crate::output::csv;

input! {
    /// The period, the grouping and the filter of a time report.
    pub(crate) struct AskTimeReport {
        /// The first day, in Brussels time.
        from: NaiveDate,
        /// The last day, in Brussels time. The period is at most 3660 days.
        to: NaiveDate,
        /// The columns to group by: one or more of `day`, `user`, `task` and `tag`. The default is `day`.
        group_by: Option<GroupByList>,
        /// Only time of this user.
        user_id: Option<UserId>,
        /// Only time on this task.
        task_id: Option<TaskId>,
        /// Only time on tasks with this tag.
        tag_id: Option<TagId>,
        /// Only billable time (`true`) or only time that is not billable (`false`).
        billable: Option<bool>,
    }
}

/// A report of hours and amounts.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TimeReportView {
    /// The first day.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// The columns that the lines are grouped by.
    group_by: Vec<String>,
    /// The lines, ordered by day, user, task and tags. Groups without any time are left out.
    lines: Vec<LineView>,
    /// The total of all lines.
    total: TimeReportTotalView,
}

/// The total of a report: the sums of what its lines show.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TimeReportTotalView {
    /// The time in seconds, as an exact decimal number.
    seconds: String,
    /// The time in hours, as a decimal number with two decimals.
    hours: String,
    /// The amount, as a decimal number with two decimals.
    amount: String,
    /// The currency of the amount: always `EUR`.
    currency: &'static str,
}

/// Has only the members that it was grouped by.
#[derive(Debug, Serialize)]
pub(crate) struct LineView {
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<NaiveDate>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    user: Option<WhoView>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    task: Option<TaskNameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagNameView>>,
    #[serde(flatten)]
    sum: TimeReportTotalView,
}

#[derive(Debug, Serialize)]
struct WhoView {
    user_id: Uuid,
    user_name: Option<String>,
}

#[derive(Debug, Serialize)]
struct TaskNameView {
    task_id: Uuid,
    task_title: String,
}

#[derive(Debug, Serialize)]
struct TagNameView {
    id: Uuid,
    name: String,
}

impl Schema for LineView {
    fn name() -> Option<String> {
        Some("TimeReportLine".into())
    }

    fn raw_schema() -> DefaultSchemaRaw {
        let text = |what: &str| json!({ "type": "string", "description": what });
        let id = |of: &str| json!({ "type": "string", "format": "uuid", "description": format!("The ID of the {of}.") });
        let schema = json!({
            "type": "object",
            "description": "A line of a time report. It has only the fields that the report is grouped by.",
            "properties": {
                "day": { "type": "string", "format": "date", "description": "The day, in Brussels time." },
                "user_id": id("user"),
                "user_name": { "type": ["string", "null"], "description": "The name of the user; null if the user was deleted." },
                "task_id": id("task"),
                "task_title": text("The title of the task."),
                "tags": {
                    "type": "array",
                    "description": "All tags on the task, so that no time is counted in two lines; empty if it has none.",
                    "items": {
                        "type": "object",
                        "properties": { "id": id("tag"), "name": text("The name of the tag.") },
                        "required": ["id", "name"],
                    },
                },
                "seconds": text("The time in seconds, as an exact decimal number."),
                "hours": text("The time in hours, rounded half to even to two decimals."),
                "amount": text("The amount, rounded half to even to two decimals."),
                "currency": text("The currency of the amount: always `EUR`."),
            },
            "required": ["seconds", "hours", "amount", "currency"],
        });
        openapi::literal(Some("TimeReportLine"), schema, Vec::new())
    }
}

impl LineView {
    fn of(line: Line, names: &BTreeMap<UserId, String>) -> Self {
        let tag = |(id, name): (TagId, belfort_work::TagName)| TagNameView {
            id: id.uuid(),
            name: name.as_str().to_owned(),
        };
        Self {
            day: line.day,
            user: line.user_id.map(|id| WhoView { user_id: id.uuid(), user_name: names.get(&id).cloned() }),
            task: line.task.map(|(id, title)| TaskNameView {
                task_id: id.uuid(),
                task_title: title.as_str().to_owned(),
            }),
            tags: line.tags.map(|tags| tags.into_iter().map(tag).collect()),
            sum: TimeReportTotalView::of(line.seconds, line.hours, line.amount),
        }
    }
}

impl TimeReportTotalView {
    fn of(seconds: time_report::Seconds, hours: time_report::Hours, amount: belfort_values::Euro) -> Self {
        Self {
            seconds: seconds.to_string(),
            hours: hours.to_string(),
            amount: amount.to_string(),
            currency: "EUR",
        }
    }
}

/// 200 with a report, as JSON or as CSV, whichever the caller prefers.
pub(crate) struct Report {
    view: TimeReportView,
    groups: Vec<GroupBy>,
}

impl Responder for Report {
    type Body = BoxBody;
    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((header::VARY, "Accept"));
        if !csv::wanted(request) {
            return response.json(self.view);
        }
        let TimeReportView { from, to, lines, .. } = &self.view;
        match table::of(&self.groups, lines) {
            Ok(table) => response
                .insert_header((
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"time-{from}-{to}.csv\""),
                ))
                .content_type("text/csv; charset=utf-8")
                .body(table),
            Err(problem) => problem.error_response(),
        }
    }
}

impl Schema for Report {}
impl OperationModifier for Report {
    fn update_response(op: &mut DefaultOperationRaw) {
        let table = openapi::literal(None, json!({ "type": "string" }), Vec::new());
        let media = vec![("application/json", openapi::schema::<TimeReportView>()), ("text/csv", table)];
        openapi::response_as(op, 200, "The report, as JSON or CSV.", media, &[CONTENT_DISPOSITION]);
    }
}

/// Get a time report
///
/// Adds up the hours and amounts of the time entries that you can list, grouped by Brussels day, user, task
/// and tags. Running timers are left out. Time that is not billable or has no hourly rate has an amount of
/// zero. An entry that spans midnight is split between the days. Sums are exact and are rounded once per
/// line, half to even; the total is the sum of the rounded lines.
///
/// When grouped by tag, each line is for one combination of tags, so that no hour is counted twice. For the
/// hours of a single tag, filter by `tag_id`.
///
/// With `Accept: text/csv` the report is a CSV table with a header line and without the total. Text that a
/// spreadsheet would take for a formula is prefixed with an apostrophe. A report of more than 50,000 lines is
/// refused with 422 `report-too-large`.
#[api_v2_operation(operation_id = "report_time", tags(Reports))]
pub(crate) async fn time(gate: Gate<TimeEntries, Read>, query: Query<AskTimeReport>) -> ApiResult<Report> {
    gate.read_at_length(move |ctx, grant| {
        let of_tasks = ctx.grant::<Tasks, Read>()?;
        let asked = query.parse()?;
        let groups = asked.group_by.unwrap_or_else(|| vec![GroupBy::Day]);
        let wanted = ReportQuery {
            period: period(asked.from, asked.to)?,
            group_by: groups.clone(),
            user_id: asked.user_id,
            task_id: asked.task_id,
            tag_id: asked.tag_id,
            billable: asked.billable,
        };
        let TimeReport { lines, seconds, hours, amount } =
            time_report::report(&mut ctx.tx, &of_tasks, grant, &wanted)?;
        let mut people: Vec<UserId> = lines.iter().filter_map(|line| line.user_id).collect();
        people.sort_unstable();
        people.dedup();
        let names = users::names(&mut ctx.tx, &people)?;
        let view = TimeReportView {
            from: asked.from,
            to: asked.to,
            group_by: group_words(&groups).into_iter().map(str::to_owned).collect(),
            lines: lines.into_iter().map(|line| LineView::of(line, &names)).collect(),
            total: TimeReportTotalView::of(seconds, hours, amount),
        };
        Ok(Report { view, groups })
    })
    .await
}

fn period(from: NaiveDate, to: NaiveDate) -> ApiResult<Period> {
    Period::new(from, to).map_err(|error| {
        let FieldViolation(code, detail) = match error {
            PeriodError::Backwards => FieldViolation::invalid("must not be before from"),
            PeriodError::TooLong => {
                FieldViolation(FieldCode::OutOfRange, "must be within 3660 days of from".into())
            }
        };
        Problem::invalid_field("to", code, detail)
    })
}
