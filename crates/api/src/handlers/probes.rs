//! `/healthz`, `/readyz` and, on the admin listener, `/metrics`.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::error::ApiResult;
use crate::middleware::Counters;
use crate::state::{App, Share};

/// The process lives.
pub(crate) async fn health() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(serde_json::json!({ "status": "ok" }))
}

/// The process can do its work: the database answers.
pub(crate) async fn ready(app: web::Data<App>) -> ApiResult<HttpResponse> {
    let answers = Arc::clone(&app).database(Share::SERVER, |app| Ok(app.services.tenancy.ping())).await?;
    if answers { Ok(health().await) } else { Err(crate::error::Problem::busy()) }
}

/// Counters in the Prometheus text format.
pub(crate) async fn metrics(counters: web::Data<Counters>) -> HttpResponse {
    let mut text = String::from("# TYPE belfort_answers_total counter\n");
    for (class, count) in counters.answers.iter().enumerate().skip(1) {
        let count = count.load(Ordering::Relaxed);
        // Writing to a String does not fail.
        let _ = writeln!(text, "belfort_answers_total{{class=\"{class}xx\"}} {count}");
    }
    let in_flight = counters.in_flight.load(Ordering::Relaxed);
    let _ = writeln!(text, "# TYPE belfort_requests_in_flight gauge\nbelfort_requests_in_flight {in_flight}");
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4")).body(text)
}
