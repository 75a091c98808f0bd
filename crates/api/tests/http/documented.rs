//! Every response that a test gets is one that the OpenAPI document describes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The statuses of an operation.
struct Operation {
    method: String,
    template: Vec<String>,
    statuses: BTreeSet<u16>,
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let document = belfort_api::document().unwrap();
    let operation = |(method, path): (String, String)| {
        let responses = &document.json()["paths"][&path][method.to_lowercase()]["responses"];
        let statuses = responses.as_object().unwrap().keys().map(|status| status.parse().unwrap());
        Operation { template: segments(&path), statuses: statuses.collect(), method }
    };
    document.routes().into_iter().map(operation).collect()
});

/// Panics when a response has a status that the document does not describe. What is no operation is not looked at; nor is
/// 500, which any operation may respond with and none describes.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, status: u16) {
    let sent = segments(path.split('?').next().unwrap_or(path));
    let places = OPERATIONS.iter().filter(|operation| is_one(&operation.template, &sent));
    // `/time-entries/start` is not the time entry `start`.
    let template = places.map(|operation| &operation.template).min_by_key(|template| names(template));
    let mut operations = OPERATIONS.iter().filter(|operation| operation.method == method);
    let Some(operation) = operations.find(|operation| Some(&operation.template) == template) else { return };
    assert!(
        status == 500 || operation.statuses.contains(&status),
        "{method} {path}: {status} is not described of /{}",
        operation.template.join("/")
    );
}

fn segments(path: &str) -> Vec<String> {
    path.trim_start_matches('/').split('/').map(str::to_owned).collect()
}

fn is_one(template: &[String], sent: &[String]) -> bool {
    template.len() == sent.len()
        && template.iter().zip(sent).all(|(part, sent)| is_name(part) || part == sent)
}

fn names(template: &[String]) -> usize {
    template.iter().filter(|part| is_name(part)).count()
}

fn is_name(part: &str) -> bool {
    part.starts_with('{')
}
