-- The pool-wide rate of each partner: a GCRA (ITU-T I.371, generic cell rate algorithm) in one statement.
-- Unlogged: after a crash of the database the budget begins anew, which can cost a partner one request at most.

CREATE UNLOGGED TABLE ingest.rate_budget (
    key          text PRIMARY KEY,
    next_slot    timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN ingest.rate_budget.next_slot IS 'When the next request may leave. Moved forward by one interval with each reservation, and by Retry-After for all.';

-- Reserves the next slot and tells how many seconds it is away; a negative answer reserves nothing and is minus the seconds.
CREATE FUNCTION ingest.reserve_slot(key text, spacing double precision, max_wait double precision)
RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    now_at timestamptz := clock_timestamp();
    slot   timestamptz;
BEGIN
    INSERT INTO ingest.rate_budget AS budget (key, next_slot)
    VALUES ($1, now_at + make_interval(secs => spacing))
    ON CONFLICT ON CONSTRAINT rate_budget_pkey DO UPDATE
        SET next_slot = greatest(budget.next_slot, clock_timestamp()) + make_interval(secs => spacing)
        WHERE budget.next_slot <= clock_timestamp() + make_interval(secs => max_wait)
    RETURNING next_slot - make_interval(secs => spacing) INTO slot;
    IF slot IS NULL THEN
        SELECT next_slot INTO slot FROM ingest.rate_budget WHERE rate_budget.key = $1;
        RETURN -greatest(0.001, extract(epoch FROM slot - clock_timestamp()));
    END IF;
    RETURN greatest(0, extract(epoch FROM slot - clock_timestamp()));
END $$;

-- A partner said when to come back: nobody goes before.
CREATE FUNCTION ingest.hold_slots(key text, pause double precision) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingest.rate_budget AS budget (key, next_slot)
    VALUES ($1, clock_timestamp() + make_interval(secs => pause))
    ON CONFLICT ON CONSTRAINT rate_budget_pkey DO UPDATE
        SET next_slot = greatest(budget.next_slot, clock_timestamp() + make_interval(secs => pause));
$$;
