//! The tables of the control schema.

diesel::table! {
    public.tenants (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        plan -> Text,
        status -> Text,
        lane -> SmallInt,
        schema_version -> Text,
        version -> Integer,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    public.domains (host) {
        host -> Text,
        tenant_id -> Uuid,
    }
}

diesel::table! {
    public.lanes (number) {
        number -> SmallInt,
        login -> Text,
        key_id -> Text,
        secret -> Text,
    }
}

diesel::joinable!(domains -> tenants (tenant_id));
diesel::allow_tables_to_appear_in_same_query!(tenants, domains);
