ALTER TABLE tenants ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN tenants.version IS 'Counts the changes of what the tenant sees of itself: name, plan, domains. The ETag is made of it.';
