-- A lease belongs to its worker: one row for each, whatever the number of its jobs. A heartbeat writes that row alone, so it
-- never waits for a job that a long transaction has locked, and no job waits for it.

CREATE TABLE queue.leases (
    worker uuid PRIMARY KEY,
    until  timestamptz NOT NULL
);
COMMENT ON TABLE queue.leases IS 'Until when each worker holds its running jobs. A worker whose lease has run out is dead: its jobs go to others.';
ALTER TABLE queue.leases SET (fillfactor = 50, autovacuum_vacuum_cost_delay = 1);

ALTER TABLE queue.jobs
    ADD COLUMN claimed_at timestamptz,
    DROP CONSTRAINT running_means_leased;
UPDATE queue.jobs SET claimed_at = now() WHERE state = 'running';
DROP INDEX queue.jobs_leases;
ALTER TABLE queue.jobs
    DROP COLUMN leased_until,
    ADD CONSTRAINT running_means_leased CHECK (
        (state = 'running') = (lease IS NOT NULL AND worker IS NOT NULL AND claimed_at IS NOT NULL));
-- Whose jobs run: read by heartbeats and by the reaper.
CREATE INDEX jobs_running ON queue.jobs (worker) WHERE state = 'running';

ALTER TABLE queue.workers DROP COLUMN seen_at;
COMMENT ON TABLE queue.workers IS 'One row a living process; removed when its lease has run out.';

-- A request that lies in the future asks for nothing and would move no cursor.
CREATE FUNCTION ingest.refuse_future_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'since % lies in the future', to_char(NEW.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for what is newer than a moment that has passed.';
END $$;
CREATE TRIGGER refuse_future_since BEFORE INSERT ON ingest.runs FOR EACH ROW
    WHEN (NEW.since > clock_timestamp() + interval '1 minute') EXECUTE FUNCTION ingest.refuse_future_since();
