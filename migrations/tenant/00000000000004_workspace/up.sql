CREATE TABLE teams (
    id         uuid         PRIMARY KEY,
    name       varchar(100) NOT NULL CONSTRAINT teams_name_key UNIQUE,
    version    integer      NOT NULL DEFAULT 1,
    created_at timestamptz  NOT NULL,
    updated_at timestamptz  NOT NULL
);
COMMENT ON TABLE teams IS 'Groups of users. The scope team reaches the rows of everybody one shares a team with.';

CREATE TABLE team_members (
    team_id uuid NOT NULL CONSTRAINT team_members_team_id_fkey REFERENCES teams (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, team_id)
);
CREATE INDEX team_members_team_id ON team_members (team_id);

CREATE TABLE invitations (
    id         uuid         PRIMARY KEY,
    email      varchar(254) NOT NULL CONSTRAINT invitations_email_key UNIQUE,
    full_name  varchar(200),
    role_id    uuid         NOT NULL CONSTRAINT invitations_role_id_fkey REFERENCES roles (id),
    team_ids   uuid[]       NOT NULL,
    digest     bytea        NOT NULL CONSTRAINT invitations_digest_key UNIQUE,
    invited_by uuid         NOT NULL,
    version    integer      NOT NULL DEFAULT 1,
    created_at timestamptz  NOT NULL,
    expires_at timestamptz  NOT NULL
);
COMMENT ON TABLE invitations IS 'People who were asked to join and did not yet. One who accepts becomes a user and the row goes.';
COMMENT ON COLUMN invitations.invited_by IS 'Who asked them, also after they left: no foreign key.';
COMMENT ON COLUMN invitations.digest IS 'SHA-256 of the token in the mail; the token itself is nowhere.';

CREATE TABLE idempotency_keys (
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest     bytea       NOT NULL,
    request    bytea       NOT NULL,
    status     smallint,
    headers    jsonb,
    body       bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, digest)
);
COMMENT ON TABLE idempotency_keys IS 'What was answered to a request that said it may be sent again, for 24 hours.';
COMMENT ON COLUMN idempotency_keys.request IS 'SHA-256 of method, path and body: the key may not be used for anything else.';

DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON teams, team_members, invitations, idempotency_keys TO %I', current_schema());
END $$;
