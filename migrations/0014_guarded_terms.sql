-- The guards look at the terms of loans and the begin of trainings, too. As in 0010, but for the line that begins with interest.

CREATE OR REPLACE FUNCTION ingest.measure_run(run uuid) RETURNS SETOF ingest.run_streams LANGUAGE sql AS $$
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
                        'interest', avg((o.interest_text IS NOT NULL)::integer), 'fees', avg((o.fees_text IS NOT NULL)::integer),
                        'duration', avg((o.duration_text IS NOT NULL)::integer), 'starts_on', avg((o.starts_on IS NOT NULL)::integer),
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
