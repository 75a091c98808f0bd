#![doc = include_str!("../README.md")]

mod roles;

pub use roles::BuiltIn;

belfort_rbac::resources! {
    /// Every resource of the product with its actions. Those that nobody owns are marked.
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
        /// Groups of people: those of the scope `team`.
        Teams = "teams" [Create, Read, Update, Delete],
        /// Sets of permissions. They are nobody's own: whoever changes one changes what others may do.
        Roles = "roles" unowned [Create, Read, Update, Delete],
        /// Connections to other services.
        Integrations = "integrations" [Create, Read, Update, Delete],
        /// The audit history.
        Audit = "audit" [Read, Export],
        /// The workspace itself, which is everybody's.
        Workspace = "workspace" unowned [Create, Read, Update, Delete],
    }
}
