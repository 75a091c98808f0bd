//! The tables, as diesel sees them.

diesel::table! {
    users (id) {
        id -> Uuid,
        email -> Text,
        full_name -> Text,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

// The table of `belfort-rbac`, which alone writes it: here it is joined to the users.
diesel::table! {
    members (user_id) {
        user_id -> Uuid,
        role_id -> Uuid,
        is_active -> Bool,
        joined_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    teams (id) {
        id -> Uuid,
        name -> Text,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    team_members (user_id, team_id) {
        team_id -> Uuid,
        user_id -> Uuid,
    }
}

diesel::table! {
    invitations (id) {
        id -> Uuid,
        email -> Text,
        full_name -> Nullable<Text>,
        role_id -> Uuid,
        team_ids -> Array<Uuid>,
        digest -> Binary,
        invited_by -> Uuid,
        version -> Integer,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::joinable!(members -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, members, teams, team_members);
