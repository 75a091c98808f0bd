DROP TABLE public.counters;
