DELETE FROM idempotency_keys WHERE NOT EXISTS (SELECT FROM users WHERE users.id = idempotency_keys.user_id);
ALTER TABLE idempotency_keys ADD CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
COMMENT ON COLUMN idempotency_keys.user_id IS NULL;
