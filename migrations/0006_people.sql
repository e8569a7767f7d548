-- Those who look at the service and act on it: their tokens, what they did, and the feed of changes that services follow.

CREATE TABLE ingest.tokens (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    hash       bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scope      text NOT NULL CHECK (scope IN ('read', 'operate', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    CONSTRAINT revoked_has_an_author CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
COMMENT ON TABLE ingest.tokens IS 'Who may use API and console. A token is 256 random bits and is stored nowhere; its row has the SHA-256 of it.';
COMMENT ON COLUMN ingest.tokens.name IS 'The person or service that has it: the record of actions names it.';
COMMENT ON COLUMN ingest.tokens.scope IS 'read: look. operate: look and act. admin: also create and revoke tokens.';
COMMENT ON COLUMN ingest.tokens.used_at IS 'When it was last used, to the hour.';
CREATE UNIQUE INDEX tokens_name ON ingest.tokens (name) WHERE revoked_at IS NULL;

CREATE TABLE ingest.sessions (
    hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE ingest.sessions IS 'Who is logged in to the console: SHA-256 of the cookie, and of the token. A session ends with its token.';
CREATE INDEX sessions_over ON ingest.sessions (expires_at);

CREATE TABLE ingest.actions (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    by      text NOT NULL,
    action  text NOT NULL CHECK (action ~ '^[a-z_]+$'),
    subject text NOT NULL,
    detail  text CHECK (length(detail) <= 2000)
);
COMMENT ON TABLE ingest.actions IS 'What people and services did, by command, API or console. It is written in the transaction of the action.';
COMMENT ON COLUMN ingest.actions.by IS 'The user of a command, or `token NAME`.';
COMMENT ON COLUMN ingest.actions.subject IS 'The source, run, dead letter, pair or token.';

CREATE TABLE ingest.feed (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opportunities uuid[] NOT NULL CHECK (cardinality(opportunities) BETWEEN 1 AND 100),
    position      bigint UNIQUE
) WITH (fillfactor = 50);
COMMENT ON TABLE ingest.feed IS 'Opportunities whose content, state or cluster changed, in groups. What changes writes a row without a position; positions are given after the commit (ingest.number_feed), so that no reader passes over a transaction that commits late.';
COMMENT ON COLUMN ingest.feed.position IS 'Position of its first opportunity. The others follow.';
CREATE INDEX feed_new ON ingest.feed (id) WHERE position IS NULL;

CREATE TABLE ingest.feed_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL
);
COMMENT ON TABLE ingest.feed_head IS 'The last position that was given. Whoever gives positions locks this row.';
INSERT INTO ingest.feed_head (position) VALUES (0);

-- Announces to those who follow the feed that opportunities changed.
CREATE FUNCTION ingest.announce(opportunities uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingest.feed (opportunities)
    SELECT opportunities[at:at + 99] FROM generate_series(1, cardinality(opportunities), 100) AS at
$$;

-- Gives positions to what was committed since the last time, in the order in which it was written. Returns the last position.
CREATE FUNCTION ingest.number_feed() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    head bigint;
BEGIN
    IF EXISTS (SELECT FROM ingest.feed f WHERE f.position IS NULL) THEN
        SELECT h.position INTO head FROM ingest.feed_head h FOR UPDATE;
        WITH fresh AS (
               SELECT f.id, head + 1 + sum(cardinality(f.opportunities)) OVER (ORDER BY f.id) - cardinality(f.opportunities) AS position
                 FROM ingest.feed f WHERE f.position IS NULL),
             numbered AS (
               UPDATE ingest.feed f SET position = n.position FROM fresh n WHERE f.id = n.id
               RETURNING f.position + cardinality(f.opportunities) - 1 AS last)
        UPDATE ingest.feed_head h SET position = greatest(h.position, (SELECT max(n.last) FROM numbered n));
    END IF;
    RETURN (SELECT h.position FROM ingest.feed_head h);
END $$;

REVOKE ALL ON FUNCTION ingest.announce, ingest.number_feed FROM PUBLIC;
