CREATE TABLE users (
    id         uuid         PRIMARY KEY,
    email      varchar(254) NOT NULL CONSTRAINT users_email_key UNIQUE
                            CONSTRAINT users_email_check CHECK (email = lower(email)),
    full_name  varchar(200) NOT NULL CONSTRAINT users_full_name_check CHECK (full_name <> ''),
    version    integer      NOT NULL DEFAULT 1,
    created_at timestamptz  NOT NULL,
    updated_at timestamptz  NOT NULL
);
COMMENT ON TABLE users IS 'People with an account. Their role and state are in members, their password in credentials.';
COMMENT ON COLUMN users.version IS 'Counts the changes of the row and of its member; the ETag is made of it.';

-- A tenant's role is named after its schema. Each migration grants it what its tables are used for, and nothing more.
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON users TO %I', current_schema());
END $$;
