-- What other services may rely on. Views change by addition only; tables behind them are free to change.

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS 'Stable contract with other services: read the views as oim_reader, ask for runs as oim_trigger.';

CREATE VIEW api.opportunities AS
SELECT id, source, external_id, kind, title, url, organization, description, places, countries, regions, localities,
       pay_min, pay_max, pay_currency, pay_period, pay_text, contracts, posted_at, closes_on, positions, education,
       experience, language, status, closed_why, created_at, updated_at
  FROM ingest.opportunities;
COMMENT ON VIEW api.opportunities IS 'One row an opportunity, open or closed. Its id is also the id of its point in the vector index.';
COMMENT ON COLUMN api.opportunities.id IS 'UUID version 5 of source and external_id: the same on every machine, for ever.';
COMMENT ON COLUMN api.opportunities.source IS 'Slug of the partner, key of api.sources.';
COMMENT ON COLUMN api.opportunities.external_id IS 'The partner''s own identifier; unique within the source.';
COMMENT ON COLUMN api.opportunities.kind IS 'job, training, agr (income-generating activity) or microfinance.';
COMMENT ON COLUMN api.opportunities.title IS 'Heading: plain text, one line, 1 to 300 characters.';
COMMENT ON COLUMN api.opportunities.url IS 'Absolute http(s) address a person can open; null where the partner gives none.';
COMMENT ON COLUMN api.opportunities.organization IS 'Employer, school, programme or credit union; null where hidden.';
COMMENT ON COLUMN api.opportunities.description IS 'Body: plain text, paragraphs separated by newlines, at most 20,000 characters.';
COMMENT ON COLUMN api.opportunities.places IS 'Array of {country: ISO 3166-1 alpha-2, region: ISO 3166-2:CM or null, locality: text or null}.';
COMMENT ON COLUMN api.opportunities.countries IS 'Distinct countries of places.';
COMMENT ON COLUMN api.opportunities.regions IS 'Distinct regions of places (ISO 3166-2:CM, "CM-LT"); for filters.';
COMMENT ON COLUMN api.opportunities.localities IS 'Distinct localities of places, French spelling.';
COMMENT ON COLUMN api.opportunities.pay_min IS 'Lowest pay or amount, in units of pay_currency a pay_period.';
COMMENT ON COLUMN api.opportunities.pay_max IS 'Highest pay or amount, in units of pay_currency a pay_period.';
COMMENT ON COLUMN api.opportunities.pay_currency IS 'ISO 4217 (XAF).';
COMMENT ON COLUMN api.opportunities.pay_period IS 'hour, day, week, month or year; null for a single amount.';
COMMENT ON COLUMN api.opportunities.pay_text IS 'The partner''s own words on pay.';
COMMENT ON COLUMN api.opportunities.contracts IS 'Contracts offered (cdi, cdd, …); empty where the partner says nothing.';
COMMENT ON COLUMN api.opportunities.posted_at IS 'Publication time as the partner last gave it; portals re-date posts, so it is not content.';
COMMENT ON COLUMN api.opportunities.closes_on IS 'Last day to answer, in Africa/Douala.';
COMMENT ON COLUMN api.opportunities.positions IS 'Number of places offered.';
COMMENT ON COLUMN api.opportunities.education IS 'Lowest education asked for.';
COMMENT ON COLUMN api.opportunities.experience IS 'Experience asked for, in the partner''s words.';
COMMENT ON COLUMN api.opportunities.language IS 'Language of the text: fr, en or both.';
COMMENT ON COLUMN api.opportunities.status IS 'open or closed. Serve only open ones.';
COMMENT ON COLUMN api.opportunities.closed_why IS 'date: its last day passed; absent: the partner no longer shows it.';
COMMENT ON COLUMN api.opportunities.created_at IS 'When it was first loaded.';
COMMENT ON COLUMN api.opportunities.updated_at IS 'When its content or status last changed; poll by it.';

CREATE VIEW api.sources AS
SELECT s.slug, s.name, s.enabled,
       (SELECT max(r.finished_at) FROM ingest.runs r WHERE r.source = s.slug AND r.state = 'complete') AS complete_at
  FROM ingest.sources s;
COMMENT ON VIEW api.sources IS 'The partners.';
COMMENT ON COLUMN api.sources.slug IS 'Key used everywhere.';
COMMENT ON COLUMN api.sources.name IS 'Name for people.';
COMMENT ON COLUMN api.sources.enabled IS 'Whether it is still ingested.';
COMMENT ON COLUMN api.sources.complete_at IS 'End of its last complete run: how fresh its opportunities are.';

CREATE VIEW api.runs AS
SELECT id, source, mode, trigger, state, pages, seen, created, changed, unchanged, rejected, closed, message,
       created_at, started_at, finished_at
  FROM ingest.runs;
COMMENT ON VIEW api.runs IS 'Each ingest of a source; a service that asked for one follows it here.';
COMMENT ON COLUMN api.runs.id IS 'As answered by api.request_ingest().';
COMMENT ON COLUMN api.runs.source IS 'Key of api.sources.';
COMMENT ON COLUMN api.runs.mode IS 'incremental, full or replay.';
COMMENT ON COLUMN api.runs.trigger IS 'cron, cli, http or queue.';
COMMENT ON COLUMN api.runs.state IS 'queued, running, closing; then complete, partial (some page is missing), quarantined (implausible: nothing was closed) or failed.';
COMMENT ON COLUMN api.runs.pages IS 'Answers archived.';
COMMENT ON COLUMN api.runs.seen IS 'Records read: created + changed + unchanged + rejected.';
COMMENT ON COLUMN api.runs.created IS 'Opportunities new to us.';
COMMENT ON COLUMN api.runs.changed IS 'Opportunities whose content changed, or that opened again.';
COMMENT ON COLUMN api.runs.unchanged IS 'Opportunities found as they were.';
COMMENT ON COLUMN api.runs.rejected IS 'Records refused, each kept with its reason.';
COMMENT ON COLUMN api.runs.closed IS 'Opportunities closed because a complete run no longer showed them.';
COMMENT ON COLUMN api.runs.message IS 'Why it is not complete, or what it waits for.';
COMMENT ON COLUMN api.runs.created_at IS 'When it was asked for.';
COMMENT ON COLUMN api.runs.started_at IS 'When a worker began.';
COMMENT ON COLUMN api.runs.finished_at IS 'When it ended.';

-- The queue message of another service. SECURITY DEFINER: the caller needs EXECUTE here and no right on any table.
CREATE FUNCTION api.request_ingest(
    source text, mode text DEFAULT 'incremental', since timestamptz DEFAULT NULL, record_limit integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entered record;
BEGIN
    IF $2 IS NULL OR $2 NOT IN ('incremental', 'full') THEN
        RAISE EXCEPTION 'unknown mode "%"', $2 USING ERRCODE = 'invalid_parameter_value', HINT = 'Use incremental or full.';
    END IF;
    IF $4 < 1 THEN
        RAISE EXCEPTION 'record_limit % is not a number of records', $4 USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF length($5) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'idempotency_key must have 1 to 200 characters' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO entered FROM ingest.request_run($1, $2, 'queue', $3, $4, $5, session_user::text);
    RETURN entered.run;
END $$;
COMMENT ON FUNCTION api.request_ingest IS
    'Asks for a run and answers its id (see api.runs). Asked again with the same idempotency_key, or while a run of the source is active, it answers that run and starts nothing.';

REVOKE ALL ON FUNCTION api.request_ingest FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ingest FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA queue FROM PUBLIC;

-- Roles belong to the whole cluster: another database may have made them already, or we may not be allowed to.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['oim_reader', 'oim_trigger'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'may not create role %: ask an administrator, then grant as migrations/0006_api.sql does', name;
        END;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('GRANT USAGE ON SCHEMA api TO %I', name);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_reader') THEN
        GRANT SELECT ON ALL TABLES IN SCHEMA api TO oim_reader;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_trigger') THEN
        GRANT EXECUTE ON FUNCTION api.request_ingest TO oim_trigger;
        GRANT SELECT ON api.runs, api.sources TO oim_trigger;
    END IF;
END $$;
