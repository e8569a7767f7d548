-- Ingest: the sources, their runs, and the pages that a run fetched, parsed or rejected.

CREATE SCHEMA ingest;
COMMENT ON SCHEMA ingest IS 'Tables of oim-etl. Other services read the views of schema api.';

-- A migration that only expands leaves this row alone: programs of the release before keep working, also when they are restarted. One
-- that takes away what they need sets it to its own number.
CREATE TABLE ingest.compatibility (
    needs bigint NOT NULL,
    one   boolean PRIMARY KEY DEFAULT true CHECK (one)
);
COMMENT ON TABLE ingest.compatibility IS 'Which programs can work with the schema: those that know the migration `needs`.';
INSERT INTO ingest.compatibility (needs) VALUES (5);

CREATE TABLE ingest.sources (
    slug          text PRIMARY KEY CHECK (slug ~ '^[a-z][a-z0-9_-]{1,39}$'),
    name          text NOT NULL,
    spec_version  text NOT NULL CHECK (spec_version ~ '^[0-9a-f]{64}$'),
    enabled       boolean NOT NULL DEFAULT true,
    off_why       text,
    offers_itself boolean NOT NULL DEFAULT false,
    file_rate     text,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    paused_at     timestamptz,
    paused_by     text,
    paused_why    text CHECK (length(paused_why) BETWEEN 1 AND 500),
    rate          text,
    rate_seconds  double precision CHECK (rate_seconds > 0),
    rate_by       text,
    rate_at       timestamptz,
    quiet_hours    text[] NOT NULL DEFAULT '{}',
    daily_requests integer CHECK (daily_requests > 0),
    CONSTRAINT off_has_a_reason CHECK (enabled = (off_why IS NULL)),
    CONSTRAINT paused_has_an_author CHECK ((paused_at IS NULL) = (paused_by IS NULL) AND (paused_why IS NULL OR paused_at IS NOT NULL)),
    CONSTRAINT rate_is_whole CHECK (num_nulls(rate, rate_seconds, rate_by, rate_at) IN (0, 4))
);
COMMENT ON TABLE ingest.sources IS 'The sources that workers know. A worker writes them at its start, from the source files. A source whose file is gone is switched off, never deleted. What an operator sets (paused_*, rate*) only commands write.';
COMMENT ON COLUMN ingest.sources.off_why IS 'Why the workers leave the source alone: their configuration, or its source file is gone.';
COMMENT ON COLUMN ingest.sources.file_rate IS 'The rate that the source file promises, or the configuration of the workers sets: 30/min.';
COMMENT ON COLUMN ingest.sources.paused_at IS 'Since when an operator has paused the source. Its jobs that visit it wait.';
COMMENT ON COLUMN ingest.sources.rate IS 'The rate that an operator set instead of file_rate. Crawl-delay stays its upper limit.';
COMMENT ON COLUMN ingest.sources.rate_seconds IS 'Seconds between two requests at that rate.';
COMMENT ON COLUMN ingest.sources.quiet_hours IS 'Hours of the source file in which nothing is requested, on the clock of Douala: {22:00-06:00}.';
COMMENT ON COLUMN ingest.sources.daily_requests IS 'The most requests in a day of Douala, as the source file promises.';
COMMENT ON COLUMN ingest.sources.offers_itself IS 'Whether the source offers what it publishes and relays nobody. Among equal rows, its row stands for the cluster.';

CREATE TABLE ingest.streams (
    source       text NOT NULL REFERENCES ingest.sources,
    stream       text NOT NULL,
    complete_to  timestamptz,
    PRIMARY KEY (source, stream)
);
COMMENT ON COLUMN ingest.streams.complete_to IS 'The cursor: start of the last crawl that was published with every page and without a limit. An incremental run asks for what is newer. A revert moves it back.';

CREATE TABLE ingest.runs (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    source          text NOT NULL REFERENCES ingest.sources,
    mode            text NOT NULL CHECK (mode IN ('incremental', 'full', 'pages', 'item', 'replay', 'file', 'revert')),
    trigger         text NOT NULL CHECK (trigger IN ('cron', 'cli', 'http', 'sql', 'inbox')),
    idempotency_key text CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    since           timestamptz,
    record_limit    integer CHECK (record_limit > 0),
    replay_of       uuid REFERENCES ingest.runs,
    only_stale      boolean NOT NULL DEFAULT false,
    revert_of       uuid REFERENCES ingest.runs,
    file            jsonb,
    requested_by    text NOT NULL DEFAULT session_user,
    spec_version    text,
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN
                    ('waiting', 'queued', 'running', 'closing', 'complete', 'partial', 'held', 'failed')),
    walked          boolean NOT NULL DEFAULT false,
    covers          text[] NOT NULL DEFAULT '{}',
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
    doubts          text[] NOT NULL DEFAULT '{}',
    decision        text CHECK (decision IN ('published', 'discarded', 'reverted')),
    decided_by      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    last_fetch_at   timestamptz,
    published_at    timestamptz,
    believed        jsonb,
    cursors_before  jsonb NOT NULL DEFAULT '{}',
    finished_at     timestamptz,
    CONSTRAINT every_record_is_accounted_for CHECK (seen = created + changed + unchanged + rejected),
    CONSTRAINT replay_may_name_its_run CHECK (mode = 'replay' OR replay_of IS NULL),
    CONSTRAINT replay_may_be_of_stale_rows CHECK (NOT only_stale OR (mode = 'replay' AND replay_of IS NULL)),
    CONSTRAINT revert_names_its_run CHECK ((mode = 'revert') = (revert_of IS NOT NULL)),
    CONSTRAINT file_run_names_its_file CHECK ((mode = 'file') = (file IS NOT NULL)),
    CONSTRAINT decision_has_an_author CHECK ((decision IS NULL) = (decided_by IS NULL)),
    CONSTRAINT finished_means_ended CHECK ((finished_at IS NOT NULL) = (state IN ('complete', 'partial', 'held', 'failed')))
);
COMMENT ON TABLE ingest.runs IS 'One row for each ingest of a source. The counters of a run under way are on its pages; read ingest.runs_now.';
COMMENT ON COLUMN ingest.runs.file IS 'For a file run: {stream, name, key (where it is archived), sha256, bytes, complete}.';
COMMENT ON COLUMN ingest.runs.walked IS 'Whether the crawl has ended: no further page will be announced.';
-- A run proves absence only in the streams that it covers.
COMMENT ON COLUMN ingest.runs.covers IS 'Streams from which the run asked for every record, and whose crawl proved that it saw the whole list. What they did not show is missing.';
COMMENT ON COLUMN ingest.runs.replay_of IS 'The one run whose archive a replay parses again. Null in a replay of the newest archived answers of the source.';
COMMENT ON COLUMN ingest.runs.only_stale IS 'Whether a replay parses only the pages of rows that an older source file or older rules have read: ingest.stale_pages.';
COMMENT ON COLUMN ingest.runs.revert_of IS 'The run that a revert undoes.';
COMMENT ON COLUMN ingest.runs.published_at IS 'When rows of the run were last published: at a checkpoint, or at its end.';
COMMENT ON COLUMN ingest.runs.believed IS 'What the audit of a large run decided, from its first batch on: {"closes": true, "lacks": null}. An attempt after a crash continues there.';
COMMENT ON COLUMN ingest.runs.cursors_before IS 'Where the cursors of the streams stood that the run moved: {"offres": "2026-11-20T11:00:00Z"}. A revert moves them back.';
COMMENT ON COLUMN ingest.runs.doubts IS 'Everything that the audit does not believe of the run, the most telling first in each stream.';
COMMENT ON COLUMN ingest.runs.decision IS 'What an operator decided. A held run is published (it then closes what it proves gone) or discarded; a published one may be reverted.';
-- A source has at most one active run. A run of one item runs beside it: who asks for an item waits for no crawl.
CREATE UNIQUE INDEX runs_one_active ON ingest.runs (source) WHERE state IN ('queued', 'running', 'closing') AND mode <> 'item';
-- Store::request_item: the run that asks for the same item already.
CREATE INDEX runs_of_items ON ingest.runs (source) WHERE mode = 'item' AND finished_at IS NULL;
CREATE UNIQUE INDEX runs_idempotency ON ingest.runs (source, idempotency_key);
-- The runs that wait, oldest first: start_waiting() takes the next one of a source, and the reaper looks for any.
CREATE INDEX runs_waiting ON ingest.runs (source, created_at) WHERE state = 'waiting';
CREATE INDEX runs_newest ON ingest.runs (source, created_at DESC);

CREATE TABLE ingest.run_streams (
    run          uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    stream       text NOT NULL,
    is_whole     boolean NOT NULL,
    seen         integer NOT NULL,
    valid        integer NOT NULL,
    unidentified integer NOT NULL,
    open_before  integer NOT NULL,
    kept         integer NOT NULL,
    measures     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run, stream)
);
COMMENT ON TABLE ingest.run_streams IS 'Measures of each stream that a run showed. Later runs are compared with them, to tell whether they are plausible.';
COMMENT ON COLUMN ingest.run_streams.is_whole IS 'Whether the run proves that it has everything of the stream.';
COMMENT ON COLUMN ingest.run_streams.seen IS 'Records parsed.';
COMMENT ON COLUMN ingest.run_streams.valid IS 'Records that became rows: new, changed or unchanged.';
COMMENT ON COLUMN ingest.run_streams.unidentified IS 'Records rejected without an identity. Each may be any opportunity of the source.';
COMMENT ON COLUMN ingest.run_streams.open_before IS 'Open opportunities that the run did not create.';
COMMENT ON COLUMN ingest.run_streams.kept IS 'How many of those the run shows, in this stream or in another: a feed announces what a list shows too.';
COMMENT ON COLUMN ingest.run_streams.measures IS 'Measures by name. docs/ARCHITECTURE.md lists them.';

CREATE TABLE ingest.walks (
    run         uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    stream      text NOT NULL,
    ending      text NOT NULL CHECK (ending ~ '^[a-z_]+$'),
    promised    bigint CHECK (promised >= 0),
    records     bigint CHECK (records >= 0),
    is_whole    boolean NOT NULL,
    is_snapshot boolean NOT NULL,
    unproven    text,
    is_unusual  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (run, stream),
    CONSTRAINT unusual_is_unproven CHECK (NOT is_unusual OR unproven IS NOT NULL)
);
COMMENT ON TABLE ingest.walks IS 'How the crawl of each stream of a run ended. Only an ending that proves that the crawl saw the whole list lets the run close what it did not see.';
COMMENT ON COLUMN ingest.walks.ending IS
    'Why the crawl is over: single (one answer), empty, short (a page), total (as many records as promised), no_link, index (of sitemaps), repeated, cut_short, unreadable (a page), cap (of pages) or file.';
COMMENT ON COLUMN ingest.walks.promised IS 'The total that the source promised last.';
COMMENT ON COLUMN ingest.walks.records IS 'Records that count towards the total. NULL if nothing is promised and one answer is the whole list.';
COMMENT ON COLUMN ingest.walks.is_whole IS 'Whether the crawl asked for everything, not only for what is newer.';
COMMENT ON COLUMN ingest.walks.is_snapshot IS 'Whether nothing can have moved between the pages: one answer, or a steady total that the different records reach exactly.';
COMMENT ON COLUMN ingest.walks.unproven IS 'Why the ending does not prove that the crawl saw the whole list.';
COMMENT ON COLUMN ingest.walks.is_unusual IS 'Whether the only reason is that the stream never ended like this before. If it repeats, it is believed.';

-- Counters are on the pages, and a run is the sum of its pages. If they were on the run, every page would wait for the
-- transaction of the page before it, and versions of the row and foreign-key locks of its children would pile up.
CREATE TABLE ingest.pages (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run           uuid NOT NULL REFERENCES ingest.runs ON DELETE CASCADE,
    stream        text NOT NULL,
    role          text NOT NULL CHECK (role IN ('list', 'detail', 'file')),
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
    requests      integer NOT NULL DEFAULT 0,
    records       integer,
    created       integer NOT NULL DEFAULT 0,
    changed       integer NOT NULL DEFAULT 0,
    unchanged     integer NOT NULL DEFAULT 0,
    rejected      integer NOT NULL DEFAULT 0,
    staged        integer NOT NULL DEFAULT 0,
    announced     integer NOT NULL DEFAULT 0,
    parts         integer NOT NULL DEFAULT 0,
    read_by       text,
    shown         bigint[] NOT NULL DEFAULT '{}',
    promised      bigint CHECK (promised >= 0),
    seen          uuid[] NOT NULL DEFAULT '{}',
    alarm         text,
    notes         text[] NOT NULL DEFAULT '{}',
    CONSTRAINT archived_means_kept CHECK (
        state IN ('wanted', 'gone', 'failed')
        OR (archive_key IS NOT NULL AND sha256 IS NOT NULL AND fetched_at IS NOT NULL AND status IS NOT NULL))
);
COMMENT ON COLUMN ingest.pages.request IS 'List page: the request, from which the next one is derived. Detail page: its list record.';
COMMENT ON COLUMN ingest.pages.take IS 'In a run with a limit: how many records of this page still count.';
COMMENT ON COLUMN ingest.pages.requests IS 'Requests that the page took, including retries.';
COMMENT ON COLUMN ingest.pages.created IS 'How many of its records are new opportunities. created + changed + unchanged + rejected = records.';
COMMENT ON COLUMN ingest.pages.staged IS 'How many rows it has in ingest.staged, which a crash of the database empties: pages that lack some are parsed again.';
COMMENT ON COLUMN ingest.pages.announced IS 'How many detail pages the page announces.';
COMMENT ON COLUMN ingest.pages.parts IS 'How many parts of a page parsed in parts are committed. Parsing resumes after them.';
COMMENT ON COLUMN ingest.pages.read_by IS 'Version of the source file and of the program that parsed it. The same versions need not parse the same bytes again.';
COMMENT ON COLUMN ingest.pages.shown IS
    'The records that a list page shows, each as the first 64 bits of a digest of its identity. A crawl that resumes counts them again, and finds a page that repeats an earlier one.';
COMMENT ON COLUMN ingest.pages.promised IS 'How many records the list has in all, as the page says.';
COMMENT ON COLUMN ingest.pages.seen IS
    'Opportunities that the page shows, staged or unchanged, at 16 bytes a record. Seeing an opportunity therefore writes nothing to its row.';
COMMENT ON COLUMN ingest.pages.notes IS 'Further notes on the page: what was repaired, and what was left out by which rule.';
-- The end of a run and its counters: the pages of a run, among those of all runs.
CREATE INDEX pages_of_run ON ingest.pages (run);
CREATE UNIQUE INDEX pages_list ON ingest.pages (run, stream, ordinal) WHERE role = 'list';
CREATE UNIQUE INDEX pages_detail ON ingest.pages (run, url) WHERE role = 'detail';
CREATE UNIQUE INDEX pages_file ON ingest.pages (run, stream, ordinal) WHERE role = 'file';
-- The open pages of a run: it ends when it has none.
CREATE INDEX pages_open ON ingest.pages (run) WHERE state IN ('wanted', 'archived');
-- Pages parsed before, by their content: a page with the same bytes takes over their result.
CREATE INDEX pages_read ON ingest.pages (sha256, stream) WHERE state = 'read';

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
    headers       jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (source, url),
    CHECK (etag IS NOT NULL OR last_modified IS NOT NULL)
);
COMMENT ON TABLE ingest.validators IS 'The validator to send to each address (RFC 9110, 13.1), and where its last answer is archived, for a 304.';
COMMENT ON COLUMN ingest.validators.headers IS 'Headers of the archived answer. A 304 repeats few of them, and the pages of a list may depend on one.';

CREATE TABLE ingest.unneeded_answers (
    key   text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.unneeded_answers IS 'Answers in the archive whose pages were removed. They go some time later: a request under way may still need one.';

CREATE TABLE ingest.visits (
    source           text NOT NULL REFERENCES ingest.sources,
    stream           text NOT NULL,
    url              text NOT NULL CHECK (length(url) <= 2000),
    page             bigint NOT NULL,
    card             bytea NOT NULL CHECK (length(card) = 32),
    visited_at       timestamptz NOT NULL,
    interval_seconds double precision NOT NULL CHECK (interval_seconds > 0),
    due_at           timestamptz NOT NULL,
    PRIMARY KEY (source, stream, url)
);
COMMENT ON TABLE ingest.visits IS 'The last visit to each detail page. A page whose list record stays the same is asked again when it is due: until then, the page of the last visit stands for it.';
COMMENT ON COLUMN ingest.visits.url IS 'Its address, without the parameters of campaigns and sessions.';
COMMENT ON COLUMN ingest.visits.page IS 'The page (ingest.pages) that the visit archived.';
COMMENT ON COLUMN ingest.visits.card IS 'Digest of its list record at that time.';
COMMENT ON COLUMN ingest.visits.interval_seconds IS 'It doubles with each visit that finds the same content, and halves with each that finds another one, within the bounds of the source file.';

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
COMMENT ON TABLE ingest.rejections IS 'Records that were rejected: the reason as a code, and the whole record.';
CREATE INDEX rejections_of_run ON ingest.rejections (run, code);
CREATE INDEX rejections_of_page ON ingest.rejections (page);
-- Store::find_item, explain: what was rejected of a record.
CREATE INDEX rejections_of_record ON ingest.rejections (source, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE ingest.ticks (
    entry text PRIMARY KEY,
    last  timestamptz NOT NULL
);
COMMENT ON TABLE ingest.ticks IS 'The last tick of each timetable entry that became a run, whichever worker saw it.';

-- Unlogged: after a crash of the database the budget starts again, which costs a source one early request at most.
CREATE UNLOGGED TABLE ingest.rate_budget (
    key           text PRIMARY KEY,
    next_slot     timestamptz NOT NULL,
    asked_until   timestamptz,
    spacing       double precision NOT NULL DEFAULT 0,
    ticket        integer NOT NULL DEFAULT 0,
    share         double precision NOT NULL DEFAULT 1 CHECK (share > 0 AND share <= 1),
    latency       double precision,
    usual_latency double precision,
    cut_at        timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE ingest.rate_budget IS 'The rate of each source, shared by the pool.';
COMMENT ON COLUMN ingest.rate_budget.asked_until IS 'End of the pause that the source itself asked for. Nothing shortens it.';
COMMENT ON COLUMN ingest.rate_budget.spacing IS 'Seconds between slots at the last reservation. If the next one asks for more, the slot moves by the difference.';
COMMENT ON COLUMN ingest.rate_budget.ticket IS 'Moves when an operator pauses the source or changes its rate. A slot reserved under an earlier ticket is void.';
COMMENT ON COLUMN ingest.rate_budget.share IS 'The share of the allowed rate that is used now. It halves when the source is overloaded or answers more and more slowly, and grows back in small steps.';
COMMENT ON COLUMN ingest.rate_budget.latency IS 'Seconds until an answer begins, as an average of the last few.';
COMMENT ON COLUMN ingest.rate_budget.usual_latency IS 'The same over a longer time.';
COMMENT ON COLUMN ingest.rate_budget.cut_at IS 'When the share was last halved.';
COMMENT ON COLUMN ingest.rate_budget.next_slot IS 'When the next request may leave. Each reservation moves it forward by one interval; Retry-After moves it for all workers.';

CREATE TABLE ingest.daily_requests (
    source   text PRIMARY KEY REFERENCES ingest.sources,
    day      date NOT NULL,
    requests integer NOT NULL CHECK (requests > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE ingest.daily_requests IS 'Requests of the last day on which a source with a daily limit was visited. Unlike the rate, it must survive a crash.';

-- Unlogged: after a crash of the database, a host that fails gets a few requests more.
CREATE UNLOGGED TABLE ingest.hosts (
    host          text PRIMARY KEY,
    source        text NOT NULL,
    failures      integer NOT NULL CHECK (failures >= 0),
    failing_since timestamptz NOT NULL,
    next_try      timestamptz NOT NULL,
    why           text NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE ingest.hosts IS 'Hosts that fail. After some failures in a row a host rests for the whole pool. A host that answers has no row.';
COMMENT ON COLUMN ingest.hosts.source IS 'The source that was visited last. Another source may have the same host.';
COMMENT ON COLUMN ingest.hosts.failures IS 'Failures in a row. Those of requests that were on their way when the host began to rest do not count, and pauses that it asks for neither.';
COMMENT ON COLUMN ingest.hosts.next_try IS 'When the next request may leave. Whoever sends it moves this time, so that nobody else does before the answer is known.';

-- Why nothing is requested from a source; NULL if it may be visited.
CREATE FUNCTION ingest.why_held(source ingest.sources) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN NOT source.enabled THEN format('source %s is switched off: %s', source.slug, source.off_why)
                WHEN source.paused_at IS NOT NULL THEN format('source %s is paused by %s since %s%s', source.slug, source.paused_by,
                     to_char(source.paused_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'), ': ' || source.paused_why) END
$$;

-- A payload that names no page or run of ours leaves those empty: others may write to the queue.
CREATE VIEW ingest.dead_letters_now AS
SELECT d.id, d.kind, d.lane, d.payload, d.priority, d.attempts, d.reason, d.created_at, d.died_at,
       coalesce(r.source, l.subject) AS source, r.id AS run, p.id AS page, p.url
  FROM queue.dead_letters d
  LEFT JOIN queue.lanes l ON l.lane = d.lane
  LEFT JOIN ingest.pages p ON d.kind IN ('fetch_page', 'parse_page')
       AND p.id = CASE WHEN d.payload ->> 'page' ~ '^[0-9]{1,18}$' THEN (d.payload ->> 'page')::bigint END
  LEFT JOIN ingest.runs r ON r.id = coalesce(p.run, CASE WHEN d.payload ->> 'run' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                                                        THEN (d.payload ->> 'run')::uuid END);
COMMENT ON VIEW ingest.dead_letters_now IS 'Dead letters with the source, the run and the page that they are about.';

-- How a run stands for people: its state, until a decision or a cancellation says more. A held run that was discarded waits for nobody.
CREATE FUNCTION ingest.outcome(state text, decision text, message text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN $2 IN ('discarded', 'reverted') THEN $2 WHEN $1 = 'failed' AND $3 LIKE 'cancelled by %' THEN 'cancelled' ELSE $1 END
$$;

CREATE VIEW ingest.runs_now AS
SELECT r.id, r.source, r.mode, r.trigger, r.state, r.since, r.record_limit, r.replay_of, r.only_stale, r.revert_of, r.walked, r.covers, r.file, r.doubts, r.published_at,
       coalesce(c.open, 0)::integer AS pages_open, r.pages + coalesce(c.pages, 0)::integer AS pages,
       r.pages_failed + coalesce(c.failed, 0)::integer AS pages_failed, r.requests + coalesce(c.requests, 0)::integer AS requests,
       r.seen + coalesce(c.created + c.changed + c.unchanged + c.rejected, 0)::integer AS seen,
       r.created + coalesce(c.created, 0)::integer AS created, r.changed + coalesce(c.changed, 0)::integer AS changed,
       r.unchanged + coalesce(c.unchanged, 0)::integer AS unchanged, r.rejected + coalesce(c.rejected, 0)::integer AS rejected,
       r.closed, r.embedded,
       CASE WHEN r.mode NOT IN ('replay', 'file', 'revert') AND r.state IN ('waiting', 'queued', 'running') AND s.held IS NOT NULL
            THEN s.held || CASE WHEN s.enabled THEN format('; it continues after `oim-etl sources resume %s`', r.source) ELSE '' END
       WHEN c.failed > 0 AND r.state <> 'failed' THEN
           (SELECT CASE WHEN position(p.url IN p.alarm) > 0 THEN p.alarm ELSE p.url || ': ' || p.alarm END
              FROM ingest.pages p WHERE p.run = r.id AND p.state = 'failed' ORDER BY p.id LIMIT 1)
           || CASE WHEN c.failed > 1 THEN format(' (and %s more)', c.failed - 1) ELSE '' END
       ELSE r.message END AS message,
       r.created_at, r.started_at, coalesce(c.last_fetch_at, r.last_fetch_at) AS last_fetch_at, r.finished_at, r.decision, r.decided_by,
       ingest.outcome(r.state, r.decision, r.message) AS outcome
  FROM ingest.runs r
  LEFT JOIN LATERAL (SELECT ingest.why_held(s) AS held, s.enabled FROM ingest.sources s WHERE s.slug = r.source) s
    ON r.state IN ('waiting', 'queued', 'running')
  LEFT JOIN LATERAL (
       SELECT count(*) FILTER (WHERE p.state IN ('wanted', 'archived')) AS open, count(p.archive_key) AS pages,
              count(*) FILTER (WHERE p.state = 'failed') AS failed, sum(p.requests) AS requests, sum(p.created) AS created,
              sum(p.changed) AS changed, sum(p.unchanged) AS unchanged, sum(p.rejected) AS rejected,
              max(p.fetched_at) FILTER (WHERE p.requests > 0) AS last_fetch_at
         FROM ingest.pages p WHERE p.run = r.id) c
    -- A finished run has its totals on its row. A failed run may still have pages under way.
    ON r.state IN ('queued', 'running', 'closing', 'failed');
COMMENT ON VIEW ingest.runs_now IS 'Runs with their current counters.';
