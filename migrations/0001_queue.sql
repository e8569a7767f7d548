-- The queue: one table of work to do, one of work given up, one of who works.
-- Why not apalis' own tables: docs/decisions/0002-queue.md.

CREATE SCHEMA queue;
COMMENT ON SCHEMA queue IS 'Work of the pool. Written by oim-etl only; other services use api.request_ingest().';

CREATE TABLE queue.lanes (
    lane        text PRIMARY KEY CHECK (lane ~ '^[a-z][a-z0-9_:-]{1,60}$'),
    max_running integer NOT NULL CHECK (max_running > 0)
);
COMMENT ON TABLE queue.lanes IS
    'A lane is a share of the pool: fetch:fne, read:fne, embed. Jobs of one lane never crowd out another; max_running holds for all workers together (softly: two workers claiming at once may pass it by a few).';

CREATE TABLE queue.jobs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind ~ '^[a-z][a-z_]{2,40}$'),
    lane         text NOT NULL REFERENCES queue.lanes,
    payload      jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    key          text CHECK (length(key) <= 200),
    priority     smallint NOT NULL DEFAULT 0,
    state        text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running')),
    run_at       timestamptz NOT NULL DEFAULT now(),
    attempts     smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    losses       smallint NOT NULL DEFAULT 0 CHECK (losses >= 0),
    max_attempts smallint NOT NULL DEFAULT 6 CHECK (max_attempts > 0),
    lease        uuid,
    worker       uuid,
    leased_until timestamptz,
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT running_means_leased CHECK (
        (state = 'running') = (lease IS NOT NULL AND worker IS NOT NULL AND leased_until IS NOT NULL))
);
COMMENT ON COLUMN queue.jobs.key IS 'At most one waiting job has a given key; asking again is harmless.';
COMMENT ON COLUMN queue.jobs.attempts IS 'Failures of the job itself; a worker that died is counted in losses.';
COMMENT ON COLUMN queue.jobs.lease IS
    'Drawn anew at each claim. Every write of a job names it, so that a worker that wakes up after its lease was given to another changes nothing.';

-- A finished job is deleted and its effect is in the tables of the ingest schema, so the table stays small
-- and these three indexes stay in memory whatever the history.
CREATE UNIQUE INDEX jobs_waiting_key ON queue.jobs (key) WHERE key IS NOT NULL AND state = 'ready';
CREATE INDEX jobs_next ON queue.jobs (lane, priority DESC, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_leases ON queue.jobs (leased_until) WHERE state = 'running';
ALTER TABLE queue.jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1, fillfactor = 70);

CREATE TABLE queue.dead_letters (
    id         bigint PRIMARY KEY,
    kind       text NOT NULL,
    lane       text NOT NULL,
    payload    jsonb NOT NULL,
    attempts   smallint NOT NULL,
    reason     text NOT NULL,
    created_at timestamptz NOT NULL,
    died_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queue.dead_letters IS 'Jobs given up, with the reason. Listed by `oim-etl status`.';
CREATE INDEX dead_letters_newest ON queue.dead_letters (died_at DESC);

CREATE TABLE queue.workers (
    id           uuid PRIMARY KEY,
    host         text NOT NULL,
    pid          integer NOT NULL,
    http_address text,
    indexes      boolean NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    seen_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queue.workers IS 'One row a living process; a row that was not seen for a minute is dead and is removed.';
COMMENT ON COLUMN queue.workers.indexes IS 'Whether it holds the vector index: an embedded index is open in one process at a time.';

-- Wakes the pool in milliseconds. Identical notifications of one transaction are sent once (PostgreSQL, NOTIFY).
CREATE FUNCTION queue.wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('oim_queue', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake AFTER INSERT ON queue.jobs FOR EACH STATEMENT EXECUTE FUNCTION queue.wake();

-- Asks for a job. A waiting job of the same key is kept, but its row is locked until the caller commits: it
-- cannot begin before the rows it is to work on are visible, which would strand them.
CREATE FUNCTION queue.enqueue(
    kind text, lane text, payload jsonb, key text DEFAULT NULL, priority integer DEFAULT 0,
    delay interval DEFAULT '0'
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO queue.jobs AS job (kind, lane, payload, key, priority, run_at)
    VALUES ($1, $2, $3, $4, $5, now() + $6)
    ON CONFLICT (key) WHERE key IS NOT NULL AND state = 'ready'
    DO UPDATE SET run_at = least(job.run_at, excluded.run_at), priority = greatest(job.priority, excluded.priority);
$$;
