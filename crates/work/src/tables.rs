//! The tables, as diesel sees them.

diesel::table! {
    tasks (id) {
        id -> Uuid,
        title -> Text,
        description -> Text,
        status -> Text,
        priority -> Text,
        due_on -> Nullable<Date>,
        created_by_id -> Uuid,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    task_people (task_id, relation, user_id) {
        task_id -> Uuid,
        user_id -> Uuid,
        relation -> Text,
    }
}

diesel::table! {
    task_tags (task_id, tag_id) {
        task_id -> Uuid,
        tag_id -> Uuid,
    }
}

diesel::table! {
    tags (id) {
        id -> Uuid,
        name -> Text,
        created_by_id -> Uuid,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    comments (id) {
        id -> Uuid,
        task_id -> Uuid,
        author_id -> Uuid,
        body -> Text,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    attachments (id) {
        id -> Uuid,
        task_id -> Uuid,
        author_id -> Uuid,
        name -> Text,
        content_type -> Text,
        size -> BigInt,
        sha256 -> Binary,
        version -> Integer,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    attachment_pieces (attachment_id, number) {
        attachment_id -> Uuid,
        number -> Integer,
        key_id -> Text,
        sealed -> Binary,
    }
}

diesel::table! {
    attachment_uploads (id) {
        id -> Uuid,
        author_id -> Uuid,
        begun_at -> Timestamptz,
    }
}

diesel::table! {
    time_entries (id) {
        id -> Uuid,
        task_id -> Uuid,
        user_id -> Uuid,
        started_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        note -> Text,
        billable -> Bool,
        hourly_rate_cents -> Nullable<BigInt>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    tasks,
    task_people,
    task_tags,
    comments,
    attachments,
    attachment_pieces,
    time_entries
);
