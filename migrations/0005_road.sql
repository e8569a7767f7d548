-- The road: every trigger enters by request_run(), every page leaves by page_done().

CREATE FUNCTION ingest.request_run(
    source text, mode text, trigger text, since timestamptz DEFAULT NULL, record_limit integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL, requested_by text DEFAULT session_user, replay_of uuid DEFAULT NULL,
    OUT run uuid, OUT is_new boolean
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
        INSERT INTO ingest.runs AS r (source, mode, trigger, since, record_limit, idempotency_key, requested_by, replay_of)
        VALUES (wanted, request_run.mode, request_run.trigger, request_run.since, request_run.record_limit,
                wanted_key, request_run.requested_by, request_run.replay_of)
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

-- Moves a run on: pages announced (+n) or finished (-n), walk over. The last page of a finished walk enqueues the closing.
CREATE FUNCTION ingest.advance_run(run uuid, open_pages integer, walk_over boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved ingest.runs;
BEGIN
    UPDATE ingest.runs r SET pages_open = r.pages_open + open_pages, walked = r.walked OR walk_over
     WHERE r.id = $1 AND r.state IN ('queued', 'running') RETURNING * INTO moved;
    IF moved.walked AND moved.pages_open = 0 THEN
        UPDATE ingest.runs r SET state = 'closing' WHERE r.id = $1;
        PERFORM queue.enqueue('close_missing', 'close', jsonb_build_object('run', $1), 'close_missing:' || $1, 20);
    END IF;
END $$;

-- What a job given up leaves behind: its page is failed, its run goes on or ends; nothing waits for ever.
CREATE FUNCTION queue.on_dead_letter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lost ingest.pages;
BEGIN
    IF NEW.kind IN ('fetch_page', 'parse_page') THEN
        UPDATE ingest.pages p SET state = 'failed', alarm = left(NEW.reason, 2000)
         WHERE p.id = (NEW.payload ->> 'page')::bigint AND p.state IN ('wanted', 'archived') RETURNING * INTO lost;
        IF FOUND THEN
            UPDATE ingest.runs r SET pages_failed = pages_failed + 1, message = coalesce(message, left(NEW.reason, 2000)) WHERE r.id = lost.run;
            PERFORM ingest.advance_run(lost.run, -1);
        END IF;
    ELSIF NEW.kind IN ('fetch_source', 'close_missing') THEN
        UPDATE ingest.runs r SET state = 'failed', finished_at = now(), message = left(NEW.reason, 2000)
         WHERE r.id = (NEW.payload ->> 'run')::uuid AND r.finished_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER consequence AFTER INSERT ON queue.dead_letters FOR EACH ROW EXECUTE FUNCTION queue.on_dead_letter();

INSERT INTO queue.lanes (lane, max_running) VALUES ('close', 4), ('embed', 1);
