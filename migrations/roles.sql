-- Who may do what. The roles have no login: an administrator grants them to the accounts of other services. This is not a migration:
-- each `oim-etl migrate` runs it, so that a role that an administrator has created meanwhile gets its rights.

-- Of two at once, the second waits: both would write the same rows of the catalog.
SELECT pg_advisory_xact_lock(7262345);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA queue, ingest, api FROM PUBLIC;

-- Roles belong to the whole server: another database may have created them already, or the owner may not create roles.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['oim_reader', 'oim_trigger', 'oim_contacts'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            -- `oim-etl migrate` says which roles are missing.
            WHEN insufficient_privilege THEN NULL;
        END;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA api TO %I', name);
        END IF;
    END LOOP;
    -- Views are named one by one: a new one with personal data must not reach every reader.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_reader') THEN
        GRANT SELECT ON api.opportunities, api.sources, api.runs TO oim_reader;
        -- api.runs says why a run waits. A view reads tables as its owner does, but calls functions as who reads it.
        GRANT EXECUTE ON FUNCTION ingest.why_held TO oim_reader;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_trigger') THEN
        GRANT EXECUTE ON FUNCTION api.request_ingest TO oim_trigger;
        GRANT SELECT ON api.runs, api.sources TO oim_trigger;
        GRANT EXECUTE ON FUNCTION ingest.why_held TO oim_trigger;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_contacts') THEN
        GRANT SELECT ON api.contacts TO oim_contacts;
    END IF;
END $$;
