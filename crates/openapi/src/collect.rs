//! Collects what the mounted scopes recorded, sorted.

use std::collections::BTreeMap;

use paperclip::actix::Mountable;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw, HttpMethod};

use crate::fault::Fault;

/// The recorded operations and types.
pub(crate) struct Collected {
    /// By path, then by method.
    pub(crate) routes: BTreeMap<(String, &'static str), DefaultOperationRaw>,
    /// A list, not a map: two types of one name must both arrive, to be told apart.
    pub(crate) definitions: Vec<DefaultSchemaRaw>,
}

/// Takes the records out of the mounts, which stay good for serving.
pub(crate) fn collect(mounts: &mut [&mut dyn Mountable], faults: &mut Vec<Fault>) -> Collected {
    let mut collected = Collected { routes: BTreeMap::new(), definitions: Vec::new() };
    let mut shapes = BTreeMap::<String, String>::new();
    for mount in mounts {
        // paperclip takes the name out of the schema to make it the key.
        let definitions = mount.definitions().into_iter();
        collected
            .definitions
            .extend(definitions.map(|(name, schema)| DefaultSchemaRaw { name: Some(name), ..schema }));
        let mut recorded = BTreeMap::new();
        mount.update_operations(&mut recorded);
        for (path, item) in recorded {
            let (path, shape) = (template(&path), shape(&path));
            let first = shapes.entry(shape).or_insert_with(|| path.clone());
            if *first != path {
                faults.push(Fault::SamePath { first: first.clone(), second: path.clone() });
            }
            for (method, operation) in item.methods {
                let key = (path.clone(), method_name(method));
                if collected.routes.insert(key, operation).is_some() {
                    faults.push(Fault::DuplicateRoute { at: at(method_name(method), &path) });
                }
            }
        }
    }
    collected
}

/// The name of an operation in faults.
pub(crate) fn at(method: &str, path: &str) -> String {
    format!("{} {path}", method.to_uppercase())
}

/// The names between the braces of a path template.
pub(crate) fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// The template without patterns: actix's `/a/{id:\d+}` is OpenAPI's `/a/{id}`. A pattern may itself have braces.
fn template(path: &str) -> String {
    let (mut out, mut depth, mut in_pattern) = (String::new(), 0_usize, false);
    for letter in path.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 1 => in_pattern = true,
            _ => {}
        }
        if depth == 0 {
            in_pattern = false;
        }
        if !in_pattern {
            out.push(letter);
        }
    }
    out
}

/// The template without names: paths of one shape are the same to a router.
fn shape(path: &str) -> String {
    let template = template(path);
    names(&template).fold(template.clone(), |shape, name| shape.replace(&format!("{{{name}}}"), "{}"))
}

fn method_name(method: HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "get",
        HttpMethod::Put => "put",
        HttpMethod::Post => "post",
        HttpMethod::Delete => "delete",
        HttpMethod::Options => "options",
        HttpMethod::Head => "head",
        HttpMethod::Patch => "patch",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_no_patterns() {
        for (path, expect) in [
            ("/tasks", "/tasks"),
            ("/tasks/{id}", "/tasks/{id}"),
            (r"/tasks/{id:\d+}/tags/{tag}", "/tasks/{id}/tags/{tag}"),
            ("/tasks/{id:[0-9a-f]{8}}/x:y", "/tasks/{id}/x:y"),
            ("/files/{name:.*}", "/files/{name}"),
        ] {
            assert_eq!(template(path), expect);
        }
    }

    #[test]
    fn a_shape_has_no_names() {
        assert_eq!(shape(r"/tasks/{id:\d+}/tags/{tag}"), "/tasks/{}/tags/{}");
    }
}
