CREATE TABLE audit_events (
    seq         bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid         NOT NULL,
    at          timestamptz  NOT NULL,
    actor_type  varchar(7)   NOT NULL CONSTRAINT audit_events_actor_type_check CHECK (actor_type IN ('user', 'api_key', 'system')),
    actor_id    uuid,
    actor_name  varchar(200) NOT NULL,
    request_id  varchar(128) NOT NULL,
    ip          varchar(45),
    resource    varchar(20)  NOT NULL,
    resource_id uuid         NOT NULL,
    action      varchar(20)  NOT NULL,
    changes     jsonb        NOT NULL
);
CREATE INDEX audit_events_resource_id ON audit_events (resource_id, seq);
COMMENT ON TABLE audit_events IS 'Who changed what. Written through audit_append and no other way, read by the tenant''s role, changed by nobody.';
COMMENT ON COLUMN audit_events.changes IS 'The fields that changed: a list of {field, from, to}.';

-- The only way to write. It runs as the owner of the table, on which the tenant's role has no right to write. Its body is bound to
-- this schema's table now, when it is made: no search path of a caller leads it elsewhere.
CREATE FUNCTION audit_append(events jsonb) RETURNS void
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
COMMENT ON FUNCTION audit_append IS 'Appends events to the audit history, in the transaction of the change they tell of.';

REVOKE EXECUTE ON FUNCTION audit_append FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT SELECT ON audit_events TO %I', current_schema());
    EXECUTE format('GRANT EXECUTE ON FUNCTION audit_append TO %I', current_schema());
END $$;
