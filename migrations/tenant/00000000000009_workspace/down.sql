DROP FUNCTION workspace_rename;
DROP FUNCTION workspace_lock;
DROP FUNCTION workspace;
