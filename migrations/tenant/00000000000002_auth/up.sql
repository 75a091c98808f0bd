CREATE TABLE credentials (
    user_id uuid NOT NULL,
    password_hash varchar(255) NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT credentials_pkey PRIMARY KEY (user_id),
    CONSTRAINT credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

COMMENT ON TABLE credentials IS 'The password of a user. A user without a row has none: no password opens the account.';
COMMENT ON COLUMN credentials.password_hash IS 'Argon2id in the PHC string format.';

CREATE TABLE sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ip varchar(45),
    user_agent varchar(255),
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT sessions_digest_key UNIQUE (digest),
    CONSTRAINT sessions_digest_check CHECK (octet_length(digest) = 32)
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);

COMMENT ON TABLE sessions IS 'A login of a user on one device. Ended sessions are deleted.';
COMMENT ON COLUMN sessions.digest IS 'SHA-256 of the token. The token itself is stored nowhere.';
COMMENT ON COLUMN sessions.expires_at IS 'From this moment on the session is refused, whether its row was purged or not.';
COMMENT ON COLUMN sessions.ip IS 'Where the login came from, as text: shown to the owner, never searched.';
COMMENT ON COLUMN sessions.user_agent IS 'What the client called itself: shown to the owner, never trusted.';

-- The tenant's role has the name of its schema.
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON credentials, sessions TO %I', current_schema());
END $$;
