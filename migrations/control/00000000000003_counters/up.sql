CREATE TABLE public.counters (
    key bytea NOT NULL,
    hits integer NOT NULL,
    window_ends timestamptz NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (key),
    CONSTRAINT counters_key_check CHECK (octet_length(key) = 32),
    CONSTRAINT counters_hits_check CHECK (hits >= 0)
);

COMMENT ON TABLE public.counters IS 'Attempts at what can be guessed, counted before they are made.';
COMMENT ON COLUMN public.counters.key IS 'HMAC-SHA-256 of a purpose and a subject, under a secret of the keyring: no address stands here in the clear, or can be found by trying all.';
COMMENT ON COLUMN public.counters.hits IS 'Attempts in this window, less those that were right. At the limit it stops growing.';
COMMENT ON COLUMN public.counters.window_ends IS 'When counting begins anew. Set by the first attempt, never extended.';
