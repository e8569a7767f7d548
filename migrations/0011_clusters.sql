-- The same opportunity, published by several partners.

CREATE TABLE ingest.clusters (
    opportunity uuid PRIMARY KEY REFERENCES ingest.opportunities ON DELETE CASCADE,
    cluster     uuid NOT NULL,
    canonical   boolean NOT NULL
);
COMMENT ON TABLE ingest.clusters IS 'Members of clusters of two and more; who is not here is alone.';
COMMENT ON COLUMN ingest.clusters.cluster IS 'The least id of its members.';
CREATE INDEX clusters_members ON ingest.clusters (cluster);
CREATE UNIQUE INDEX clusters_canonical ON ingest.clusters (cluster) WHERE canonical;

CREATE TABLE ingest.match_keys (
    key         bigint NOT NULL,
    opportunity uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    PRIMARY KEY (key, opportunity)
);
COMMENT ON TABLE ingest.match_keys IS 'Only rows that share a key are compared.';
CREATE INDEX match_keys_of ON ingest.match_keys (opportunity);

CREATE TABLE ingest.to_match (
    opportunity uuid PRIMARY KEY REFERENCES ingest.opportunities ON DELETE CASCADE,
    version     bigint NOT NULL DEFAULT nextval('ingest.outbox_version')
);
COMMENT ON TABLE ingest.to_match IS 'Opportunities whose cluster must be looked at: written in the transaction of the row.';
INSERT INTO ingest.to_match (opportunity) SELECT id FROM ingest.opportunities;
INSERT INTO queue.lanes (lane, max_running) VALUES ('match', 1);

CREATE OR REPLACE FUNCTION ingest.on_opportunity_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ingest.outbox AS box (opportunity, run) SELECT id, changed_run FROM fresh WHERE status = 'open'
    ON CONFLICT (opportunity) DO UPDATE SET version = excluded.version, run = excluded.run, claim = NULL, attempts = 0;
    INSERT INTO ingest.to_match AS m (opportunity) SELECT id FROM fresh WHERE status = 'open'
    ON CONFLICT (opportunity) DO UPDATE SET version = excluded.version;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ingest.on_opportunity_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ingest.changes (opportunity, run, page, what, fields)
    SELECT n.id, n.changed_run, n.page,
           CASE WHEN o.status = n.status THEN 'changed' WHEN n.status = 'open' THEN 'reopened' ELSE 'closed' END,
           ingest.diff(to_jsonb(o), to_jsonb(n))
      FROM after_row n JOIN before_row o USING (id)
     WHERE o.fingerprint <> n.fingerprint OR o.status <> n.status;
    INSERT INTO ingest.outbox AS box (opportunity, run)
    SELECT n.id, n.changed_run FROM after_row n JOIN before_row o USING (id)
     WHERE o.fingerprint <> n.fingerprint OR o.status <> n.status
    ON CONFLICT (opportunity) DO UPDATE SET version = excluded.version, run = excluded.run, claim = NULL, attempts = 0;
    INSERT INTO ingest.to_match AS m (opportunity)
    SELECT n.id FROM after_row n JOIN before_row o USING (id)
     WHERE o.fingerprint <> n.fingerprint OR o.status <> n.status
    ON CONFLICT (opportunity) DO UPDATE SET version = excluded.version;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ingest.after_page(run uuid, changed boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    called text;
BEGIN
    IF changed THEN
        FOREACH called IN ARRAY ARRAY['embed_opportunities', 'match_duplicates'] LOOP
            IF NOT EXISTS (SELECT FROM queue.jobs j WHERE j.key = called AND j.state = 'ready' AND j.run_at <= now()) THEN
                PERFORM queue.enqueue(called, split_part(called, '_', 1), '{}', called);
            END IF;
        END LOOP;
    END IF;
    PERFORM ingest.close_if_read($1);
END $$;

CREATE OR REPLACE VIEW api.opportunities AS
SELECT o.id, o.source, o.external_id, o.kind, o.title, o.url, o.organization, o.description, o.places, o.countries, o.regions,
       o.localities, o.pay_min, o.pay_max, o.pay_currency, o.pay_period, o.pay_text, o.contracts, o.posted_at, o.closes_on,
       o.positions, o.education, o.experience, o.language, o.status, o.closed_why, o.created_at, o.updated_at, o.remote,
       o.pay_basis, o.quality, o.quality_parts, coalesce(c.cluster, o.id) AS cluster, coalesce(c.canonical, true) AS canonical
  FROM ingest.opportunities o LEFT JOIN ingest.clusters c ON c.opportunity = o.id;
COMMENT ON COLUMN api.opportunities.cluster IS 'The same for all rows that are one opportunity, published by several partners; of a row that is alone its id.';
COMMENT ON COLUMN api.opportunities.canonical IS 'Whether the row stands for its cluster: the most complete one that is open. Show these alone.';
