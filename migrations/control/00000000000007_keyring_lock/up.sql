CREATE TABLE keyring_lock (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT keyring_lock_id_check CHECK (id)
);
COMMENT ON TABLE keyring_lock IS 'One row: servers that start at once lock it in turn, before they look at the keyring. Unlike an advisory lock it is out of the tenants'' reach.';
INSERT INTO keyring_lock DEFAULT VALUES;
