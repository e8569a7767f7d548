-- What a run showed of each stream, and whether that is plausible beside the runs before it.

CREATE TABLE ingest.run_streams (
    run          uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    stream       text NOT NULL,
    seen         integer NOT NULL,
    valid        integer NOT NULL,
    unidentified integer NOT NULL,
    open_before  integer NOT NULL,
    kept         integer NOT NULL,
    rates        jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run, stream)
);
COMMENT ON TABLE ingest.run_streams IS 'Measures of a run that covers a stream: what later runs of it are held against.';
COMMENT ON COLUMN ingest.run_streams.seen IS 'Records read.';
COMMENT ON COLUMN ingest.run_streams.valid IS 'Records loaded or found unchanged.';
COMMENT ON COLUMN ingest.run_streams.unidentified IS 'Records refused without an identity: each may be any opportunity we have.';
COMMENT ON COLUMN ingest.run_streams.open_before IS 'Opportunities open that the run did not make.';
COMMENT ON COLUMN ingest.run_streams.kept IS 'How many of those the run shows, in this stream or in another: a feed announces what a list shows too.';
COMMENT ON COLUMN ingest.run_streams.rates IS
    'Shares from 0 to 1: of the valid rows how many have each field, how many different titles and organizations there are for a row; of the records how many were refused.';

ALTER TABLE ingest.runs ADD COLUMN decided_by text;
ALTER TABLE ingest.runs ADD COLUMN decision text CHECK (decision IN ('accepted', 'discarded'));
ALTER TABLE ingest.runs ADD CONSTRAINT decision_has_an_author CHECK ((decision IS NULL) = (decided_by IS NULL));
COMMENT ON COLUMN ingest.runs.decision IS 'What an operator made of a quarantined run: accepted (it then closed what it did not show) or discarded.';

CREATE FUNCTION ingest.measure_run(run uuid) RETURNS SETOF ingest.run_streams LANGUAGE sql AS $$
    WITH covered AS (SELECT r.id, r.source, unnest(r.covers) AS stream FROM ingest.runs r WHERE r.id = $1),
         counted AS (SELECT p.stream, sum(p.created + p.changed + p.unchanged)::integer AS valid, sum(p.rejected)::integer AS rejected
                       FROM ingest.pages p WHERE p.run = $1 GROUP BY p.stream),
         unknown AS (SELECT p.stream, count(*)::integer AS records FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page
                      WHERE x.run = $1 AND x.external_id IS NULL GROUP BY p.stream),
         shown AS (SELECT DISTINCT p.stream, unnest(p.seen) AS id FROM ingest.pages p WHERE p.run = $1),
         filled AS (
             SELECT s.stream, count(*) AS n,
                    jsonb_build_object(
                        'url', avg((o.url IS NOT NULL)::integer), 'organization', avg((o.organization IS NOT NULL)::integer),
                        'description', avg((o.description IS NOT NULL)::integer), 'places', avg((o.places <> '[]' OR o.remote)::integer),
                        'pay', avg((o.pay_text IS NOT NULL)::integer), 'contracts', avg((o.contracts <> '{}')::integer),
                        'posted_at', avg((o.posted_at IS NOT NULL)::integer), 'closes_on', avg((o.closes_on IS NOT NULL)::integer),
                        'different titles', count(DISTINCT o.title)::numeric / count(*),
                        'different organizations', count(DISTINCT o.organization)::numeric / greatest(1, count(o.organization))) AS rates
               FROM shown s JOIN ingest.opportunities o ON o.id = s.id GROUP BY s.stream),
         before AS (SELECT o.stream, count(*)::integer AS open, count(*) FILTER (WHERE o.id IN (SELECT id FROM shown))::integer AS kept
                      FROM ingest.opportunities o
                     WHERE o.source = (SELECT source FROM ingest.runs WHERE id = $1) AND o.status = 'open' AND o.first_run <> $1
                     GROUP BY o.stream)
    INSERT INTO ingest.run_streams AS m (run, stream, seen, valid, unidentified, open_before, kept, rates)
    SELECT c.id, c.stream, coalesce(n.valid + n.rejected, 0), coalesce(n.valid, 0), coalesce(u.records, 0),
           coalesce(b.open, 0), coalesce(b.kept, 0),
           coalesce(f.rates, '{}') || CASE WHEN n.valid + n.rejected > 0
                THEN jsonb_build_object('refused', n.rejected::numeric / (n.valid + n.rejected)) ELSE '{}' END
      FROM covered c LEFT JOIN counted n USING (stream) LEFT JOIN unknown u USING (stream) LEFT JOIN filled f USING (stream)
      LEFT JOIN before b USING (stream)
    ON CONFLICT (run, stream) DO UPDATE SET seen = excluded.seen, valid = excluded.valid, unidentified = excluded.unidentified,
       open_before = excluded.open_before, kept = excluded.kept, rates = excluded.rates
    RETURNING m.*;
$$;
REVOKE ALL ON FUNCTION ingest.measure_run FROM PUBLIC;

-- A walk given up asks the partner for nothing more: what it had announced and nobody fetched is not fetched for nothing.
CREATE OR REPLACE FUNCTION queue.on_dead_letter() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lost ingest.pages;
    ended uuid;
BEGIN
    IF NEW.kind IN ('fetch_page', 'parse_page') THEN
        UPDATE ingest.pages p SET state = 'failed', alarm = left(NEW.reason, 2000)
         WHERE p.id = (NEW.payload ->> 'page')::bigint AND p.state IN ('wanted', 'archived') RETURNING * INTO lost;
        IF FOUND THEN
            PERFORM ingest.close_if_read(lost.run);
        END IF;
    ELSIF NEW.kind IN ('fetch_source', 'close_missing') THEN
        UPDATE ingest.runs r SET state = 'failed', finished_at = now(), message = left(NEW.reason, 2000)
         WHERE r.id = (NEW.payload ->> 'run')::uuid AND r.finished_at IS NULL RETURNING r.id INTO ended;
        DELETE FROM queue.jobs j USING ingest.pages p
         WHERE p.run = ended AND p.state = 'wanted' AND j.kind = 'fetch_page' AND j.state = 'ready'
           AND j.key = 'fetch_page:' || p.id;
    END IF;
    RETURN NULL;
END $$;
