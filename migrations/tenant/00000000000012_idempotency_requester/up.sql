-- Whoever accepts an invitation is no user yet, and may send the request again as well.
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_user_id_fkey;
COMMENT ON COLUMN idempotency_keys.user_id IS 'Who sent the request: a user, or for the acceptance of an invitation an id made of its token''s digest.';
