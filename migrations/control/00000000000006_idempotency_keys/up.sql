CREATE TABLE public.idempotency_keys (
    digest     bytea         NOT NULL,
    key_id     varchar(8)    NOT NULL,
    answer     varchar(8000) NOT NULL,
    completed  boolean       NOT NULL,
    created_at timestamptz   NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (digest),
    CONSTRAINT idempotency_keys_digest_check CHECK (octet_length(digest) = 32)
);
CREATE INDEX idempotency_keys_created_at ON public.idempotency_keys (created_at);

COMMENT ON TABLE public.idempotency_keys IS 'What was answered to sign-ups and their confirmations that said they may be sent again, for 24 hours.';
COMMENT ON COLUMN public.idempotency_keys.digest IS 'SHA-256 of the operation, its subject and the key: a key is good for one subject only, so that strangers who choose the same one do not meet.';
COMMENT ON COLUMN public.idempotency_keys.answer IS 'Fernet token of the digest of the request and of the answer. The digest of a request with a password in it would let a password be guessed.';
COMMENT ON COLUMN public.idempotency_keys.completed IS 'Whether all that the request does was done. False while a mail is on its way, and for ever where the process died meanwhile.';
