DROP TABLE public.keyring_lock;
