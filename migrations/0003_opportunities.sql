-- What the platform serves from: opportunities, their history, and the embed work that commits with them.

CREATE TABLE ingest.opportunities (
    id           uuid PRIMARY KEY,
    source       text NOT NULL REFERENCES ingest.sources,
    stream       text NOT NULL,
    external_id  text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 300),
    kind         text NOT NULL CHECK (kind IN ('job', 'training', 'agr', 'microfinance')),
    title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
    url          text CHECK (url ~ '^https?://'),
    organization text CHECK (length(organization) > 0),
    description  text CHECK (length(description) BETWEEN 1 AND 20000),
    places       jsonb NOT NULL CHECK (jsonb_typeof(places) = 'array'),
    countries    text[] NOT NULL,
    regions      text[] NOT NULL CHECK (regions <@ ARRAY['CM-AD','CM-CE','CM-EN','CM-ES','CM-LT','CM-NO','CM-NW','CM-OU','CM-SU','CM-SW']),
    localities   text[] NOT NULL,
    pay_min      numeric(16, 2) CHECK (pay_min > 0),
    pay_max      numeric(16, 2) CHECK (pay_max > 0),
    pay_currency text CHECK (pay_currency ~ '^[A-Z]{3}$'),
    pay_period   text CHECK (pay_period IN ('hour', 'day', 'week', 'month', 'year')),
    pay_text     text,
    contracts    text[] NOT NULL,
    posted_at    timestamptz,
    closes_on    date,
    positions    integer CHECK (positions > 0),
    education    text,
    experience   text,
    language     text,
    fingerprint  bytea NOT NULL CHECK (length(fingerprint) = 32),
    status       text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    closed_why   text CHECK (closed_why IN ('date', 'absent')),
    first_run    uuid NOT NULL,
    changed_run  uuid NOT NULL,
    page         bigint,
    content_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_row_a_record UNIQUE (source, external_id),
    CONSTRAINT pay_is_a_range CHECK (pay_min <= pay_max),
    CONSTRAINT pay_has_a_currency CHECK ((pay_min IS NULL AND pay_max IS NULL) = (pay_currency IS NULL)),
    CONSTRAINT closed_has_a_reason CHECK ((status = 'closed') = (closed_why IS NOT NULL))
);
COMMENT ON COLUMN ingest.opportunities.content_at IS 'When the page with this content was fetched: an older page, read late or replayed, does not overwrite it.';
-- Serving: what is open, of a kind, newest first.
CREATE INDEX opportunities_open ON ingest.opportunities (kind, posted_at DESC) WHERE status = 'open';
-- Closing: what a source has open; and what passes its date.
CREATE INDEX opportunities_of_source ON ingest.opportunities (source) WHERE status = 'open';
CREATE INDEX opportunities_by_date ON ingest.opportunities (closes_on) WHERE status = 'open' AND closes_on IS NOT NULL;

CREATE TABLE ingest.changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opportunity uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    run         uuid,
    page        bigint,
    at          timestamptz NOT NULL DEFAULT now(),
    what        text NOT NULL CHECK (what IN ('changed', 'closed', 'reopened')),
    fields      jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON COLUMN ingest.changes.fields IS 'Each changed column: {"title": {"from": …, "to": …}}.';
CREATE INDEX changes_of_opportunity ON ingest.changes (opportunity, at DESC);
CREATE INDEX changes_newest ON ingest.changes (id DESC) INCLUDE (opportunity);

CREATE SEQUENCE ingest.outbox_version;
CREATE TABLE ingest.outbox (
    opportunity   uuid PRIMARY KEY REFERENCES ingest.opportunities ON DELETE CASCADE,
    version       bigint NOT NULL DEFAULT nextval('ingest.outbox_version'),
    run           uuid,
    claim         uuid,
    attempts      smallint NOT NULL DEFAULT 0,
    at            timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.outbox IS 'Opportunities whose point must be looked at: written in the transaction of the row, removed once the index has it.';
COMMENT ON COLUMN ingest.outbox.claim IS 'Lease of the embed job that works on it; void as soon as no job holds that lease.';
COMMENT ON COLUMN ingest.outbox.version IS 'Drawn anew at each change: work done for an older version does not remove the newer request.';
CREATE INDEX outbox_of_run ON ingest.outbox (run);

CREATE TABLE ingest.embeddings (
    opportunity uuid PRIMARY KEY REFERENCES ingest.opportunities ON DELETE CASCADE,
    model       text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    embedded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.embeddings IS 'The ledger: which content, by which model, the index holds. A row here is a point there.';
CREATE INDEX embeddings_model ON ingest.embeddings (model);

-- Consequences are written by the table itself, so that no statement can forget them: a change leaves its history and
-- the request to look at its point, in the transaction of the change. Statement-level: one insert a batch.
CREATE FUNCTION ingest.diff(old_row jsonb, new_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_object('from', old_row -> n.key, 'to', n.value)), '{}')
      FROM jsonb_each(new_row) n
     WHERE n.value IS DISTINCT FROM old_row -> n.key
       AND n.key NOT IN ('fingerprint', 'updated_at', 'changed_run', 'page', 'content_at', 'posted_at')
$$;

CREATE FUNCTION ingest.on_opportunity_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ingest.outbox AS box (opportunity, run) SELECT id, changed_run FROM fresh WHERE status = 'open'
    ON CONFLICT (opportunity) DO UPDATE SET version = excluded.version, run = excluded.run, claim = NULL, attempts = 0;
    RETURN NULL;
END $$;
CREATE TRIGGER created AFTER INSERT ON ingest.opportunities
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ingest.on_opportunity_created();

CREATE FUNCTION ingest.on_opportunity_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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
    RETURN NULL;
END $$;
CREATE TRIGGER updated AFTER UPDATE ON ingest.opportunities
    REFERENCING OLD TABLE AS before_row NEW TABLE AS after_row
    FOR EACH STATEMENT EXECUTE FUNCTION ingest.on_opportunity_updated();
