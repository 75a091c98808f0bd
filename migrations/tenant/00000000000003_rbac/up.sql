CREATE TABLE roles (
    id          uuid          PRIMARY KEY,
    name        varchar(50)   NOT NULL CONSTRAINT roles_name_key UNIQUE,
    is_builtin  boolean       NOT NULL,
    permissions varchar(50)[] NOT NULL,
    version     integer       NOT NULL DEFAULT 1,
    created_at  timestamptz   NOT NULL,
    updated_at  timestamptz   NOT NULL
);
COMMENT ON TABLE roles IS 'Sets of permissions. A user has exactly one.';
COMMENT ON COLUMN roles.permissions IS 'One line a permission: resource, action and scope, with a blank between them.';

CREATE TABLE members (
    user_id   uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    role_id   uuid        NOT NULL CONSTRAINT members_role_id_fkey REFERENCES roles (id),
    is_active boolean     NOT NULL,
    joined_at timestamptz
);
COMMENT ON TABLE members IS 'Which role a user has, and whether they may come in.';
COMMENT ON COLUMN members.joined_at IS 'When the user first chose a password. Nobody can come in before, so such an admin does not count as one.';

DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON roles, members TO %I', current_schema());
END $$;
