-- Sources, runs and pages: what was asked for, what was fetched, what was refused.

CREATE SCHEMA ingest;
COMMENT ON SCHEMA ingest IS 'Tables of oim-etl. Other services read the views of schema api.';

CREATE TABLE ingest.sources (
    slug         text PRIMARY KEY CHECK (slug ~ '^[a-z][a-z0-9_-]{1,39}$'),
    name         text NOT NULL,
    spec_version text NOT NULL CHECK (spec_version ~ '^[0-9a-f]{64}$'),
    enabled      boolean NOT NULL DEFAULT true,
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.sources IS 'The partners a worker knows, written at its start from the specs. A partner whose spec is gone is disabled, never deleted.';

CREATE TABLE ingest.streams (
    source       text NOT NULL REFERENCES ingest.sources,
    stream       text NOT NULL,
    complete_to  timestamptz,
    PRIMARY KEY (source, stream)
);
COMMENT ON COLUMN ingest.streams.complete_to IS 'Start of the last complete run: an incremental run asks for what is newer. Moves only when the run committed.';

CREATE TABLE ingest.runs (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source          text NOT NULL REFERENCES ingest.sources,
    mode            text NOT NULL CHECK (mode IN ('incremental', 'full', 'replay')),
    trigger         text NOT NULL CHECK (trigger IN ('cron', 'cli', 'http', 'queue')),
    idempotency_key text CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    since           timestamptz,
    record_limit    integer CHECK (record_limit > 0),
    replay_of       uuid REFERENCES ingest.runs,
    requested_by    text NOT NULL DEFAULT session_user,
    spec_version    text,
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN
                    ('queued', 'running', 'closing', 'complete', 'partial', 'quarantined', 'failed')),
    walked          boolean NOT NULL DEFAULT false,
    covers_all      boolean NOT NULL DEFAULT false,
    pages_open      integer NOT NULL DEFAULT 0 CHECK (pages_open >= 0),
    pages           integer NOT NULL DEFAULT 0,
    pages_failed    integer NOT NULL DEFAULT 0,
    requests        integer NOT NULL DEFAULT 0,
    seen            integer NOT NULL DEFAULT 0,
    created         integer NOT NULL DEFAULT 0,
    changed         integer NOT NULL DEFAULT 0,
    unchanged       integer NOT NULL DEFAULT 0,
    rejected        integer NOT NULL DEFAULT 0,
    closed          integer NOT NULL DEFAULT 0,
    embedded        integer NOT NULL DEFAULT 0,
    message         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    last_fetch_at   timestamptz,
    finished_at     timestamptz,
    CONSTRAINT every_record_is_accounted_for CHECK (seen = created + changed + unchanged + rejected),
    CONSTRAINT replay_names_its_run CHECK ((mode = 'replay') = (replay_of IS NOT NULL)),
    CONSTRAINT finished_means_ended CHECK ((finished_at IS NOT NULL) = (state IN ('complete', 'partial', 'quarantined', 'failed')))
);
COMMENT ON COLUMN ingest.runs.covers_all IS 'The walk asked for everything the partner publishes, so what it did not show is missing.';
COMMENT ON COLUMN ingest.runs.pages_open IS 'Pages announced and not yet read; the run ends when the walk is over and this is 0.';
-- No two runs of one source at once.
CREATE UNIQUE INDEX runs_one_active ON ingest.runs (source) WHERE state IN ('queued', 'running', 'closing');
CREATE UNIQUE INDEX runs_idempotency ON ingest.runs (source, idempotency_key);
CREATE INDEX runs_newest ON ingest.runs (source, created_at DESC);

CREATE TABLE ingest.pages (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run           uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    stream        text NOT NULL,
    role          text NOT NULL CHECK (role IN ('list', 'detail')),
    ordinal       integer NOT NULL CHECK (ordinal >= 0),
    url           text NOT NULL CHECK (length(url) <= 2000),
    request       jsonb NOT NULL,
    take          integer CHECK (take >= 0),
    state         text NOT NULL CHECK (state IN ('wanted', 'archived', 'read', 'gone', 'failed')),
    status        smallint,
    content_type  text,
    headers       jsonb,
    archive_key   text,
    sha256        bytea CHECK (length(sha256) = 32),
    bytes         bigint,
    fetched_at    timestamptz,
    records       integer,
    seen          uuid[] NOT NULL DEFAULT '{}',
    alarm         text,
    CONSTRAINT archived_means_kept CHECK (
        state IN ('wanted', 'gone', 'failed')
        OR (archive_key IS NOT NULL AND sha256 IS NOT NULL AND fetched_at IS NOT NULL AND status IS NOT NULL))
);
COMMENT ON COLUMN ingest.pages.request IS 'List: the request, from which the next one is found. Detail: the record the list page gave (its card).';
COMMENT ON COLUMN ingest.pages.take IS 'Of a run with a limit: how many records of this page still count.';
COMMENT ON COLUMN ingest.pages.seen IS
    'Opportunities loaded or found unchanged on the page. Sixteen bytes a record: what a run has seen costs no write to the opportunities themselves.';
CREATE UNIQUE INDEX pages_list ON ingest.pages (run, stream, ordinal) WHERE role = 'list';
CREATE UNIQUE INDEX pages_detail ON ingest.pages (run, url) WHERE role = 'detail';

CREATE TABLE ingest.validators (
    source        text NOT NULL REFERENCES ingest.sources,
    url           text NOT NULL,
    etag          text,
    last_modified text,
    archive_key   text NOT NULL,
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    bytes         bigint NOT NULL,
    status        smallint NOT NULL,
    content_type  text,
    PRIMARY KEY (source, url),
    CHECK (etag IS NOT NULL OR last_modified IS NOT NULL)
);
COMMENT ON TABLE ingest.validators IS 'What to ask an address with (RFC 9110, 13.1), and where its last answer is kept for a 304.';

CREATE TABLE ingest.rejections (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run         uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    page        bigint NOT NULL REFERENCES ingest.pages ON DELETE CASCADE,
    source      text NOT NULL,
    external_id text,
    code        text NOT NULL CHECK (code ~ '^[a-z_]+$'),
    detail      text,
    record      jsonb NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rejections_of_run ON ingest.rejections (run, code);
CREATE INDEX rejections_of_page ON ingest.rejections (page);

CREATE TABLE ingest.ticks (
    entry text PRIMARY KEY,
    last  timestamptz NOT NULL
);
COMMENT ON TABLE ingest.ticks IS 'Last tick of each line of the timetable that became a run, whoever of the workers saw it.';
