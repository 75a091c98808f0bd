//! `/reports`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use belfort_ids::{TagId, TaskId, UserId};
use belfort_openapi::{self as openapi, CONTENT_DISPOSITION};
use belfort_policy::{Tasks, TimeEntries};
use belfort_rbac::Read;
use belfort_work::time_report::{self, Line, Period, PeriodError, ReportQuery, TimeReport};
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
use crate::input::Groups;
use crate::input::Query;
use crate::input::{FieldViolation, input};
use crate::output::csv;

input! {
    /// Which time is added up, and by what.
    pub(crate) struct AskTimeReport {
        /// The first day, in Brussels.
        from: NaiveDate,
        /// The last day, in Brussels; at most 3660 days in all.
        to: NaiveDate,
        /// What a line is about: one or more of `day`, `user`, `task` and `tag`; `day` when not said.
        group_by: Option<Groups>,
        /// Only what this user worked.
        user_id: Option<UserId>,
        /// Only what was worked on this task.
        task_id: Option<TaskId>,
        /// Only what was worked on tasks with this tag.
        tag_id: Option<TagId>,
        /// Only what is billable, or what is not.
        billable: Option<bool>,
    }
}

/// Hours and euros.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TimeReportView {
    from: NaiveDate,
    to: NaiveDate,
    /// What a line is about.
    group_by: Vec<String>,
    /// By day, user, task and tags. Only lines with any time in them.
    lines: Vec<LineView>,
    total: TotalView,
}

/// What all lines come to: the sums of what they show.
#[derive(Debug, Serialize, Apiv2Schema)]
pub(crate) struct TotalView {
    /// As a decimal number, exact.
    seconds: String,
    /// As a decimal number with two decimals.
    hours: String,
    /// As a decimal number with two decimals.
    amount: String,
    /// `EUR`.
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
    sum: TotalView,
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
        let id = || json!({ "type": "string", "format": "uuid" });
        let schema = json!({
            "type": "object",
            "description": "Time that was worked and what it costs. It has only the members that it was grouped by.",
            "properties": {
                "day": { "type": "string", "format": "date" },
                "user_id": id(),
                "user_name": { "type": ["string", "null"], "description": "Null when they have left." },
                "task_id": id(),
                "task_title": text("What the task is called."),
                "tags": {
                    "type": "array",
                    "description": "NoFilter the tags of the task, so that no hour is in two lines; none when it has none.",
                    "items": {
                        "type": "object",
                        "properties": { "id": id(), "name": text("What it says.") },
                        "required": ["id", "name"],
                    },
                },
                "seconds": text("As a decimal number, exact."),
                "hours": text("As a decimal number with two decimals, rounded half to even."),
                "amount": text("As a decimal number with two decimals, rounded half to even."),
                "currency": text("`EUR`."),
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
            sum: TotalView::of(line.seconds, line.hours, line.amount),
        }
    }

    /// Its cells; of each group as many as [`columns`] has.
    fn cells(&self) -> Vec<Cow<'_, str>> {
        let mut cells: Vec<Cow<'_, str>> = Vec::new();
        cells.extend(self.day.map(|day| day.to_string().into()));
        if let Some(user) = &self.user {
            cells.push(user.user_id.to_string().into());
            cells.push(csv::text(user.user_name.as_deref().unwrap_or_default()));
        }
        if let Some(task) = &self.task {
            cells.extend([task.task_id.to_string().into(), csv::text(&task.task_title)]);
        }
        if let Some(tags) = &self.tags {
            let ids: Vec<String> = tags.iter().map(|tag| tag.id.to_string()).collect();
            let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
            cells.push(ids.join("; ").into());
            cells.push(csv::text(&names.join("; ")).into_owned().into());
        }
        let TotalView { seconds, hours, amount, currency } = &self.sum;
        cells.extend([seconds, hours, amount].map(|number| Cow::from(number.as_str())));
        cells.push((*currency).into());
        cells
    }
}

impl TotalView {
    fn of(seconds: time_report::Seconds, hours: time_report::Hours, amount: belfort_values::Euro) -> Self {
        Self {
            seconds: seconds.to_string(),
            hours: hours.to_string(),
            amount: amount.to_string(),
            currency: "EUR",
        }
    }
}

/// The names of the columns of a table.
fn columns(groups: &Groups) -> Vec<&'static str> {
    let of_group = |word: &'static str| -> &[&'static str] {
        match word {
            "user" => &["user_id", "user_name"],
            "task" => &["task_id", "task_title"],
            "tag" => &["tag_ids", "tags"],
            _ => &["day"],
        }
    };
    let mut columns: Vec<_> = groups.words().into_iter().flat_map(of_group).copied().collect();
    columns.extend(["seconds", "hours", "amount", "currency"]);
    columns
}

/// 200 with a report, as JSON or as CSV, whichever the caller prefers.
pub(crate) struct Report {
    view: TimeReportView,
    columns: Vec<&'static str>,
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
        match csv::table(&self.columns, lines.iter().map(LineView::cells)) {
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
        openapi::response_as(op, 200, "The report.", media, &[CONTENT_DISPOSITION]);
    }
}

/// Report on time
///
/// Hours and euros of the time entries that you can list, by Brussels day, user, task and tags. What still runs is not in it;
/// what is not billable or has no rate costs nothing. An entry over midnight is in both days. NoFilter is added up exactly and
/// rounded once for each line, half to even; the total is the sum of the lines.
///
/// Grouped by tag, a line has all the tags of its tasks, so that each hour is in one line. The hours of one tag are those of
/// `tag_id`.
///
/// With `Accept: text/csv` it is a table with a line of names, without the total. A text that a spreadsheet would take for a
/// formula begins with an apostrophe there. More than 50000 lines are 422 `report-too-large`.
#[api_v2_operation(operation_id = "report_time", tags(Reports))]
pub(crate) async fn time(gate: Gate<TimeEntries, Read>, query: Query<AskTimeReport>) -> ApiResult<Report> {
    gate.read(move |ctx, grant| {
        let of_tasks = ctx.grant::<Tasks, Read>()?;
        let asked = query.parse()?;
        let groups = asked.group_by.unwrap_or_default();
        let wanted = ReportQuery {
            period: period(asked.from, asked.to)?,
            by: groups.0.clone(),
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
            group_by: groups.words().into_iter().map(str::to_owned).collect(),
            lines: lines.into_iter().map(|line| LineView::of(line, &names)).collect(),
            total: TotalView::of(seconds, hours, amount),
        };
        Ok(Report { view, columns: columns(&groups) })
    })
    .await
}

fn period(from: NaiveDate, to: NaiveDate) -> ApiResult<Period> {
    Period::new(from, to).map_err(|error| {
        let FieldViolation(code, detail) = match error {
            PeriodError::Backwards => FieldViolation::invalid("is before from"),
            PeriodError::TooLong => {
                FieldViolation(FieldCode::OutOfRange, "is at most 3660 days from the first".into())
            }
        };
        Problem::invalid_field("to", code, detail)
    })
}
