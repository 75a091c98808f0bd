CREATE TABLE time_entries (
    id                uuid          PRIMARY KEY,
    task_id           uuid          NOT NULL CONSTRAINT time_entries_task_id_fkey REFERENCES tasks (id) ON DELETE CASCADE,
    user_id           uuid          NOT NULL,
    started_at        timestamptz   NOT NULL,
    ended_at          timestamptz,
    note              varchar(2000) NOT NULL,
    billable          boolean       NOT NULL,
    hourly_rate_cents bigint        CONSTRAINT time_entries_hourly_rate_check CHECK (hourly_rate_cents BETWEEN 0 AND 100000000),
    version           integer       NOT NULL DEFAULT 1,
    created_at        timestamptz   NOT NULL,
    updated_at        timestamptz   NOT NULL,
    CONSTRAINT time_entries_ended_at_check CHECK (ended_at >= started_at)
);
COMMENT ON COLUMN time_entries.user_id IS 'Whose time it is, also after they left: no foreign key.';
COMMENT ON COLUMN time_entries.ended_at IS 'Null while it runs.';

CREATE UNIQUE INDEX time_entries_running_key ON time_entries (user_id) WHERE ended_at IS NULL;
COMMENT ON INDEX time_entries_running_key IS 'Nobody has two timers running, however many requests start one at once.';
CREATE INDEX time_entries_started_at ON time_entries (started_at, id);
CREATE INDEX time_entries_user_id ON time_entries (user_id, started_at, id);
CREATE INDEX time_entries_task_id ON time_entries (task_id, started_at, id);
-- Both ends belong to it, so that an entry without length is found as well.
CREATE INDEX time_entries_span ON time_entries USING gist (tstzrange(started_at, ended_at, '[]'));
COMMENT ON INDEX time_entries_span IS 'What lies within some days, or beside another entry: an entry may be of any length, so its beginning alone does not tell.';

DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON time_entries TO %I', current_schema());
END $$;
