-- All partners: lists that come as files, pages read in parts, pages that need not be read again.

-- A run proves absence only in the streams it covered.
ALTER TABLE ingest.runs ADD COLUMN covers text[] NOT NULL DEFAULT '{}';
UPDATE ingest.runs r SET covers = ARRAY(SELECT s.stream FROM ingest.streams s WHERE s.source = r.source) WHERE r.covers_all;
ALTER TABLE ingest.runs DROP COLUMN covers_all;
COMMENT ON COLUMN ingest.runs.covers IS 'Streams whose every record was asked for, so that what they did not show is missing.';

-- A run may be of a file that a partner sent.
ALTER TABLE ingest.runs DROP CONSTRAINT runs_mode_check;
ALTER TABLE ingest.runs ADD CONSTRAINT runs_mode_check CHECK (mode IN ('incremental', 'full', 'replay', 'file'));
ALTER TABLE ingest.runs ADD COLUMN file jsonb;
ALTER TABLE ingest.runs ADD CONSTRAINT file_run_names_its_file CHECK ((mode = 'file') = (file IS NOT NULL));
COMMENT ON COLUMN ingest.runs.file IS 'Of a file run: {stream, name, key (where it is archived), sha256, bytes, complete}.';
COMMENT ON COLUMN api.runs.mode IS 'incremental, full, replay or file.';

ALTER TABLE ingest.pages DROP CONSTRAINT pages_role_check;
ALTER TABLE ingest.pages ADD CONSTRAINT pages_role_check CHECK (role IN ('list', 'detail', 'file'));
CREATE UNIQUE INDEX pages_file ON ingest.pages (run, stream) WHERE role = 'file';

ALTER TABLE ingest.pages ADD COLUMN notes text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ingest.pages.notes IS 'What else is worth knowing of the page: what was mended, what was left out and by which rule.';
ALTER TABLE ingest.pages ADD COLUMN shown bytea CHECK (length(shown) = 32);
COMMENT ON COLUMN ingest.pages.shown IS 'Digest of which records a list page shows: a portal that answers page 99 with page 1 has no more.';
ALTER TABLE ingest.pages ADD COLUMN parts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.pages.parts IS 'Of a page read in parts: how many are committed. Reading is taken up behind them.';
ALTER TABLE ingest.pages ADD COLUMN announced integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.pages.announced IS 'Detail pages the page announces.';
ALTER TABLE ingest.pages ADD COLUMN read_by text;
COMMENT ON COLUMN ingest.pages.read_by IS 'Version of the spec and of the program that read it: the same bytes, read by the same, need not be read again.';
-- What was read before, by its content.
CREATE INDEX pages_read ON ingest.pages (sha256, stream) WHERE state = 'read';

DROP FUNCTION ingest.request_run(text, text, text, timestamptz, integer, text, text, uuid);
CREATE FUNCTION ingest.request_run(
    source text, mode text, trigger text, since timestamptz DEFAULT NULL, record_limit integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL, requested_by text DEFAULT session_user, replay_of uuid DEFAULT NULL,
    file jsonb DEFAULT NULL, OUT run uuid, OUT is_new boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    wanted text := request_run.source;
    wanted_key text := request_run.idempotency_key;
BEGIN
    IF NOT EXISTS (SELECT FROM ingest.sources s WHERE s.slug = wanted AND s.enabled) THEN
        RAISE EXCEPTION 'unknown source "%"', wanted
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Known: ' || coalesce((SELECT string_agg(slug, ', ' ORDER BY slug) FROM ingest.sources WHERE enabled), 'none yet; run `oim-etl migrate` or start a worker');
    END IF;
    FOR attempt IN 1..5 LOOP
        INSERT INTO ingest.runs AS r (source, mode, trigger, since, record_limit, idempotency_key, requested_by, replay_of, file)
        VALUES (wanted, request_run.mode, request_run.trigger, request_run.since, request_run.record_limit,
                wanted_key, request_run.requested_by, request_run.replay_of, request_run.file)
        ON CONFLICT DO NOTHING RETURNING r.id INTO run;
        IF run IS NOT NULL THEN
            is_new := true;
            PERFORM queue.enqueue('fetch_source', 'fetch:' || wanted, jsonb_build_object('run', run), 'fetch_source:' || run, 10);
            RETURN;
        END IF;
        is_new := false;
        SELECT r.id INTO run FROM ingest.runs r WHERE r.source = wanted AND r.idempotency_key = wanted_key;
        IF run IS NOT NULL THEN RETURN; END IF;
        SELECT r.id INTO run FROM ingest.runs r WHERE r.source = wanted AND r.state IN ('queued', 'running', 'closing');
        IF run IS NOT NULL THEN RETURN; END IF;
        -- The run that stood in the way ended in between: ask again.
    END LOOP;
    RAISE EXCEPTION 'source "%" is too busy to take a request', wanted USING ERRCODE = 'lock_not_available';
END $$;
COMMENT ON FUNCTION ingest.request_run IS
    'Enters a run and its first job, or names the run that already answers the request: the one with the same idempotency key, else the active one of the source.';
REVOKE ALL ON FUNCTION ingest.request_run FROM PUBLIC;

ALTER TABLE ingest.validators ADD COLUMN headers jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN ingest.validators.headers IS 'Headers of the kept answer: a 304 repeats few of them, and a list may be paged by one.';

-- A page whose bytes were read before, by the same spec and program, is not read again: what was found then holds, as long as
-- none of its opportunities was closed or changed by another page since.
CREATE FUNCTION ingest.reuse_page(page bigint, read_by text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    here ingest.pages;
    known ingest.pages;
    refused integer;
BEGIN
    SELECT * INTO here FROM ingest.pages p WHERE p.id = $1;
    SELECT p.* INTO known FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run
     WHERE p.sha256 = here.sha256 AND p.stream = here.stream AND p.state = 'read' AND p.role = here.role
       AND p.url = here.url AND p.read_by = $2 AND p.announced = 0 AND p.alarm IS NULL AND p.take IS NULL
       AND r.source = (SELECT source FROM ingest.runs WHERE id = here.run)
       AND (p.role <> 'detail' OR p.request = here.request)
     ORDER BY p.id DESC LIMIT 1;
    IF known.id IS NULL OR here.take IS NOT NULL THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM unnest(known.seen) AS s (id) LEFT JOIN ingest.opportunities o ON o.id = s.id
                WHERE o.status IS DISTINCT FROM 'open' OR o.content_at > known.fetched_at) THEN
        RETURN false;
    END IF;
    INSERT INTO ingest.rejections (run, page, source, external_id, code, detail, record)
    SELECT here.run, here.id, x.source, x.external_id, x.code, x.detail, x.record
      FROM ingest.rejections x WHERE x.page = known.id ORDER BY x.id;
    GET DIAGNOSTICS refused = ROW_COUNT;
    UPDATE ingest.pages p SET state = 'read', records = known.records, seen = known.seen, notes = known.notes, read_by = $2
     WHERE p.id = here.id;
    UPDATE ingest.runs r SET seen = r.seen + known.records, unchanged = r.unchanged + known.records - refused,
           rejected = r.rejected + refused WHERE r.id = here.run;
    PERFORM ingest.advance_run(here.run, -1);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION ingest.reuse_page FROM PUBLIC;
