-- What changes while the pool runs and whom it is reported to: the versions of source files, alerts, silences and messages.

CREATE TABLE ingest.source_files (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source  text NOT NULL REFERENCES ingest.sources,
    version text NOT NULL CHECK (version ~ '^[0-9a-f]{64}$'),
    origin  text NOT NULL CHECK (origin IN ('builtin', 'directory', 'applied')),
    file    text CHECK (length(file) <= 262144),
    by      text NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    note    text CHECK (length(note) <= 500)
);
COMMENT ON TABLE ingest.source_files IS 'The registry: each version of each source file that was in force, and since when. The newest row of a source is in force for all workers and commands. Rows are never changed.';
COMMENT ON COLUMN ingest.source_files.origin IS 'builtin: compiled into a worker. directory: in `sources_dir` of a worker. applied: by `oim-etl sources apply` or `rollback`, or the API.';
COMMENT ON COLUMN ingest.source_files.file IS 'Its text. Null: a worker found that the file is gone.';
COMMENT ON COLUMN ingest.source_files.note IS 'What changed, in a line.';
-- The version in force, and the newest one that workers brought.
CREATE INDEX source_files_newest ON ingest.source_files (source, id DESC);

CREATE TABLE ingest.certificates (
    host     text PRIMARY KEY CHECK (length(host) <= 253),
    source   text NOT NULL,
    ends_at  timestamptz NOT NULL,
    seen_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.certificates IS 'Until when the TLS certificate of each host is valid, as its last answer showed it.';

CREATE TABLE ingest.alerts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('freshness', 'yield', 'held', 'dead_letters', 'drift', 'secret', 'certificate')),
    subject     text NOT NULL,
    source      text,
    facts       jsonb NOT NULL,
    began_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    notified_at timestamptz,
    closed_at   timestamptz,
    CONSTRAINT closed_after_its_end CHECK (closed_at IS NULL OR ended_at IS NOT NULL)
);
COMMENT ON TABLE ingest.alerts IS 'What is or was wrong, once for each kind and subject at a time.';
COMMENT ON COLUMN ingest.alerts.subject IS 'The source, run, index or host.';
COMMENT ON COLUMN ingest.alerts.facts IS 'Figures for the message, which is worded when it is sent.';
COMMENT ON COLUMN ingest.alerts.notified_at IS 'When it was last reported: at its begin, or as a reminder. Null while a silence keeps it back.';
COMMENT ON COLUMN ingest.alerts.closed_at IS 'When its end was reported.';
CREATE UNIQUE INDEX alerts_open ON ingest.alerts (kind, subject) WHERE ended_at IS NULL;
-- Those whose end is still to be reported.
CREATE INDEX alerts_unreported ON ingest.alerts (id) WHERE ended_at IS NOT NULL AND notified_at IS NOT NULL AND closed_at IS NULL;

CREATE TABLE ingest.silences (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source   text REFERENCES ingest.sources,
    until    timestamptz NOT NULL,
    by       text NOT NULL,
    reason   text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at       timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
COMMENT ON TABLE ingest.silences IS 'Maintenance: nothing is reported about the source, or about anything if source is null.';
CREATE INDEX silences_now ON ingest.silences (until) WHERE ended_at IS NULL;

CREATE TABLE ingest.notifications (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert    bigint REFERENCES ingest.alerts ON DELETE CASCADE,
    event    text NOT NULL CHECK (event IN ('begun', 'reminder', 'resolved', 'digest')),
    channel  text NOT NULL CHECK (channel IN ('webhook', 'email')),
    message  jsonb NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    next_try timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at  timestamptz,
    error    text
);
COMMENT ON TABLE ingest.notifications IS 'Messages to people: {"title", "text", "html"}. It is written in the transaction that notes the alert, so that each is sent once, whichever worker sends it.';
COMMENT ON COLUMN ingest.notifications.next_try IS 'When it may be sent. Who sends it moves this first, so that nobody else does meanwhile.';
COMMENT ON COLUMN ingest.notifications.error IS 'Why it could not be sent, without any address or secret.';
CREATE INDEX notifications_due ON ingest.notifications (next_try) WHERE sent_at IS NULL;

-- The feed is pruned by age. A row without time is of before this migration, and counts from now on.
ALTER TABLE ingest.feed ADD COLUMN at timestamptz NOT NULL DEFAULT now();
ALTER TABLE ingest.feed_head ADD COLUMN pruned_to bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.feed.at IS 'When the change was written.';
COMMENT ON COLUMN ingest.feed_head.pruned_to IS 'Positions up to this one are no longer served.';

CREATE TABLE ingest.refused_files (
    worker uuid PRIMARY KEY REFERENCES queue.workers ON DELETE CASCADE,
    why    text NOT NULL CHECK (length(why) <= 2000),
    at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest.refused_files IS 'Source files that a living worker cannot use, in its folder or of those in force, with the reason.';

ALTER TABLE ingest.sources ADD COLUMN rate_why text CHECK (length(rate_why) BETWEEN 1 AND 500);
COMMENT ON COLUMN ingest.sources.rate_why IS 'Why an operator set another rate.';
