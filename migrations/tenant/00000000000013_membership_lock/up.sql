CREATE TABLE membership_lock (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT membership_lock_id_check CHECK (id)
);
COMMENT ON TABLE membership_lock IS 'One row, which changes of users, teams and invitations lock in turn. It is this tenant''s own: with an advisory lock one tenant could stop another.';
INSERT INTO membership_lock DEFAULT VALUES;

-- A row can be locked by whoever may update it.
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, UPDATE ON membership_lock TO %I', current_schema());
END $$;
