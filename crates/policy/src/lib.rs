//! Belfort's resources and built-in roles: the vocabulary that `belfort-rbac`, the mechanism, does not know.
//!
//! ```
//! use belfort_policy::{BuiltIn, VOCABULARY};
//! use belfort_rbac::Scope;
//!
//! let member = BuiltIn::Member.permissions();
//! assert_eq!(member.scope("tasks", "read"), Some(Scope::Team));
//! assert_eq!(member.scope("users", "delete"), None);
//! assert!(BuiltIn::Admin.permissions().cover(&member));
//! assert!(VOCABULARY.find("audit", "export").is_some());
//! ```

mod roles;

pub use roles::BuiltIn;

belfort_rbac::resources! {
    /// Every resource of the product with the actions it has.
    pub static VOCABULARY {
        /// Tasks, with who is assigned, who views and which tags.
        Tasks = "tasks" [Create, Read, Update, Delete],
        /// Comments on tasks.
        Comments = "comments" [Create, Read, Update, Delete],
        /// Time worked on tasks.
        TimeEntries = "time_entries" [Create, Read, Update, Delete, Export],
        /// Files on tasks.
        Attachments = "attachments" [Create, Read, Update, Delete],
        /// The tags that tasks can carry.
        Tags = "tags" [Create, Read, Update, Delete],
        /// The people of the workspace, and invitations to it.
        Users = "users" [Create, Read, Update, Delete],
        /// Groups of people: what the scope `team` speaks of.
        Teams = "teams" [Create, Read, Update, Delete],
        /// Sets of permissions.
        Roles = "roles" [Create, Read, Update, Delete],
        /// Connections to other services.
        Integrations = "integrations" [Create, Read, Update, Delete],
        /// The audit history.
        Audit = "audit" [Read, Export],
        /// The workspace itself.
        Workspace = "workspace" [Create, Read, Update, Delete],
    }
}
