-- The queue: jobs to do, jobs that were given up, and the workers that do them.
-- Why not the tables of apalis: docs/decisions/0002-queue.md.

CREATE SCHEMA queue;
COMMENT ON SCHEMA queue IS 'The queue of the pool. Only oim-etl writes it; other services call api.request_ingest().';

CREATE TABLE queue.lanes (
    lane        text PRIMARY KEY CHECK (lane ~ '^[a-z][a-z0-9_:-]{1,60}$'),
    max_running integer NOT NULL CHECK (max_running > 0),
    subject     text,
    held        boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE queue.lanes IS
    'A lane is a share of the pool: fetch:fne, read:fne, item:fne, embed:0. Jobs of one lane never crowd out another. max_running limits all workers together; two workers that claim at once may exceed it by a few.';
COMMENT ON COLUMN queue.lanes.subject IS 'What a worker must know to run the jobs of the lane: a source, or a vector index (target:0). Workers that do not know it leave them to others.';
COMMENT ON COLUMN queue.lanes.held IS 'Whether nobody claims its jobs for now: they wait as they are, and cost no attempt.';
-- The lanes fetch:SOURCE, read:SOURCE and item:SOURCE are added when a worker registers its sources, embed:N and verify:N when it registers an index.
INSERT INTO queue.lanes (lane, max_running) VALUES ('close', 4), ('match', 1), ('prune', 1);

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
    claimed_at   timestamptz,
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT running_means_leased CHECK (
        (state = 'running') = (lease IS NOT NULL AND worker IS NOT NULL AND claimed_at IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 1, fillfactor = 70);
COMMENT ON TABLE queue.jobs IS 'Jobs that wait or run. A finished job is deleted.';
COMMENT ON COLUMN queue.jobs.key IS 'At most one waiting job has a given key, so a second request for it is harmless.';
COMMENT ON COLUMN queue.jobs.attempts IS 'Failures of the job itself. The deaths of its workers count in losses.';
COMMENT ON COLUMN queue.jobs.losses IS 'How often a worker died while it held the job.';
COMMENT ON COLUMN queue.jobs.lease IS
    'A new token at each claim. Every write for a job names it, so a worker that wakes up after another one got the job changes nothing.';

-- The effect of a finished job is in the tables of schema ingest, so this table stays small, and its indexes stay in
-- memory whatever the history.
CREATE UNIQUE INDEX jobs_waiting_key ON queue.jobs (key) WHERE key IS NOT NULL AND state = 'ready';
-- The next jobs of a lane: workers claim in this order.
CREATE INDEX jobs_next ON queue.jobs (lane, priority DESC, run_at, id) WHERE state = 'ready';
-- The running jobs of a worker: heartbeats and the reaper look them up.
CREATE INDEX jobs_running ON queue.jobs (worker) WHERE state = 'running';

-- A lease belongs to a worker: one row for each, whatever the number of its jobs. A heartbeat writes that row alone, so
-- it never waits for a job that a long transaction has locked, and no job waits for it.
CREATE TABLE queue.leases (
    worker uuid PRIMARY KEY,
    until  timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_cost_delay = 1);
COMMENT ON TABLE queue.leases IS 'Until when each worker holds its running jobs. A worker whose lease has expired is dead, and others get its jobs.';

CREATE TABLE queue.dead_letters (
    id         bigint PRIMARY KEY,
    kind       text NOT NULL,
    lane       text NOT NULL,
    payload    jsonb NOT NULL,
    priority   smallint NOT NULL DEFAULT 0,
    attempts   smallint NOT NULL,
    reason     text NOT NULL,
    created_at timestamptz NOT NULL,
    died_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queue.dead_letters IS 'Jobs that were given up, with the reason. `oim-etl dead` lists, retries and discards them.';
CREATE INDEX dead_letters_newest ON queue.dead_letters (died_at DESC);

CREATE TABLE queue.workers (
    id           uuid PRIMARY KEY,
    host         text NOT NULL,
    pid          integer NOT NULL,
    http_address text,
    indexes      boolean NOT NULL,
    clock_off    bigint,
    session      text NOT NULL DEFAULT current_setting('application_name'),
    started_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queue.workers IS 'One row for each living worker. The reaper removes it when the lease has expired.';
COMMENT ON COLUMN queue.workers.session IS 'The application_name of its connections: the reaper ends what a dead worker has left open in one.';
COMMENT ON COLUMN queue.workers.clock_off IS 'By how many seconds the clock of the worker is ahead of the database''s, or behind it (less than 0), if that is too much: it takes no work then.';
COMMENT ON COLUMN queue.workers.indexes IS 'Whether the worker holds the vector index. Only one process at a time can open an embedded index.';
