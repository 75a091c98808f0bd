CREATE TABLE keyring (
    key_id     varchar(8)   PRIMARY KEY CONSTRAINT keyring_key_id_check CHECK (key_id ~ '^[0-9a-f]{8}$'),
    canary     varchar(255) NOT NULL,
    created_at timestamptz  NOT NULL DEFAULT now()
);
COMMENT ON TABLE keyring IS 'The master keys that values here may be sealed under, by id. The keys are not in the database: a server whose keyring lacks one of these does not start.';
COMMENT ON COLUMN keyring.key_id IS 'A fingerprint that tells nothing of the key.';
COMMENT ON COLUMN keyring.canary IS 'A Fernet token with a known content: it opens only with the key.';
