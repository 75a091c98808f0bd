-- Functions for this tenant's row of the control schema, which its role cannot see. They run as the owner of that table, so they
-- do one thing each: the id is part of the body and not an argument, and the body is bound to the tables now, when it is made.
-- No search path of a caller leads it elsewhere, and no text of a caller becomes part of a statement.
DO $$
DECLARE
    -- A schema is named after its tenant's id; one of any other name gets an error.
    own uuid := substr(current_schema(), 3)::uuid;
BEGIN
    EXECUTE format($door$
        CREATE FUNCTION workspace() RETURNS TABLE (
            id uuid, slug text, name text, plan text, domains text[], version integer, created_at timestamptz)
            LANGUAGE sql STABLE SECURITY DEFINER
        BEGIN ATOMIC
            SELECT t.id, t.slug::text, t.name::text, t.plan::text,
                   ARRAY(SELECT d.host::text FROM public.domains d WHERE d.tenant_id = %1$L ORDER BY d.host),
                   t.version, t.created_at
            FROM public.tenants t
            WHERE t.id = %1$L;
        END
    $door$, own);
    EXECUTE format($door$
        CREATE FUNCTION workspace_lock() RETURNS void
            LANGUAGE sql SECURITY DEFINER
        BEGIN ATOMIC
            SELECT FROM public.tenants t WHERE t.id = %L FOR NO KEY UPDATE;
        END
    $door$, own);
    EXECUTE format($door$
        CREATE FUNCTION workspace_rename(new_name text) RETURNS void
            LANGUAGE sql SECURITY DEFINER
        BEGIN ATOMIC
            UPDATE public.tenants t SET name = new_name, version = t.version + 1 WHERE t.id = %L;
        END
    $door$, own);
END $$;
COMMENT ON FUNCTION workspace IS 'What the control schema has of this tenant and this tenant may see.';
COMMENT ON FUNCTION workspace_lock IS 'Makes other changes of it wait until the transaction ends.';
COMMENT ON FUNCTION workspace_rename IS 'Gives this tenant another name: all that it may change of it.';

REVOKE EXECUTE ON FUNCTION workspace, workspace_lock, workspace_rename FROM PUBLIC;
DO $$ BEGIN
    EXECUTE format('GRANT EXECUTE ON FUNCTION workspace, workspace_lock, workspace_rename TO %I', current_schema());
END $$;
