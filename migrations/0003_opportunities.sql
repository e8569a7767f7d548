-- Opportunities: the rows that the platform serves, their history, and the work on index and clusters that commits with them.

-- The last day on which an opportunity is open. The first of the two days to pass closes it; a program (agr) is open while it runs or
-- its call is open. domain::Kind::open_until is the same in the program. It stands here because an index below is on it.
CREATE FUNCTION ingest.open_until(kind text, closes_on date, ends_on date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE kind WHEN 'agr' THEN greatest(closes_on, ends_on) ELSE least(closes_on, ends_on) END
$$;

CREATE TABLE ingest.opportunities (
    -- Derived from source and external_id (OpportunityId::of): a row a record, without an index of its own for that.
    id                uuid PRIMARY KEY,
    -- No foreign key: sources are never deleted, and a check of each row was a tenth of the time of a first load.
    source            text NOT NULL,
    stream            text NOT NULL,
    external_id       text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 300),
    -- How the row stands.
    fingerprint       bytea NOT NULL CHECK (length(fingerprint) = 32),
    draft_digest      bytea CHECK (length(draft_digest) = 16),
    status            text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    closed_why        text CHECK (closed_why IN ('date', 'ended', 'absent', 'partner', 'reverted')),
    first_run         uuid NOT NULL,
    changed_run       uuid NOT NULL,
    page              bigint,
    missed_by         uuid,
    content_at        timestamptz NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    quality           smallint CHECK (quality BETWEEN 0 AND 100),
    quality_parts     jsonb NOT NULL DEFAULT '{}',
    -- What is offered, by whom, and where.
    kind              text NOT NULL CHECK (kind IN ('job', 'training', 'agr', 'microfinance')),
    title             text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
    url               text CHECK (url ~ '^https?://'),
    organization      text CHECK (length(organization) > 0),
    -- 20,000 characters at most. Counting them took a tenth of the time of publishing a row; bytes are known.
    description       text CHECK (octet_length(description) BETWEEN 1 AND 80000),
    description_html  text CHECK (octet_length(description_html) BETWEEN 1 AND 240000),
    languages         text[] NOT NULL DEFAULT '{}' CHECK (languages <@ ARRAY['en','fr']),
    places            jsonb NOT NULL CHECK (jsonb_typeof(places) = 'array'),
    countries         text[] NOT NULL,
    regions           text[] NOT NULL CHECK (regions <@ ARRAY['CM-AD','CM-CE','CM-EN','CM-ES','CM-LT','CM-NO','CM-NW','CM-OU','CM-SU','CM-SW']
        OR array_to_string(regions, ',') ~ '^((CM-(AD|CE|EN|ES|LT|NO|NW|OU|SU|SW)|(?!CM-)[A-Z]{2}-[A-Z0-9]{1,3})(,|$))*$'),
    localities        text[] NOT NULL,
    remote            boolean NOT NULL DEFAULT false,
    emails            text[] NOT NULL DEFAULT '{}',
    phones            text[] NOT NULL DEFAULT '{}',
    -- When.
    posted_at         timestamptz,
    closes_on         date,
    starts_on         date,
    ends_on           date,
    duration_min      numeric(6, 2) CHECK (duration_min > 0),
    duration_max      numeric(6, 2) CHECK (duration_max > 0),
    duration_text     text,
    -- For whom, and in which trade.
    positions         integer CHECK (positions > 0),
    contracts         text[] NOT NULL CHECK (contracts <@ ARRAY['permanent','fixed_term','temporary','seasonal','internship','apprenticeship','freelance','volunteer']),
    working_time      text[] NOT NULL DEFAULT '{}',
    education         text,
    experience        text,
    experience_months smallint CHECK (experience_months >= 0),
    occupation        text CHECK (occupation ~ '^[0-9]{4}$'),
    sector            text,
    audiences         text[] NOT NULL DEFAULT '{}',
    -- What is earned, paid, lent or granted. The tuition of a training may be 0: it is free.
    amount_kind       text CHECK (amount_kind IN ('wage', 'tuition', 'principal', 'grant')),
    amount_min        numeric(16, 2) CHECK (amount_min >= 0),
    amount_max        numeric(16, 2) CHECK (amount_max >= 0),
    amount_currency   text CHECK (amount_currency ~ '^[A-Z]{3}$'),
    amount_period     text CHECK (amount_period IN ('hour', 'day', 'week', 'month', 'year')),
    amount_basis      text CHECK (amount_basis IN ('gross', 'net')),
    amount_text       text,
    interest_min      numeric(8, 3) CHECK (interest_min >= 0),
    interest_max      numeric(8, 3) CHECK (interest_max >= 0),
    interest_period   text CHECK (interest_period IN ('day', 'week', 'month', 'quarter', 'half_year', 'year')),
    interest_tax      numeric(8, 3) CHECK (interest_tax >= 0),
    interest_text     text,
    fees_percent      numeric(8, 3) CHECK (fees_percent >= 0),
    fees_amount       numeric(16, 2) CHECK (fees_amount > 0),
    fees_currency     text CHECK (fees_currency ~ '^[A-Z]{3}$'),
    fees_text         text,
    CONSTRAINT closed_has_a_reason CHECK ((status = 'closed') = (closed_why IS NOT NULL)),
    CONSTRAINT duration_is_a_range CHECK (duration_min <= duration_max),
    CONSTRAINT amount_is_a_range CHECK (amount_min <= amount_max),
    CONSTRAINT amount_has_a_currency CHECK ((amount_min IS NULL AND amount_max IS NULL) = (amount_currency IS NULL)),
    CONSTRAINT amount_has_a_kind CHECK ((amount_currency IS NULL) = (amount_kind IS NULL)),
    CONSTRAINT interest_is_a_range CHECK (interest_min <= interest_max),
    CONSTRAINT interest_has_a_period CHECK ((interest_min IS NULL AND interest_max IS NULL) = (interest_period IS NULL)),
    CONSTRAINT fees_have_a_currency CHECK ((fees_amount IS NULL) = (fees_currency IS NULL))
);
COMMENT ON TABLE ingest.opportunities IS 'One row for each opportunity, open or closed. The comments of api.opportunities explain the columns.';
COMMENT ON COLUMN ingest.opportunities.content_at IS 'When the page with this content was fetched. An older page, parsed late or replayed, does not overwrite it; a replay of one run does.';
COMMENT ON COLUMN ingest.opportunities.draft_digest IS 'Digest of the partner''s words that it was read from, with the versions of the source file and of the rules, which its first 4 bytes are of. The same words are not read again.';
COMMENT ON COLUMN ingest.opportunities.missed_by IS 'The last run that proved its stream whole and did not show it. In a list that may shift while it is walked, a second one closes it.';
COMMENT ON COLUMN ingest.opportunities.quality IS 'How far the row can be relied on, from 0 to 100. Null in a row without a score.';
-- close_missing(): what a run shows again.
CREATE INDEX opportunities_missed ON ingest.opportunities (source) WHERE missed_by IS NOT NULL;
-- Readers: open rows of a kind, newest first.
CREATE INDEX opportunities_open ON ingest.opportunities (kind, posted_at DESC) WHERE status = 'open';
-- Readers: open rows of a region, a country or a town, as in regions && '{CM-LT}'. One index serves either condition, or all.
CREATE INDEX opportunities_by_place ON ingest.opportunities USING gin (regions, countries, localities) WHERE status = 'open';
-- Store::closing_rows: what closes first, or between two days.
CREATE INDEX opportunities_closing ON ingest.opportunities (closes_on, id) WHERE status = 'open';
-- Readers: what changed since the last poll, as in updated_at > $1 ORDER BY updated_at. Store::served: a page of the list, behind a row.
CREATE INDEX opportunities_updated ON ingest.opportunities (updated_at, id);
-- The audit and the closing of a complete run: what a source has open. known_drafts_of(): what it has at all.
CREATE INDEX opportunities_of_source ON ingest.opportunities (source);
-- Store::close_by_date: what is past its last day.
CREATE INDEX opportunities_by_date ON ingest.opportunities (ingest.open_until(kind, closes_on, ends_on))
    WHERE status = 'open' AND ingest.open_until(kind, closes_on, ends_on) IS NOT NULL;
-- Store::served_rows: what the commonest filters let pass is found, counted and put in order without a look at the rows.
CREATE INDEX opportunities_listed ON ingest.opportunities (kind, updated_at DESC, id DESC) INCLUDE (status, source, regions, languages, localities, closes_on);
-- Store::changes_of: what a run loaded or changed, and of it what it created.
CREATE INDEX opportunities_of_run ON ingest.opportunities (changed_run, first_run, id);
-- Store::doubt_counts and Store::doubted: of that, the few rows with warnings. Without the statistics, PostgreSQL takes them for all.
CREATE INDEX opportunities_doubted ON ingest.opportunities (changed_run) WHERE quality_parts -> 'doubts' <> '[]';
CREATE STATISTICS ingest.opportunities_doubts ON (quality_parts -> 'doubts') FROM ingest.opportunities;
-- Store::find_opportunity: the row with the address that `oim-etl explain` got.
CREATE INDEX opportunities_by_url ON ingest.opportunities (url) WHERE url IS NOT NULL;

-- What a run read and nobody is served yet. Unlogged: the archive is the truth, and what a crash of the database takes is parsed
-- again. It has no constraints: a row that breaks one of the served table holds its run when that is published. They took a seventh
-- of the time of publishing a row, and each row was checked twice.
CREATE UNLOGGED TABLE ingest.staged (LIKE ingest.opportunities INCLUDING DEFAULTS);
COMMENT ON TABLE ingest.staged IS 'Rows that a run would create or change, with changed_run as their run. Publishing moves them; a held run keeps them until it is decided on.';
-- publish(), the audit: the rows of a run in the order of their ids.
CREATE INDEX staged_of_run ON ingest.staged (changed_run, id);

CREATE TABLE ingest.changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opportunity uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    run         uuid,
    page        bigint,
    at          timestamptz NOT NULL DEFAULT now(),
    what        text NOT NULL CHECK (what IN ('changed', 'closed', 'reopened')),
    fields      jsonb NOT NULL DEFAULT '{}',
    beside      jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE ingest.changes IS 'History of the opportunities. A trigger writes it in the transaction of the row.';
COMMENT ON COLUMN ingest.changes.fields IS 'Each changed column: {"title": {"from": …, "to": …}}.';
COMMENT ON COLUMN ingest.changes.beside IS 'The same for changed columns that are not content of their own, such as the HTML of a description. A revert needs them.';
CREATE INDEX changes_of_opportunity ON ingest.changes (opportunity, at DESC);
-- Store::revert_run: what a run did.
CREATE INDEX changes_of_run ON ingest.changes (run);

-- An index is a shadow of the open opportunities. Each has its own outbox and ledger, so a second one (another model, another shape)
-- fills beside the first, and none is taken for the other.
CREATE TABLE ingest.targets (
    id            integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name          text UNIQUE,
    place         text,
    model         text,
    dimensions    integer,
    collection    text,
    model_name    text,
    digest        text,
    kept          boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    seen_at       timestamptz,
    failures      integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    failure       text CHECK (length(failure) <= 2000),
    retry_at      timestamptz,
    CONSTRAINT failing_has_a_reason CHECK ((failures = 0) = (failing_since IS NULL) AND (failures = 0) = (failure IS NULL) AND (failures > 0 OR retry_at IS NULL))
);
COMMENT ON TABLE ingest.targets IS 'The vector indexes that are kept in step. A worker registers its own; one that no worker has shown for 14 days is forgotten with its ledger.';
COMMENT ON COLUMN ingest.targets.name IS 'The collection on the server (it names model, dimensions, shape and template), or the identity of the folder of an embedded index. Null until the first worker registers: the changes until then wait for it.';
COMMENT ON COLUMN ingest.targets.place IS 'What it is, for people.';
COMMENT ON COLUMN ingest.targets.model IS 'What makes its vectors comparable: name, digest and prefixes of the model.';
COMMENT ON COLUMN ingest.targets.collection IS 'What searches go to: one of its targets is served (ingest.served). A collection of a server, or folder: and that of embedded indexes.';
COMMENT ON COLUMN ingest.targets.digest IS 'What the embedder calls the files of the model. Null if it does not tell.';
COMMENT ON COLUMN ingest.targets.kept IS 'Whether workers keep it in step although their configuration names another model: `oim-etl vectors rebuild` and `use` set it, `drop` removes it.';
COMMENT ON COLUMN ingest.targets.seen_at IS 'When a worker that keeps it was last alive.';
COMMENT ON COLUMN ingest.targets.failures IS 'How often in a row its embedder or its index failed.';
COMMENT ON COLUMN ingest.targets.retry_at IS 'When it is tried next. Nobody asks embedder or index before.';
-- The first worker takes this one, and what has waited for it.
INSERT INTO ingest.targets (id) VALUES (0);
INSERT INTO queue.lanes (lane, max_running, subject) VALUES ('embed:0', 1, 'target:0'), ('verify:0', 1, 'target:0');

CREATE TABLE ingest.served (
    collection text PRIMARY KEY,
    target     integer NOT NULL REFERENCES ingest.targets ON DELETE CASCADE,
    pinned     boolean NOT NULL,
    since      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.served IS 'The index that searches of a collection go to. On a Qdrant server the alias of that name follows it.';
COMMENT ON COLUMN ingest.served.pinned IS 'Whether an operator chose it. Otherwise the index of the configured model follows as soon as it is filled.';

CREATE TABLE ingest.vector_cache (
    model   text NOT NULL,
    text    bytea NOT NULL CHECK (length(text) = 16),
    vector  bytea NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model, text)
);
COMMENT ON TABLE ingest.vector_cache IS 'Vectors that a model has made, by the digest of the text: nothing is embedded twice. Numbers of 16 bits after a scale of 32.';
COMMENT ON COLUMN ingest.vector_cache.model IS 'What makes its vectors comparable, and the version of the template of the text.';
-- Store::prune_vectors: the oldest first.
CREATE INDEX vector_cache_used ON ingest.vector_cache (used_at);

CREATE SEQUENCE ingest.outbox_version;
-- No foreign key, here and in to_match: only the triggers below write them, and opportunities are never deleted.
CREATE TABLE ingest.outbox (
    target        integer NOT NULL DEFAULT 0,
    opportunity   uuid NOT NULL,
    version       bigint NOT NULL DEFAULT nextval('ingest.outbox_version'),
    run           uuid,
    claim         uuid,
    at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, opportunity)
);
COMMENT ON TABLE ingest.outbox IS 'Opportunities whose point in an index is out of date. A trigger adds them in the transaction of the row; they are removed once the index is up to date.';
COMMENT ON COLUMN ingest.outbox.claim IS 'Lease of the embed job that works on it. Void as soon as no job holds that lease.';
COMMENT ON COLUMN ingest.outbox.version IS 'A new number at each change. Work for an older version does not remove the newer request. The numbers of writes to an index come from the same sequence.';
COMMENT ON COLUMN ingest.outbox.at IS 'Since when the point is out of date.';
-- Store::claim_outbox: ORDER BY version LIMIT n.
CREATE INDEX outbox_next ON ingest.outbox (target, version);

CREATE TABLE ingest.embeddings (
    target      integer NOT NULL DEFAULT 0,
    opportunity uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    model       text NOT NULL,
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    version     bigint NOT NULL,
    seal        jsonb NOT NULL,
    cluster     uuid,
    canonical   boolean,
    embedded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, opportunity)
);
COMMENT ON TABLE ingest.embeddings IS 'The ledger of each index: which content it holds. Each row is a point of the index.';
COMMENT ON COLUMN ingest.embeddings.version IS 'The number of the write that made the point. The point has it too.';
COMMENT ON COLUMN ingest.embeddings.cluster IS 'The cluster that the point says it is of. It changes without the content.';
COMMENT ON COLUMN ingest.embeddings.canonical IS 'Whether the point says that it stands for its cluster.';
COMMENT ON COLUMN ingest.embeddings.seal IS 'Digests of the text, of the payload and of the vectors that were written: docs/VECTORS.md.';
-- The ledger rows of an opportunity, when it is deleted or explained.
CREATE INDEX embeddings_of ON ingest.embeddings (opportunity);

CREATE TABLE ingest.set_aside (
    target      integer NOT NULL REFERENCES ingest.targets ON DELETE CASCADE,
    opportunity uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (target, opportunity)
);
COMMENT ON TABLE ingest.set_aside IS 'Opportunities whose text the embedder refuses, while it takes others. Their points have no vector: words and categories find them. They are tried again when they change, or on `oim-etl vectors repair`.';

CREATE TABLE ingest.verifications (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    target       integer NOT NULL REFERENCES ingest.targets ON DELETE CASCADE,
    repairs      boolean NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    report       jsonb,
    error        text,
    CONSTRAINT finished_has_a_result CHECK ((finished_at IS NULL) = (report IS NULL AND error IS NULL))
);
COMMENT ON TABLE ingest.verifications IS 'Comparisons of an index with the database, both ways: nightly, and on `oim-etl vectors verify`.';
COMMENT ON COLUMN ingest.verifications.report IS '{"points": n, "rows": n, "pending": n, "set_aside": n, "drift": {"missing": {"count": n, "examples": [id, …]}, …}}.';
-- Store::overview: the newest result of each target.
CREATE INDEX verifications_newest ON ingest.verifications (target, finished_at DESC) WHERE finished_at IS NOT NULL;

CREATE TABLE ingest.clusters (
    opportunity uuid PRIMARY KEY REFERENCES ingest.opportunities ON DELETE CASCADE,
    cluster     uuid NOT NULL,
    canonical   boolean NOT NULL
);
COMMENT ON TABLE ingest.clusters IS 'Members of clusters of two or more. An opportunity without a row here is alone.';
COMMENT ON COLUMN ingest.clusters.cluster IS 'The least id of its members.';
CREATE INDEX clusters_members ON ingest.clusters (cluster);
CREATE UNIQUE INDEX clusters_canonical ON ingest.clusters (cluster) WHERE canonical;

-- Store::match_some writes a sketch once a row changes; what is compared later is read from here.
CREATE TABLE ingest.sketches (
    opportunity uuid PRIMARY KEY REFERENCES ingest.opportunities ON DELETE CASCADE,
    version     smallint NOT NULL,
    length      integer NOT NULL,
    day         integer NOT NULL,
    keys        bigint[] NOT NULL,
    sketch      bytea NOT NULL
);
COMMENT ON TABLE ingest.sketches IS 'What the search for duplicates compares of an opportunity, and the keys under which it is found.';
COMMENT ON COLUMN ingest.sketches.version IS 'Version of the rules that made it. Those of another version are made again.';
COMMENT ON COLUMN ingest.sketches.length IS 'Length of the description, in characters.';
COMMENT ON COLUMN ingest.sketches.day IS 'Day of the publication, counted from the first of January of the year 1.';
-- About 1 kB of hashes: they do not compress.
ALTER TABLE ingest.sketches ALTER COLUMN sketch SET STORAGE EXTERNAL;

-- One index holds all: what is removed is named by the keys of the sketch, and of many rows under a key those next in time are read.
CREATE TABLE ingest.match_keys (
    key         bigint NOT NULL,
    day         integer NOT NULL,
    opportunity uuid NOT NULL,
    PRIMARY KEY (key, day, opportunity)
);
COMMENT ON TABLE ingest.match_keys IS 'Keys for the search for duplicates. Only opportunities that share a key are compared.';

CREATE TABLE ingest.match_doubts (
    one   uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    other uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    score real NOT NULL,
    why   text NOT NULL,
    at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
COMMENT ON TABLE ingest.match_doubts IS 'Pairs that may be one opportunity. A person decides: oim-etl duplicates review.';
-- Store::match_some: the doubts of the rows that changed.
CREATE INDEX match_doubts_other ON ingest.match_doubts (other);

CREATE TABLE ingest.match_decisions (
    one        uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    other      uuid NOT NULL REFERENCES ingest.opportunities ON DELETE CASCADE,
    same       boolean NOT NULL,
    decided_by text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
COMMENT ON TABLE ingest.match_decisions IS 'What people decided on pairs. It counts before all rules, and stays when the rows change.';
-- Store::match_some: the decisions on the rows that changed.
CREATE INDEX match_decisions_other ON ingest.match_decisions (other);

-- One row for many: a row each, here and in the outbox, took a fifth of the time of publishing.
CREATE TABLE ingest.to_match (
    version       bigint PRIMARY KEY DEFAULT nextval('ingest.outbox_version'),
    opportunities uuid[] NOT NULL
);
COMMENT ON TABLE ingest.to_match IS 'Opportunities whose cluster is out of date, those of a statement together. A trigger adds them in the transaction of the rows.';

-- A portal that prints its own address beside every post of others is not the one to write to.
CREATE TABLE ingest.house_contacts (
    source  text NOT NULL REFERENCES ingest.sources ON DELETE CASCADE,
    contact text NOT NULL,
    PRIMARY KEY (source, contact)
);
COMMENT ON TABLE ingest.house_contacts IS 'Addresses and numbers beside most open posts of a source that relays several organizations. Learned when a run is complete.';
