-- Functions and triggers of the schemas queue and ingest: what SQL itself must decide, because a trigger or a caller in SQL
-- needs it, and expressions that several queries share. Decisions that only the program takes are in the program
-- (docs/decisions/0019-decisions-in-sql.md).

-- Wakes the pool within milliseconds. PostgreSQL sends equal notifications of one transaction once.
CREATE FUNCTION queue.wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('oim_queue', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake AFTER INSERT ON queue.jobs FOR EACH STATEMENT EXECUTE FUNCTION queue.wake();

-- Adds a job. Where a job with the same key waits, it stays, but its row is locked until the caller commits: it must not start
-- before the rows that it is to work on are visible, because it would miss them.
CREATE FUNCTION queue.enqueue(
    kind text, lane text, payload jsonb, key text DEFAULT NULL, priority integer DEFAULT 0,
    delay interval DEFAULT '0'
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO queue.jobs AS job (kind, lane, payload, key, priority, run_at)
    VALUES ($1, $2, $3, $4, $5, now() + $6)
    ON CONFLICT (key) WHERE key IS NOT NULL AND state = 'ready'
    DO UPDATE SET run_at = least(job.run_at, excluded.run_at), priority = greatest(job.priority, excluded.priority);
$$;

-- Claims up to `most` ready jobs of these kinds for a worker: Queue::claim says in which order. Its plan is fixed. Lanes differ by orders of
-- magnitude, and PostgreSQL knows only their average: with 200,000 jobs in one lane it read all of them for each other lane, half a
-- second a claim. Each lane is a walk along jobs_next, as far as it is wanted.
CREATE FUNCTION queue.claim(claimer uuid, kinds text[], subjects text[], most bigint, share bigint, hold double precision)
RETURNS TABLE (id bigint, lease uuid, is_repeated boolean, kind text, lane text, payload jsonb, attempts smallint, max_attempts smallint, waited double precision)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH leased AS (
           INSERT INTO queue.leases AS l (worker, until)
           SELECT claimer, now() + make_interval(secs => hold)
            WHERE NOT EXISTS (SELECT FROM queue.leases WHERE worker = claimer AND until > now())
           ON CONFLICT (worker) DO UPDATE SET until = greatest(l.until, excluded.until)),
         busy AS (
           SELECT lane, count(*) AS jobs FROM queue.jobs WHERE state = 'running' GROUP BY lane),
         best AS (
           SELECT j.id, j.priority, j.run_at, coalesce(busy.jobs, 0) + row_number() OVER (PARTITION BY l.lane ORDER BY j.priority DESC, j.run_at, j.id) AS turn
             FROM queue.lanes l LEFT JOIN busy USING (lane)
            CROSS JOIN LATERAL (
                  SELECT id, priority, run_at FROM queue.jobs
                   WHERE lane = l.lane AND state = 'ready' AND run_at <= now() AND kind = ANY (kinds)
                   ORDER BY priority DESC, run_at, id
                   LIMIT greatest(0, least(most, least(l.max_running, share) - coalesce(busy.jobs, 0)))
                   FOR UPDATE SKIP LOCKED) j
            WHERE NOT l.held AND (l.subject IS NULL OR subjects IS NULL OR l.subject = ANY (subjects)))
    UPDATE queue.jobs j
       SET state = 'running', lease = gen_random_uuid(), worker = claimer, claimed_at = now()
     WHERE j.id IN (SELECT id FROM best ORDER BY turn, priority DESC, run_at LIMIT most)
    RETURNING j.id, j.lease, j.attempts > 0 OR j.losses > 0, j.kind, j.lane, j.payload, (j.attempts + 1)::smallint, j.max_attempts,
              extract(epoch FROM clock_timestamp() - j.created_at)::float8;
END $$;

-- A lane whose source is held is not claimed from. What reads the archive has another lane, and continues.
CREATE FUNCTION ingest.hold_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE queue.lanes SET held = NOT held
     WHERE lane IN ('fetch:' || NEW.slug, 'item:' || NEW.slug) AND held <> (ingest.why_held(NEW) IS NOT NULL);
    IF FOUND THEN
        PERFORM pg_notify('oim_queue', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER hold_lane AFTER UPDATE OF enabled, paused_at ON ingest.sources FOR EACH ROW EXECUTE FUNCTION ingest.hold_lane();

-- When the quiet hours are over in which a moment lies; NULL if it lies in none. Windows are on the clock of Douala, may pass
-- midnight and may follow each other.
CREATE FUNCTION ingest.quiet_until(quiet_hours text[], at timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    here timestamp := at AT TIME ZONE 'Africa/Douala';
    ends timestamp;
BEGIN
    FOR i IN 1..cardinality(quiet_hours) + 1 LOOP
        SELECT max(here::date + CASE WHEN q.a > q.b AND here::time >= q.a THEN 1 ELSE 0 END + q.b) INTO ends
          FROM (SELECT split_part(w, '-', 1)::time AS a, split_part(w, '-', 2)::time AS b FROM unnest(quiet_hours) AS w) q
         WHERE CASE WHEN q.a < q.b THEN here::time >= q.a AND here::time < q.b ELSE here::time >= q.a OR here::time < q.b END;
        EXIT WHEN ends IS NULL;
        here := ends;
    END LOOP;
    RETURN nullif(here AT TIME ZONE 'Africa/Douala', at);
END $$;

-- The next midnight of Douala.
CREATE FUNCTION ingest.next_day(at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT ((at AT TIME ZONE 'Africa/Douala')::date + 1)::timestamp AT TIME ZONE 'Africa/Douala'
$$;

-- Counts a request that leaves at `slot` against what the source file promises beside the rate. Where that forbids it, nothing is
-- counted: `rests_until` is when it may leave, and `resting` says why: `quiet` or `daily`.
CREATE FUNCTION ingest.count_request(slug text, slot timestamptz, OUT rests_until timestamptz, OUT resting text) LANGUAGE plpgsql AS $$
DECLARE
    source ingest.sources;
BEGIN
    SELECT * INTO source FROM ingest.sources s WHERE s.slug = $1;
    rests_until := ingest.quiet_until(source.quiet_hours, slot);
    IF rests_until IS NOT NULL THEN
        resting := 'quiet';
    ELSIF source.daily_requests IS NOT NULL THEN
        INSERT INTO ingest.daily_requests AS d (source, day, requests)
        VALUES ($1, (slot AT TIME ZONE 'Africa/Douala')::date, 1)
        ON CONFLICT ON CONSTRAINT daily_requests_pkey DO UPDATE
            SET day = excluded.day, requests = CASE WHEN d.day = excluded.day THEN d.requests + 1 ELSE 1 END
            WHERE d.day <> excluded.day OR d.requests < source.daily_requests;
        IF NOT FOUND THEN
            resting := 'daily';
            rests_until := ingest.next_day(slot);
            rests_until := coalesce(ingest.quiet_until(source.quiet_hours, rests_until), rests_until);
        END IF;
    END IF;
END $$;

-- When the next request to a source may leave, as far as is known now: its rate, pauses, quiet hours and what is left of the day.
CREATE FUNCTION ingest.next_request(source ingest.sources) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(ingest.quiet_until(source.quiet_hours, n.at), n.at)
      FROM (SELECT greatest(now(), (SELECT b.next_slot FROM ingest.rate_budget b WHERE b.key = source.slug)) AS at) b,
           LATERAL (SELECT CASE WHEN d.requests >= source.daily_requests THEN ingest.next_day(b.at) ELSE b.at END AS at
                      FROM (SELECT 1) one LEFT JOIN ingest.daily_requests d
                        ON d.source = source.slug AND d.day = (b.at AT TIME ZONE 'Africa/Douala')::date) n
$$;

-- Reserves the next slot of a source's rate: `wait` is the seconds until then. A negative one reserves nothing and is minus the
-- seconds to wait. `asked` is the spacing that the source file promises, `at_least` the one below which nobody may go (Crawl-delay),
-- `spacing` the one in force, in seconds. Where `resting` is not null, quiet hours or the limit of the day make it wait. Where `refusal` is not null, the source is held, and there is no slot. A slot is good as
-- long as ingest.slot_stands() says so of its ticket.
-- The algorithm is GCRA (ITU-T I.371, generic cell rate algorithm), in one statement.
CREATE FUNCTION ingest.reserve_slot(
    key text, asked double precision, at_least double precision, max_wait double precision,
    OUT wait double precision, OUT pace double precision, OUT stub integer, OUT refusal text, OUT resting text
) LANGUAGE plpgsql AS $$
DECLARE
    slot timestamptz;
    is_limited boolean;
    rests_until timestamptz;
BEGIN
    SELECT ingest.why_held(s), coalesce(s.rate_seconds, asked), cardinality(s.quiet_hours) > 0 OR s.daily_requests IS NOT NULL
      INTO refusal, pace, is_limited FROM ingest.sources s WHERE s.slug = $1;
    pace := greatest(coalesce(pace, asked) / coalesce((SELECT b.share FROM ingest.rate_budget b WHERE b.key = $1), 1), $3);
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO ingest.rate_budget AS budget (key, next_slot, spacing)
    VALUES ($1, clock_timestamp() + make_interval(secs => pace), pace)
    ON CONFLICT ON CONSTRAINT rate_budget_pkey DO UPDATE
        SET next_slot = greatest(budget.next_slot + make_interval(secs => greatest(0, pace - budget.spacing)), clock_timestamp())
                        + make_interval(secs => pace),
            spacing = pace
        WHERE budget.next_slot + make_interval(secs => greatest(0, pace - budget.spacing)) <= clock_timestamp() + make_interval(secs => max_wait)
    RETURNING budget.next_slot - make_interval(secs => pace), budget.ticket
    INTO slot, stub;
    IF slot IS NULL THEN
        SELECT b.next_slot + make_interval(secs => greatest(0, pace - b.spacing)) INTO slot FROM ingest.rate_budget b WHERE b.key = $1;
        wait := -greatest(0.001, extract(epoch FROM slot - clock_timestamp()));
    ELSE
        wait := greatest(0, extract(epoch FROM slot - clock_timestamp()));
        IF is_limited THEN
            SELECT c.rests_until, c.resting INTO rests_until, resting FROM ingest.count_request($1, slot) c;
            IF resting IS NOT NULL THEN
                -- The slot stays free.
                UPDATE ingest.rate_budget b SET next_slot = slot WHERE b.key = $1;
                wait := -greatest(0.001, extract(epoch FROM rests_until - clock_timestamp()));
            END IF;
        END IF;
    END IF;
END $$;

-- Whether a reserved slot is still good: nobody has paused the source or changed its rate meanwhile.
CREATE FUNCTION ingest.slot_stands(key text, ticket integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT b.ticket = $2 FROM ingest.rate_budget b WHERE b.key = $1), false)
       AND NOT EXISTS (SELECT FROM ingest.sources s WHERE s.slug = $1 AND ingest.why_held(s) IS NOT NULL)
$$;

-- Makes every reserved slot of a source void. The next request leaves one interval from now, whatever that is then, or at the
-- end of a pause that the source asked for.
CREATE FUNCTION ingest.void_slots(key text) RETURNS void LANGUAGE sql AS $$
    UPDATE ingest.rate_budget SET ticket = ticket + 1, spacing = 0,
           next_slot = greatest(asked_until, least(next_slot, clock_timestamp()))
     WHERE rate_budget.key = $1;
$$;

-- The share of the allowed rate after an answer: additive increase, multiplicative decrease. `seconds`: how long the answer took to
-- begin. `is_overload`: whether it was a 429 or a 503. `since_cut`: seconds since the share was last halved, NULL if it never was: answers to
-- requests that left before that tell nothing new. An average above three times the usual one, and a second above it, is slow.
CREATE FUNCTION ingest.adapted(
    share double precision, latency double precision, usual double precision, seconds double precision, is_overload boolean, since_cut double precision,
    OUT new_share double precision, OUT new_latency double precision, OUT new_usual double precision, OUT is_cut boolean
) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    is_slow boolean;
BEGIN
    new_latency := coalesce(latency + (seconds - latency) / 4, seconds);
    -- The usual latency falls faster than it rises: a slow hour is not the new normal at once.
    new_usual := coalesce(usual + (seconds - usual) / CASE WHEN seconds < usual THEN 8 ELSE 64 END, seconds);
    is_slow := new_latency > greatest(3 * new_usual, new_usual + 1);
    is_cut := (is_overload OR is_slow) AND coalesce(since_cut >= greatest(1, 2 * new_latency), true);
    new_share := CASE WHEN is_cut THEN greatest(0.0625, share / 2) WHEN is_overload OR is_slow THEN share ELSE least(1, share + 0.03125) END;
END $$;

-- Notes an answer of a source: how long it took to begin, and whether the source is overloaded. One that tells nothing new writes
-- nothing: while the rate is whole, answers about as fast as those before.
CREATE FUNCTION ingest.note_answer(key text, seconds double precision, is_overload boolean) RETURNS void LANGUAGE sql AS $$
    UPDATE ingest.rate_budget b SET (share, latency, usual_latency, cut_at) = (
           SELECT a.new_share, a.new_latency, a.new_usual, CASE WHEN a.is_cut THEN clock_timestamp() ELSE b.cut_at END
             FROM ingest.adapted(b.share, b.latency, b.usual_latency, $2, $3, extract(epoch FROM clock_timestamp() - b.cut_at)::double precision) a)
     WHERE b.key = $1 AND ($3 OR b.share < 1 OR b.latency IS NULL OR abs($2 - b.latency) > greatest(0.05, b.latency / 4));
$$;

-- Moves the next slot behind a pause that the source asked for, for all workers.
CREATE FUNCTION ingest.hold_slots(key text, pause double precision) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingest.rate_budget AS budget (key, next_slot, asked_until)
    VALUES ($1, clock_timestamp() + make_interval(secs => pause), clock_timestamp() + make_interval(secs => pause))
    ON CONFLICT ON CONSTRAINT rate_budget_pkey DO UPDATE
        SET next_slot = greatest(budget.next_slot, excluded.next_slot), asked_until = greatest(budget.asked_until, excluded.asked_until);
$$;

-- Refuses a request whose since lies in the future: it would load nothing and move no cursor.
CREATE FUNCTION ingest.refuse_future_since() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'since % lies in the future', to_char(NEW.since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for what is newer than a moment that has passed.';
END $$;
CREATE TRIGGER refuse_future_since BEFORE INSERT ON ingest.runs FOR EACH ROW
    WHEN (NEW.since > clock_timestamp() + interval '1 minute') EXECUTE FUNCTION ingest.refuse_future_since();

-- Whether a run that has not ended does all that is asked for.
CREATE FUNCTION ingest.fulfills(
    run ingest.runs, mode text, since timestamptz, record_limit integer, replay_of uuid, file jsonb, only_stale boolean
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN run.only_stale AND NOT only_stale THEN false
        WHEN run.mode = mode AND run.since IS NOT DISTINCT FROM since AND run.record_limit IS NOT DISTINCT FROM record_limit
             AND run.replay_of IS NOT DISTINCT FROM replay_of AND run.file IS NOT DISTINCT FROM file THEN true
        WHEN mode = 'incremental' AND run.record_limit IS NULL THEN
             run.mode = 'full' AND run.since IS NULL OR run.mode = 'incremental' AND run.since IS NULL AND since IS NULL
        ELSE false
    END
$$;

-- Starts the run of a source that waits longest, unless one is active.
CREATE FUNCTION ingest.start_waiting(source text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    next uuid;
BEGIN
    -- One at a time: of two that see no active run, the second sees the first's.
    PERFORM FROM ingest.sources s WHERE s.slug = $1 FOR NO KEY UPDATE;
    UPDATE ingest.runs r SET state = 'queued'
     WHERE r.id = (SELECT w.id FROM ingest.runs w WHERE w.source = $1 AND w.state = 'waiting' ORDER BY w.created_at, w.id LIMIT 1)
       AND NOT EXISTS (SELECT FROM ingest.runs a WHERE a.source = $1 AND a.state IN ('queued', 'running', 'closing') AND a.mode <> 'item')
    RETURNING r.id INTO next;
    IF FOUND THEN
        -- What reads the archive visits nobody, and is not held with the source.
        PERFORM queue.enqueue('fetch_source', CASE WHEN r.mode IN ('replay', 'file') THEN 'read:' ELSE 'fetch:' END || $1,
                              jsonb_build_object('run', next), 'fetch_source:' || next, 10)
           FROM ingest.runs r WHERE r.id = next;
    END IF;
END $$;

CREATE FUNCTION ingest.request_run(
    source text, mode text, trigger text, since timestamptz DEFAULT NULL, record_limit integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL, requested_by text DEFAULT session_user, replay_of uuid DEFAULT NULL,
    file jsonb DEFAULT NULL, only_stale boolean DEFAULT false, OUT run uuid, OUT is_new boolean
) LANGUAGE plpgsql AS $$
DECLARE
    known ingest.sources;
BEGIN
    -- One at a time: of two that ask for the same, the second sees the run of the first.
    SELECT * INTO known FROM ingest.sources s WHERE s.slug = $1 FOR NO KEY UPDATE;
    IF known.slug IS NULL THEN
        RAISE EXCEPTION 'unknown source "%"', $1
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Known: ' || coalesce((SELECT string_agg(s.slug, ', ' ORDER BY s.slug) FROM ingest.sources s WHERE s.enabled), 'none yet; run `oim-etl migrate` or start a worker');
    ELSIF NOT known.enabled OR known.paused_at IS NOT NULL AND $2 IN ('incremental', 'full') THEN
        RAISE EXCEPTION '%', ingest.why_held(known)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = CASE WHEN known.enabled THEN format('Resume it with `oim-etl sources resume %s`', $1)
                              ELSE 'The workers decide that: change their configuration or source files, and restart them' END;
    END IF;
    run := coalesce(
        (SELECT r.id FROM ingest.runs r WHERE r.source = $1 AND r.idempotency_key = $6),
        (SELECT r.id FROM ingest.runs r
          WHERE r.source = $1 AND r.state IN ('waiting', 'queued', 'running', 'closing') AND ingest.fulfills(r, $2, $4, $5, $8, $9, $10)
          ORDER BY r.created_at LIMIT 1));
    is_new := run IS NULL;
    IF is_new THEN
        INSERT INTO ingest.runs AS r (source, mode, trigger, since, record_limit, idempotency_key, requested_by, replay_of, file, only_stale, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting') RETURNING r.id INTO run;
        PERFORM ingest.start_waiting($1);
    END IF;
END $$;
COMMENT ON FUNCTION ingest.request_run IS
    'Creates a run, or returns the run that already fulfills the request: the one with the same idempotency key, else one of the source that is active or waits and does all that is asked. A run that asks for more waits until the active one has ended.';

-- Whether nothing can have shifted while a run walked a stream: what it does not show is missing for certain.
CREATE FUNCTION ingest.is_snapshot(run uuid, stream text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT w.is_snapshot FROM ingest.walks w WHERE w.run = $1 AND w.stream = $2 AND w.is_whole),
                    -- What a feed no longer shows, or a stream that no source file names any more, is missing where every list
                    -- was seen at once.
                    (SELECT bool_and(w.is_snapshot) FROM ingest.walks w WHERE w.run = $1 AND w.is_whole), false)
$$;

-- What is archived of a source since the last walk that covered a stream whole. What an operator discarded or reverted is left out.
CREATE FUNCTION ingest.archive_since_walk(source text) RETURNS SETOF ingest.pages LANGUAGE sql STABLE AS $$
    WITH known AS (SELECT r.* FROM ingest.runs r
                    WHERE r.source = $1 AND r.mode NOT IN ('replay', 'revert') AND r.finished_at IS NOT NULL
                      AND coalesce(r.decision, '') NOT IN ('discarded', 'reverted')),
         -- Once, not for each page: 200,000 pages of 1,000 runs took a minute.
         walk AS MATERIALIZED (
           SELECT c.stream, max(k.created_at) AS since FROM known k, unnest(k.covers) AS c(stream)
            WHERE k.mode <> 'file' AND k.walked AND k.record_limit IS NULL GROUP BY c.stream),
         sheet AS MATERIALIZED (
           SELECT k.file ->> 'stream' AS stream, max(k.created_at) AS since FROM known k
            WHERE k.mode = 'file' AND (k.file ->> 'complete')::boolean GROUP BY 1)
    SELECT p.* FROM known k JOIN ingest.pages p ON p.run = k.id
      LEFT JOIN walk w ON w.stream = p.stream LEFT JOIN sheet s ON s.stream = p.stream
     WHERE p.archive_key IS NOT NULL
       AND k.created_at >= coalesce(CASE WHEN k.mode = 'file' THEN s.since ELSE w.since END, '-infinity')
$$;

-- Runs of a source that nobody needs for their own sake: they ended more than `days` ago, `keep` newer ones are there, and no decision on
-- them is due. Runs of single items count by themselves.
CREATE FUNCTION ingest.old_runs(source text, days integer, keep bigint) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT r.id FROM (
        SELECT a.*, row_number() OVER (PARTITION BY a.mode = 'item' ORDER BY a.created_at DESC, a.id) AS place FROM ingest.runs a WHERE a.source = $1) r
     WHERE r.finished_at < now() - make_interval(days => $2) AND r.place > $3 AND (r.state <> 'held' OR r.decision IS NOT NULL)
$$;

-- Archived pages of stored rows that another source file or other rules have read: for each such row the newest page that shows it, with
-- the rows of each page. `read_by`: the versions of now; `mark`: how the digests of what they read begin. A page that they have read
-- is left out: what it no longer gives, nothing gives. So are rows that their source no longer shows. Where every row has the mark, no
-- page is looked at.
CREATE FUNCTION ingest.stale_pages(source text, read_by text, mark bytea, OUT page bigint, OUT rows uuid[]) RETURNS SETOF record
LANGUAGE sql STABLE AS $$
    WITH stale AS MATERIALIZED (
           SELECT o.id FROM ingest.opportunities o
            WHERE o.source = $1 AND substr(o.draft_digest, 1, 4) <> $3 AND (o.status = 'open' OR o.closed_why IN ('date', 'ended', 'partner'))),
         newest AS (
           SELECT DISTINCT ON (s.id) s.id, w.id AS page FROM ingest.archive_since_walk($1) w, unnest(w.seen) AS s(id)
            WHERE EXISTS (SELECT FROM stale) AND s.id IN (SELECT id FROM stale)
            ORDER BY s.id, w.fetched_at DESC, w.id DESC),
         pages AS (
           SELECT n.page, array_agg(n.id) AS rows FROM newest n GROUP BY n.page)
    SELECT p.id, n.rows FROM pages n JOIN ingest.pages p ON p.id = n.page
     WHERE p.read_by IS DISTINCT FROM $2 AND NOT EXISTS (
           SELECT FROM ingest.pages c JOIN ingest.runs r ON r.id = c.run
            WHERE c.sha256 = p.sha256 AND c.stream = p.stream AND c.state = 'read' AND c.role = p.role AND c.url = p.url AND c.read_by = $2
              AND c.fetched_at >= p.fetched_at AND (p.role <> 'detail' OR c.request = p.request OR r.mode = 'replay')
              AND r.state IN ('complete', 'partial') AND r.decision IS DISTINCT FROM 'reverted')
$$;

-- Whether an opportunity is as a run left it: what changed it since was undone.
CREATE FUNCTION ingest.is_as_left_by(run uuid, opportunity uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM ingest.changes c JOIN ingest.runs n ON n.id = c.run
         WHERE c.opportunity = $2 AND n.id <> $1 AND n.mode <> 'revert' AND n.decision IS DISTINCT FROM 'reverted'
           AND c.id > coalesce((SELECT max(own.id) FROM ingest.changes own WHERE own.opportunity = $2 AND own.run = $1), 0))
$$;

-- Columns of a row that are not content of their own: the text says the same as the HTML, and one entry for a change is enough.
CREATE FUNCTION ingest.is_beside(name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT name IN ('fingerprint', 'draft_digest', 'changed_run', 'page', 'content_at', 'posted_at', 'quality', 'quality_parts', 'description_html')
$$;

-- Returns the columns in which two versions of an opportunity differ: those of its content, and those beside it.
CREATE FUNCTION ingest.differences(old_row jsonb, new_row jsonb, OUT fields jsonb, OUT beside jsonb) LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(n.key, c.change) FILTER (WHERE NOT ingest.is_beside(n.key)), '{}'),
           coalesce(jsonb_object_agg(n.key, c.change) FILTER (WHERE ingest.is_beside(n.key)), '{}')
      FROM jsonb_each(new_row) n, LATERAL (SELECT jsonb_build_object('from', old_row -> n.key, 'to', n.value) AS change) c
     WHERE n.value IS DISTINCT FROM old_row -> n.key AND n.key NOT IN ('created_at', 'updated_at', 'first_run', 'missed_by')
$$;

-- Requests to compare opportunities again, a hundred in a row: as many fit beside its head in a page of the table.
CREATE FUNCTION ingest.request_match(opportunities uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingest.to_match (opportunities)
    SELECT opportunities[at:at + 99] FROM generate_series(1, cardinality(opportunities), 100) AS at
$$;

-- Whether an index is one that counts: a worker keeps it in step, or was the last to.
CREATE FUNCTION ingest.is_shown(target ingest.targets) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(target.seen_at, '-infinity')
           >= coalesce((SELECT max(seen_at) FROM ingest.targets) - interval '1 minute', '-infinity')
$$;

-- Enqueues the job that brings an index up to date, for each that is not. While its embedder or its index fails, the job waits for the
-- next probe, whatever else asks for it.
CREATE FUNCTION ingest.request_embedding() RETURNS void LANGUAGE sql AS $$
    SELECT queue.enqueue('embed_opportunities', 'embed:' || t.id, jsonb_build_object('target', t.id), 'embed_opportunities:' || t.id,
                         delay => greatest(t.retry_at - now(), interval '0'))
      FROM ingest.targets t WHERE (SELECT true FROM ingest.outbox b WHERE b.target = t.id LIMIT 1)
$$;

-- The table itself writes the consequences, so that no statement can forget them: each change leaves its history and the request
-- to update its point and its cluster, in its own transaction. The triggers run once for each statement: one insert for a batch.
CREATE FUNCTION ingest.on_opportunity_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Nobody else sees the rows yet, so no request for them exists: to look for one took a twentieth of the time of a first load.
    INSERT INTO ingest.outbox (target, opportunity, run)
    SELECT t.id, f.id, f.changed_run FROM fresh f CROSS JOIN ingest.targets t WHERE f.status = 'open';
    -- What arrives closed too: a post that comes up again may follow it.
    PERFORM ingest.request_match(f.ids), ingest.announce(f.ids) FROM (SELECT array_agg(id) AS ids FROM fresh) f;
    RETURN NULL;
END $$;
CREATE TRIGGER created AFTER INSERT ON ingest.opportunities
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ingest.on_opportunity_created();

-- Joins by hash: the plan is kept for the session, and one that was made for a few rows compares each of many with each.
CREATE FUNCTION ingest.on_opportunity_updated() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
BEGIN
    -- What is not of a run, such as the passing of a last day, names none.
    INSERT INTO ingest.changes (opportunity, run, page, what, fields, beside)
    SELECT c.id, c.run, c.page, c.what, d.fields, d.beside
      FROM (SELECT n.id, nullif(n.changed_run, o.changed_run) AS run, n.page,
                   CASE WHEN o.status = n.status THEN 'changed' WHEN n.status = 'open' THEN 'reopened' ELSE 'closed' END AS what,
                   to_jsonb(o) AS was, to_jsonb(n) AS now
              FROM after_row n JOIN before_row o USING (id)
             WHERE o.fingerprint <> n.fingerprint OR o.status <> n.status OFFSET 0) c,
           LATERAL (SELECT * FROM ingest.differences(c.was, c.now) OFFSET 0) d;
    INSERT INTO ingest.outbox AS box (target, opportunity, run)
    SELECT t.id, n.id, n.changed_run FROM after_row n JOIN before_row o USING (id) CROSS JOIN ingest.targets t
     WHERE o.fingerprint <> n.fingerprint OR o.status <> n.status
    ON CONFLICT (target, opportunity) DO UPDATE SET version = excluded.version, run = excluded.run, claim = NULL;
    PERFORM ingest.request_match(f.ids), ingest.announce(f.ids)
       FROM (SELECT array_agg(n.id) AS ids FROM after_row n JOIN before_row o USING (id)
              WHERE o.fingerprint <> n.fingerprint OR o.status <> n.status) f;
    RETURN NULL;
END $$;
CREATE TRIGGER updated AFTER UPDATE ON ingest.opportunities
    REFERENCING OLD TABLE AS before_row NEW TABLE AS after_row
    FOR EACH STATEMENT EXECUTE FUNCTION ingest.on_opportunity_updated();
