-- `Admin` beside `admin` would be taken for it by people, if not by the program.
ALTER TABLE roles DROP CONSTRAINT roles_name_key;
CREATE UNIQUE INDEX roles_name_key ON roles (lower(name));
ALTER TABLE roles ADD CONSTRAINT roles_name_check CHECK (name <> '');
COMMENT ON COLUMN roles.is_builtin IS 'Whether the workspace came with it. Of these only admin is more than a name: it can be neither edited nor deleted, and is told by its name and this together.';
