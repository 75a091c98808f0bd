CREATE OR REPLACE FUNCTION audit_append(events jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    INSERT INTO audit_events (id, at, actor_type, actor_id, actor_name, request_id, ip, resource, resource_id, action, changes)
    SELECT id, at, actor_type, actor_id, actor_name, request_id, ip, resource, resource_id, action, changes
    FROM ROWS FROM (
        jsonb_to_recordset(events) AS (
            id uuid, at timestamptz, actor_type text, actor_id uuid, actor_name text, request_id text, ip text,
            resource text, resource_id uuid, action text, changes jsonb)
    ) WITH ORDINALITY AS event (
        id, at, actor_type, actor_id, actor_name, request_id, ip, resource, resource_id, action, changes, position)
    ORDER BY position;
END;
ALTER TABLE audit_events DROP COLUMN version;
