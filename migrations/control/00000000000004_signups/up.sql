CREATE TABLE signups (
    id         uuid          PRIMARY KEY,
    tenant_id  uuid          NOT NULL,
    key_id     varchar(8)    NOT NULL,
    payload    varchar(4000) NOT NULL,
    code       varchar(255)  NOT NULL,
    attempts   integer       NOT NULL DEFAULT 0,
    created_at timestamptz   NOT NULL,
    expires_at timestamptz   NOT NULL
);
CREATE INDEX signups_expires_at ON signups (expires_at);
COMMENT ON TABLE signups IS 'Sign-ups that wait for their code; one that is confirmed is gone. Who signs up, for what and with which code is in payload and code, which are Fernet tokens.';
COMMENT ON COLUMN signups.tenant_id IS 'The id that the tenant will have: the tokens are sealed for it.';
COMMENT ON COLUMN signups.attempts IS 'Codes that were tried. At five the sign-up is over.';
