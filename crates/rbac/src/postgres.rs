//! Roles and members in Postgres; the last-admin guard under concurrency.

pub mod members;
pub mod roles;

/// The DDL of the tables that this module relies on (`members.user_id` refers to a table `users (id)`). In Belfort they are part of
/// every tenant's schema.
pub const DDL: &str = concat!(
    include_str!("../../../migrations/tenant/00000000000003_rbac/up.sql"),
    include_str!("../../../migrations/tenant/00000000000010_role_names/up.sql"),
);

/// The name of the role that nobody may be the last to lose.
pub const ADMIN: &str = "admin";

mod tables {
    diesel::table! {
        roles (id) {
            id -> Uuid,
            name -> Text,
            is_builtin -> Bool,
            permissions -> Array<Text>,
            version -> Integer,
            created_at -> Timestamptz,
            updated_at -> Timestamptz,
        }
    }

    diesel::table! {
        members (user_id) {
            user_id -> Uuid,
            role_id -> Uuid,
            is_active -> Bool,
            joined_at -> Nullable<Timestamptz>,
        }
    }

    diesel::joinable!(members -> roles (role_id));
    diesel::allow_tables_to_appear_in_same_query!(members, roles);
}
