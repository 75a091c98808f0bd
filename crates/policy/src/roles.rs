//! The roles of a new workspace.

use belfort_rbac::{Permissions, Scope};

use crate::VOCABULARY;

/// The resources of daily work, on which a manager and a member act.
const WORK: [&str; 5] = ["tasks", "comments", "time_entries", "attachments", "tags"];
/// The resources that a guest may read.
const SHOWN: [&str; 4] = ["tasks", "comments", "attachments", "tags"];

/// A role that every workspace has from the start. All but `admin` are the workspace's to edit and delete from then on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuiltIn {
    /// Does everything, everywhere. Cannot be edited or deleted, and the last user who has it cannot lose it.
    Admin,
    /// Sees everything and works for the team; changes nothing about people, roles or the workspace.
    Manager,
    /// Sees the team's work, changes what is their own.
    Member,
    /// Sees what they were made a viewer of, and comments there.
    Guest,
}

impl BuiltIn {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Manager, Self::Member, Self::Guest];

    /// The name at the start.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
            Self::Guest => "guest",
        }
    }

    /// The permissions at the start.
    pub fn permissions(self) -> Permissions {
        let lines: Vec<String> = VOCABULARY
            .pairs()
            .filter_map(|(resource, action)| {
                Some(format!("{resource} {action} {}", self.scope(resource, action)?))
            })
            .collect();
        Permissions::from_lines(&VOCABULARY, lines.iter().map(String::as_str))
    }

    fn scope(self, resource: &str, action: &str) -> Option<Scope> {
        let work = WORK.contains(&resource);
        match (self, action) {
            (Self::Admin, _) | (Self::Manager, "read") => Some(Scope::All),
            (Self::Manager, "create" | "update" | "delete") if work => Some(Scope::Team),
            (Self::Member, "read") if work || matches!(resource, "users" | "teams") => Some(Scope::Team),
            (Self::Member, "create" | "update" | "delete") if work => Some(Scope::Own),
            (Self::Guest, "read") if SHOWN.contains(&resource) => Some(Scope::Own),
            (Self::Guest, "create") if resource == "comments" => Some(Scope::Own),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_holds_what_the_one_below_it_holds() {
        let [admin, manager, member, _] = BuiltIn::ALL.map(BuiltIn::permissions);
        assert!(admin.cover(&manager) && manager.cover(&member));
        assert!(!manager.cover(&admin) && !member.cover(&manager));
    }

    #[test]
    fn only_an_admin_changes_people_roles_and_the_workspace() {
        for role in [BuiltIn::Manager, BuiltIn::Member, BuiltIn::Guest] {
            let permissions = role.permissions();
            for resource in ["users", "teams", "roles", "integrations", "workspace"] {
                for action in ["create", "update", "delete"] {
                    assert_eq!(permissions.scope(resource, action), None, "{role:?} {resource} {action}");
                }
            }
            assert_eq!(permissions.scope("audit", "export"), None);
        }
    }

    #[test]
    fn a_guest_only_looks_and_comments() {
        let lines = BuiltIn::Guest.permissions().lines();
        assert_eq!(
            lines,
            [
                "attachments read own",
                "comments create own",
                "comments read own",
                "tags read own",
                "tasks read own"
            ]
        );
    }
}
