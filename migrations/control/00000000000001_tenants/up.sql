CREATE TABLE tenants (
    id             uuid         PRIMARY KEY,
    slug           varchar(40)  NOT NULL CONSTRAINT tenants_slug_key UNIQUE
                                CONSTRAINT tenants_slug_check CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'),
    name           varchar(200) NOT NULL,
    plan           varchar(8)   NOT NULL CONSTRAINT tenants_plan_check CHECK (plan IN ('free', 'pro', 'business')),
    status         varchar(9)   NOT NULL CONSTRAINT tenants_status_check CHECK (status IN ('active', 'suspended')),
    lane           smallint     NOT NULL,
    schema_version varchar(50)  NOT NULL,
    created_at     timestamptz  NOT NULL
);
COMMENT ON TABLE tenants IS 'Customers. Schema and database role of one are both called t_ and its id in hexadecimal digits.';
COMMENT ON COLUMN tenants.lane IS 'Which of public.lanes may take the tenant''s role.';
COMMENT ON COLUMN tenants.schema_version IS 'The newest migration that its schema has: what is behind is found without looking into any schema.';

CREATE TABLE domains (
    host      varchar(253) PRIMARY KEY CONSTRAINT domains_host_check CHECK (host = lower(host)),
    tenant_id uuid         NOT NULL REFERENCES tenants (id) ON DELETE CASCADE
);
CREATE INDEX domains_tenant_id ON domains (tenant_id);
COMMENT ON TABLE domains IS 'Hosts of their own that tenants are reached at, beside {slug}.{base domain}.';

CREATE TABLE lanes (
    number smallint     PRIMARY KEY,
    login  varchar(63)  NOT NULL UNIQUE,
    key_id varchar(8)   NOT NULL,
    secret varchar(255) NOT NULL
);
COMMENT ON TABLE lanes IS 'Database logins of the server. A login has no right of its own: it may take the role of each tenant of its lane.';
COMMENT ON COLUMN lanes.secret IS 'The login''s password as a Fernet token under the key key_id, which is not in the database.';

-- The tenants'' roles have no business here: what is not granted is denied, and the schema itself is not even named to them.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
