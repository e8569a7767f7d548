-- What is counted stands on the pages; a run is the sum of its own. Counted on the run, every page of a run waited for the
-- transaction of the page before it, and the row's versions and the locks of its children's foreign keys piled up.

ALTER TABLE ingest.pages
    ADD COLUMN requests  integer NOT NULL DEFAULT 0,
    ADD COLUMN created   integer NOT NULL DEFAULT 0,
    ADD COLUMN changed   integer NOT NULL DEFAULT 0,
    ADD COLUMN unchanged integer NOT NULL DEFAULT 0,
    ADD COLUMN rejected  integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.pages.requests IS 'Requests the page took, those that were tried again among them.';
COMMENT ON COLUMN ingest.pages.created IS 'Of its records: new opportunities. created + changed + unchanged + rejected = records.';
CREATE INDEX pages_open ON ingest.pages (run) WHERE state IN ('wanted', 'archived');

-- Of a run under way the columns hold what was counted before this migration and what no page shows; the rest is added here.
ALTER TABLE ingest.runs DROP COLUMN pages_open;
UPDATE ingest.runs SET pages = 0 WHERE finished_at IS NULL;

CREATE VIEW ingest.runs_now AS
SELECT r.id, r.source, r.mode, r.trigger, r.state, r.since, r.record_limit, r.replay_of, r.walked, r.covers, r.file,
       coalesce(c.open, 0)::integer AS pages_open, r.pages + coalesce(c.pages, 0)::integer AS pages,
       r.pages_failed + coalesce(c.failed, 0)::integer AS pages_failed, r.requests + coalesce(c.requests, 0)::integer AS requests,
       r.seen + coalesce(c.created + c.changed + c.unchanged + c.rejected, 0)::integer AS seen,
       r.created + coalesce(c.created, 0)::integer AS created, r.changed + coalesce(c.changed, 0)::integer AS changed,
       r.unchanged + coalesce(c.unchanged, 0)::integer AS unchanged, r.rejected + coalesce(c.rejected, 0)::integer AS rejected,
       r.closed, r.embedded,
       CASE WHEN c.failed > 0 AND r.state <> 'failed' THEN
           (SELECT CASE WHEN position(p.url IN p.alarm) > 0 THEN p.alarm ELSE p.url || ': ' || p.alarm END
              FROM ingest.pages p WHERE p.run = r.id AND p.state = 'failed' ORDER BY p.id LIMIT 1)
           || CASE WHEN c.failed > 1 THEN format(' (and %s more)', c.failed - 1) ELSE '' END
       ELSE r.message END AS message,
       r.created_at, r.started_at, coalesce(c.last_fetch_at, r.last_fetch_at) AS last_fetch_at, r.finished_at
  FROM ingest.runs r
  LEFT JOIN LATERAL (
       SELECT count(*) FILTER (WHERE p.state IN ('wanted', 'archived')) AS open, count(p.archive_key) AS pages,
              count(*) FILTER (WHERE p.state = 'failed') AS failed, sum(p.requests) AS requests, sum(p.created) AS created,
              sum(p.changed) AS changed, sum(p.unchanged) AS unchanged, sum(p.rejected) AS rejected,
              max(p.fetched_at) FILTER (WHERE p.requests > 0) AS last_fetch_at
         FROM ingest.pages p WHERE p.run = r.id) c
    -- A finished run keeps its totals; a failed one may have pages under way.
    ON r.state IN ('queued', 'running', 'closing', 'failed');
COMMENT ON VIEW ingest.runs_now IS 'Runs with their counters as they stand.';

-- Writes the totals of a run onto its row, for good.
CREATE FUNCTION ingest.total_run(run uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE ingest.runs r
       SET (pages, pages_failed, requests, seen, created, changed, unchanged, rejected, message, last_fetch_at) =
           (SELECT n.pages, n.pages_failed, n.requests, n.seen, n.created, n.changed, n.unchanged, n.rejected, n.message, n.last_fetch_at
              FROM ingest.runs_now n WHERE n.id = $1)
     WHERE r.id = $1;
$$;

-- Has a run closed whose walk is over and whose pages are all read. To be called when the page is committed: of two last pages
-- committed at once, neither sees the other before. Who dies before calling it leaves it to the rescue of the workers.
DROP FUNCTION ingest.advance_run;
CREATE FUNCTION ingest.close_if_read(run uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ingest.runs r SET state = 'closing'
     WHERE r.id = $1 AND r.walked AND r.state IN ('queued', 'running')
       AND NOT EXISTS (SELECT FROM ingest.pages p WHERE p.run = $1 AND p.state IN ('wanted', 'archived'));
    IF FOUND THEN
        PERFORM queue.enqueue('close_missing', 'close', jsonb_build_object('run', $1), 'close_missing:' || $1, 20);
    END IF;
END $$;

-- What follows a committed page: the embedding of what it changed is called, and perhaps its run ends. The outbox committed with
-- the change; this is only the bell, and rung inside the page's transaction it would have all pages wait for each other.
CREATE FUNCTION ingest.after_page(run uuid, changed boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF changed AND NOT EXISTS (SELECT FROM queue.jobs j WHERE j.key = 'embed_opportunities' AND j.state = 'ready' AND j.run_at <= now()) THEN
        PERFORM queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities');
    END IF;
    PERFORM ingest.close_if_read($1);
END $$;

CREATE OR REPLACE FUNCTION queue.on_dead_letter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lost ingest.pages;
BEGIN
    IF NEW.kind IN ('fetch_page', 'parse_page') THEN
        UPDATE ingest.pages p SET state = 'failed', alarm = left(NEW.reason, 2000)
         WHERE p.id = (NEW.payload ->> 'page')::bigint AND p.state IN ('wanted', 'archived') RETURNING * INTO lost;
        IF FOUND THEN
            PERFORM ingest.close_if_read(lost.run);
        END IF;
    ELSIF NEW.kind IN ('fetch_source', 'close_missing') THEN
        UPDATE ingest.runs r SET state = 'failed', finished_at = now(), message = left(NEW.reason, 2000)
         WHERE r.id = (NEW.payload ->> 'run')::uuid AND r.finished_at IS NULL;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ingest.reuse_page(page bigint, read_by text) RETURNS boolean LANGUAGE plpgsql AS $$
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
    UPDATE ingest.pages p SET state = 'read', records = known.records, seen = known.seen, notes = known.notes, read_by = $2,
           unchanged = known.records - refused, rejected = refused
     WHERE p.id = here.id;
    RETURN true;
END $$;

CREATE OR REPLACE VIEW api.runs AS
SELECT id, source, mode, trigger, state, pages, seen, created, changed, unchanged, rejected, closed, message,
       created_at, started_at, finished_at
  FROM ingest.runs_now;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ingest FROM PUBLIC;
