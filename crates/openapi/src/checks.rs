//! The checks on each operation.

use std::collections::{BTreeMap, BTreeSet};

use paperclip::v2::models::{DefaultOperationRaw, DefaultParameterRaw, Either, ParameterIn};

use crate::access::Access;
use crate::collect::names;
use crate::fault::Fault;
use crate::info::Tag;

/// Checks one operation after the other, and remembers their ids.
pub(crate) struct Checks<'a> {
    tags: BTreeSet<&'a str>,
    /// Operation ids, and where each was first used.
    ids: BTreeMap<String, String>,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(tags: &'a [Tag]) -> Self {
        Self { tags: tags.iter().map(|tag| tag.name.as_str()).collect(), ids: BTreeMap::new() }
    }

    pub(crate) fn check(
        &mut self,
        operation: &DefaultOperationRaw,
        at: &str,
        path: &str,
        faults: &mut Vec<Fault>,
    ) {
        let here = || at.to_owned();
        faults.extend(self.id(operation, at));
        if operation.tags.is_empty() {
            faults.push(Fault::NoTag { at: here() });
        }
        let unknown = operation.tags.iter().filter(|tag| !self.tags.contains(tag.as_str()));
        faults.extend(unknown.map(|tag| Fault::UndescribedTag { at: here(), tag: tag.clone() }));
        if operation.summary.as_deref().unwrap_or_default().trim().is_empty() {
            faults.push(Fault::NoSummary { at: here() });
        }
        if !operation.responses.keys().any(|status| status.starts_with(['1', '2', '3'])) {
            faults.push(Fault::NoResponse { at: here() });
        }
        Access::of(operation).check(at, faults);
        let parameters: Vec<_> = operation.parameters.iter().filter_map(Either::right).collect();
        path_parameters(&parameters, at, path, faults);
        other_parameters(&parameters, at, faults);
    }

    fn id(&mut self, operation: &DefaultOperationRaw, at: &str) -> Option<Fault> {
        let at = at.to_owned();
        let Some(id) = operation.operation_id.clone().filter(|id| !id.is_empty()) else {
            return Some(Fault::NoOperationId { at });
        };
        if !is_snake_case(&id) {
            return Some(Fault::OperationIdNotSnakeCase { at, id });
        }
        if let Some(first) = self.ids.get(&id).cloned() {
            return Some(Fault::DuplicateOperationId { at, id, first });
        }
        self.ids.insert(id, at);
        None
    }
}

fn path_parameters(parameters: &[&DefaultParameterRaw], at: &str, path: &str, faults: &mut Vec<Fault>) {
    let here = || at.to_owned();
    let documented = parameters.iter().filter(|parameter| parameter.in_ == ParameterIn::Path);
    let mut documented: BTreeSet<_> = documented.map(|parameter| parameter.name.as_str()).collect();
    if documented.remove("") {
        faults.push(Fault::UnnamedPathParameter { at: here() });
    }
    let in_path: BTreeSet<_> = names(path).collect();
    for &name in in_path.difference(&documented) {
        faults.push(Fault::UndocumentedPathParameter { at: here(), name: name.to_owned() });
    }
    for &name in documented.difference(&in_path) {
        faults.push(Fault::ForeignPathParameter { at: here(), name: name.to_owned() });
    }
}

fn other_parameters(parameters: &[&DefaultParameterRaw], at: &str, faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    for parameter in parameters {
        if parameter.in_ == ParameterIn::FormData {
            faults.push(Fault::FormField { at: at.to_owned() });
        } else if !parameter.name.is_empty() && !seen.insert((parameter.in_, &parameter.name)) {
            let place = format!("{:?}", parameter.in_).to_lowercase();
            faults.push(Fault::DuplicateParameter { at: at.to_owned(), place, name: parameter.name.clone() });
        }
    }
}

fn is_snake_case(id: &str) -> bool {
    id.starts_with(|letter: char| letter.is_ascii_lowercase())
        && id.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
}
