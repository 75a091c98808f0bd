DROP FUNCTION audit_append;
DROP TABLE audit_events;
