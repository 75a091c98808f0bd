CREATE TABLE attachments (
    id           uuid         PRIMARY KEY,
    task_id      uuid         NOT NULL CONSTRAINT attachments_task_id_fkey REFERENCES tasks (id) ON DELETE CASCADE,
    author_id    uuid         NOT NULL,
    name         varchar(255) NOT NULL CONSTRAINT attachments_name_check CHECK (name <> ''),
    content_type varchar(100) NOT NULL,
    size         bigint       NOT NULL CONSTRAINT attachments_size_check CHECK (size >= 0),
    sha256       bytea        NOT NULL CONSTRAINT attachments_sha256_check CHECK (octet_length(sha256) = 32),
    version      integer      NOT NULL DEFAULT 1,
    created_at   timestamptz  NOT NULL
);
CREATE INDEX attachments_task_id ON attachments (task_id, id);
COMMENT ON TABLE attachments IS 'Files on tasks. A row is there once all of the file is; nothing in it ever changes.';
COMMENT ON COLUMN attachments.author_id IS 'Who sent it, also after they left: no foreign key.';

-- No foreign key: a piece is stored before its attachment is, and belongs to an upload until then. Whoever deletes an attachment
-- or an upload deletes the pieces.
CREATE TABLE attachment_pieces (
    attachment_id uuid       NOT NULL,
    number        integer    NOT NULL,
    key_id        varchar(8) NOT NULL,
    sealed        bytea      NOT NULL,
    PRIMARY KEY (attachment_id, number)
);
-- What is encrypted cannot be compressed: trying costs time at every piece.
ALTER TABLE attachment_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL;
COMMENT ON TABLE attachment_pieces IS 'The bytes of attachments, in sealed pieces of 256 KiB, counted from 0.';
COMMENT ON COLUMN attachment_pieces.sealed IS 'A Fernet token without its base64, under the key of key_id; inside stands which piece of what it is.';

CREATE TABLE attachment_uploads (
    id        uuid        PRIMARY KEY,
    author_id uuid        NOT NULL,
    begun_at  timestamptz NOT NULL
);
COMMENT ON TABLE attachment_uploads IS 'Attachments of which pieces are still to come. What is older than an hour was left by a crash and is swept.';
COMMENT ON COLUMN attachment_uploads.id IS 'The id that the attachment will have.';

DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON attachments, attachment_pieces, attachment_uploads TO %I', current_schema());
END $$;
