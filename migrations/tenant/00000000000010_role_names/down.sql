COMMENT ON COLUMN roles.is_builtin IS NULL;
ALTER TABLE roles DROP CONSTRAINT roles_name_check;
DROP INDEX roles_name_key;
ALTER TABLE roles ADD CONSTRAINT roles_name_key UNIQUE (name);
