//! The OpenAPI document: the routes, and what no handler says of itself.

use belfort_openapi::{self as openapi, Document, Fault, Info, Tag};

use crate::context::SESSION_COOKIE;
use crate::error::{FieldCode, ProblemCode};
use crate::routes;

/// The OpenAPI document of the API. It needs no database and no settings.
///
/// # Errors
/// Everything that is wrong with what is documented.
pub fn document() -> Result<Document, Vec<Fault>> {
    let tag = |name: &str, description: &str| Tag { name: name.into(), description: description.into() };
    let info = Info {
        title: "Belfort".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        description: include_str!("description.md").into(),
        license: "MIT OR Apache-2.0".into(),
        session_cookie: SESSION_COOKIE.into(),
        tags: vec![
            tag("Signup", "Creating a workspace."),
            tag("Auth", "Logging in and out, passwords and sessions."),
            tag("Me", "Your own account and permissions."),
            tag("Workspace", "The name, plan and domains of the workspace."),
            tag("Users", "The users of the workspace, and invitations to join it."),
            tag("Teams", "Groups of users. They decide what the scope `team` covers."),
            tag("Roles", "Sets of permissions. Every user has one role."),
            tag("Tasks", "Tasks, with their assignees, viewers and tags."),
            tag("Comments", "Comments on tasks."),
            tag("Attachments", "Files attached to tasks."),
            tag("Time entries", "Time worked on tasks, and running timers."),
            tag("Reports", "Hours and amounts, added up over time entries."),
            tag("Tags", "Labels for tasks."),
            tag("Audit", "The history of all changes: who changed what, and when."),
        ],
        problems: Vec::new(),
        problem_codes: ProblemCode::published(),
        field_codes: FieldCode::published(),
    };
    openapi::document(&info, &mut [&mut routes::api()])
}

#[cfg(test)]
mod tests {
    /// Clients are generated from the file, and a change to it is read in review.
    #[test]
    fn the_document_in_docs_is_the_one_that_is_served() {
        let served = super::document().unwrap().to_json();
        let written = include_str!("../../../docs/openapi.json");
        let differ = served.lines().zip(written.lines()).position(|(served, written)| served != written);
        let line = differ.unwrap_or_else(|| served.lines().count().min(written.lines().count())) + 1;
        assert!(served == written, "docs/openapi.json is not current, from line {line}: run `just openapi`");
    }
}
