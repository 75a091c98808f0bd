ALTER TABLE audit_events ADD COLUMN version integer;
COMMENT ON COLUMN audit_events.version IS 'The version of the row that the event left. Null where the event is older than this column, or changed no field of a row.';

-- The same function as before, with its owner and its grants: events without a version, of servers that know of none, stay possible.
CREATE OR REPLACE FUNCTION audit_append(events jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    INSERT INTO audit_events (id, at, actor_type, actor_id, actor_name, request_id, ip, resource, resource_id, action, version, changes)
    SELECT id, at, actor_type, actor_id, actor_name, request_id, ip, resource, resource_id, action, version, changes
    FROM ROWS FROM (
        jsonb_to_recordset(events) AS (
            id uuid, at timestamptz, actor_type text, actor_id uuid, actor_name text, request_id text, ip text,
            resource text, resource_id uuid, action text, version integer, changes jsonb)
    ) WITH ORDINALITY AS event (
        id, at, actor_type, actor_id, actor_name, request_id, ip, resource, resource_id, action, version, changes, position)
    ORDER BY position;
END;
COMMENT ON FUNCTION audit_append IS 'Appends events to the audit history, in the transaction of the change they tell of.';

REVOKE EXECUTE ON FUNCTION audit_append FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION audit_append TO %I', current_schema());
END $$;
