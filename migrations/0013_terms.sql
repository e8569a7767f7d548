-- What a loan costs and how long things last; the body as safe HTML; what a partner says itself; whom to believe first.

ALTER TABLE ingest.opportunities
    ADD COLUMN description_html  text CHECK (length(description_html) BETWEEN 1 AND 60000),
    ADD COLUMN interest_min      numeric(8, 3) CHECK (interest_min >= 0),
    ADD COLUMN interest_max      numeric(8, 3) CHECK (interest_max >= 0),
    ADD COLUMN interest_period   text CHECK (interest_period IN ('day', 'week', 'month', 'quarter', 'half_year', 'year')),
    ADD COLUMN interest_tax      numeric(8, 3) CHECK (interest_tax >= 0),
    ADD COLUMN interest_text     text,
    ADD COLUMN fees_percent      numeric(8, 3) CHECK (fees_percent >= 0),
    ADD COLUMN fees_amount       numeric(16, 2) CHECK (fees_amount > 0),
    ADD COLUMN fees_currency     text CHECK (fees_currency ~ '^[A-Z]{3}$'),
    ADD COLUMN fees_text         text,
    ADD COLUMN duration_min      numeric(6, 2) CHECK (duration_min > 0),
    ADD COLUMN duration_max      numeric(6, 2) CHECK (duration_max > 0),
    ADD COLUMN duration_text     text,
    ADD COLUMN starts_on         date,
    ADD CONSTRAINT interest_is_a_range CHECK (interest_min <= interest_max),
    ADD CONSTRAINT interest_has_a_period CHECK ((interest_min IS NULL AND interest_max IS NULL) = (interest_period IS NULL)),
    ADD CONSTRAINT fees_have_a_currency CHECK ((fees_amount IS NULL) = (fees_currency IS NULL)),
    ADD CONSTRAINT duration_is_a_range CHECK (duration_min <= duration_max),
    -- A training may be free.
    DROP CONSTRAINT opportunities_pay_min_check,
    ADD CONSTRAINT opportunities_pay_min_check CHECK (pay_min >= 0),
    DROP CONSTRAINT opportunities_pay_max_check,
    ADD CONSTRAINT opportunities_pay_max_check CHECK (pay_max >= 0),
    DROP CONSTRAINT opportunities_closed_why_check,
    ADD CONSTRAINT opportunities_closed_why_check CHECK (closed_why IN ('date', 'absent', 'partner'));

ALTER TABLE ingest.sources ADD COLUMN offers_itself boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ingest.sources.offers_itself IS 'Whether it offers what it publishes, and relays nobody: of equal rows its own stands for a cluster.';

-- The HTML says what the text says: a change is told once.
CREATE OR REPLACE FUNCTION ingest.diff(old_row jsonb, new_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_object('from', old_row -> n.key, 'to', n.value)), '{}')
      FROM jsonb_each(new_row) n
     WHERE n.value IS DISTINCT FROM old_row -> n.key
       AND n.key NOT IN ('fingerprint', 'updated_at', 'changed_run', 'page', 'content_at', 'posted_at', 'quality', 'quality_parts',
                         'description_html')
$$;

CREATE OR REPLACE VIEW api.opportunities AS
SELECT o.id, o.source, o.external_id, o.kind, o.title, o.url, o.organization, o.description, o.places, o.countries, o.regions,
       o.localities, o.pay_min, o.pay_max, o.pay_currency, o.pay_period, o.pay_text, o.contracts, o.posted_at, o.closes_on,
       o.positions, o.education, o.experience, o.language, o.status, o.closed_why, o.created_at, o.updated_at, o.remote,
       o.pay_basis, o.quality, o.quality_parts, coalesce(c.cluster, o.id) AS cluster, coalesce(c.canonical, true) AS canonical,
       o.experience_months, o.working_time, o.occupation, o.sector, o.audiences, o.stream, o.description_html,
       o.interest_min, o.interest_max, o.interest_period, o.interest_tax, o.interest_text, o.fees_percent, o.fees_amount,
       o.fees_currency, o.fees_text, o.duration_min, o.duration_max, o.duration_text, o.starts_on
  FROM ingest.opportunities o LEFT JOIN ingest.clusters c ON c.opportunity = o.id;
COMMENT ON COLUMN api.opportunities.closed_why IS 'date: its last day passed; absent: the partner no longer shows it; partner: the partner says that it is closed.';
COMMENT ON COLUMN api.opportunities.canonical IS 'Whether the row stands for its cluster: the most complete one that is open; of two about as complete, the one whose source offers it itself. Show these alone.';
COMMENT ON COLUMN api.opportunities.pay_min IS 'Lowest pay or amount, in units of pay_currency a pay_period; 0 of a training that is free.';
COMMENT ON COLUMN api.opportunities.education IS 'Lowest education asked for: by its field, else by a sentence of the text.';
COMMENT ON COLUMN api.opportunities.experience_months IS 'Least experience asked for, in months; 0 where beginners are welcome. By its field, else by a sentence of the text.';
COMMENT ON COLUMN api.opportunities.working_time IS 'full_time, part_time, shift, seasonal, flexible; by the contract, else by a sentence of the text. Empty where nothing is said.';
COMMENT ON COLUMN api.opportunities.stream IS 'The list of the partner it stands in.';
COMMENT ON COLUMN api.opportunities.description_html IS 'The description as HTML that is safe to show: p, br, lists, headings, bold and italic, without any attribute. Null where the partner gives plain text: show description.';
COMMENT ON COLUMN api.opportunities.interest_min IS 'Lowest nominal interest in percent a year: the rate told times the periods of a year, not compounded, without tax. Of a loan what is paid, of a savings product what it earns.';
COMMENT ON COLUMN api.opportunities.interest_max IS 'Highest nominal interest in percent a year.';
COMMENT ON COLUMN api.opportunities.interest_period IS 'What the partner told the rate for: day, week, month, quarter, half_year or year.';
COMMENT ON COLUMN api.opportunities.interest_tax IS 'Tax on the interest in percent of it (TAF, TVA), where it is told beside the rate.';
COMMENT ON COLUMN api.opportunities.interest_text IS 'The partner''s own words on interest.';
COMMENT ON COLUMN api.opportunities.fees_percent IS 'Fees in percent of the amount, summed; 0 where there are none.';
COMMENT ON COLUMN api.opportunities.fees_amount IS 'Fixed fees, summed, in units of fees_currency.';
COMMENT ON COLUMN api.opportunities.fees_currency IS 'ISO 4217 (XAF).';
COMMENT ON COLUMN api.opportunities.fees_text IS 'The partner''s own words on fees.';
COMMENT ON COLUMN api.opportunities.duration_min IS 'Shortest length of the loan, the training or the contract, in months.';
COMMENT ON COLUMN api.opportunities.duration_max IS 'Longest length, in months.';
COMMENT ON COLUMN api.opportunities.duration_text IS 'The partner''s own words on how long.';
COMMENT ON COLUMN api.opportunities.starts_on IS 'Day the training or the work begins, in Africa/Douala.';

-- A portal that prints its own address beside every post of others is not whom one writes to.
CREATE TABLE ingest.house_contacts (
    source  text NOT NULL REFERENCES ingest.sources ON DELETE CASCADE,
    contact text NOT NULL,
    PRIMARY KEY (source, contact)
);
COMMENT ON TABLE ingest.house_contacts IS 'Addresses and numbers that stand beside most open posts of a source that relays several organizations: learnt when a run is complete.';

CREATE FUNCTION ingest.learn_house_contacts(source text) RETURNS void LANGUAGE sql AS $$
    WITH open AS (SELECT o.id, o.organization, o.emails || o.phones AS contacts
                    FROM ingest.opportunities o JOIN ingest.sources s ON s.slug = o.source
                   WHERE o.source = $1 AND o.status = 'open' AND NOT s.offers_itself),
         house AS (SELECT c.contact FROM open, unnest(open.contacts) AS c(contact) GROUP BY c.contact
                   HAVING count(*) >= 10 AND count(*) >= 0.8 * (SELECT count(*) FROM open) AND count(DISTINCT open.organization) >= 3),
         gone AS (DELETE FROM ingest.house_contacts h WHERE h.source = $1 AND h.contact NOT IN (SELECT contact FROM house))
    INSERT INTO ingest.house_contacts (source, contact) SELECT $1, contact FROM house ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION ingest.learn_house_contacts FROM PUBLIC;

CREATE OR REPLACE VIEW api.contacts AS
SELECT id, emails, phones
  FROM (SELECT o.id, ARRAY(SELECT e FROM unnest(o.emails) WITH ORDINALITY AS c(e, at)
                            WHERE NOT EXISTS (SELECT FROM ingest.house_contacts h WHERE h.source = o.source AND h.contact = e) ORDER BY at) AS emails,
               ARRAY(SELECT p FROM unnest(o.phones) WITH ORDINALITY AS c(p, at)
                      WHERE NOT EXISTS (SELECT FROM ingest.house_contacts h WHERE h.source = o.source AND h.contact = p) ORDER BY at) AS phones
          FROM ingest.opportunities o WHERE o.status = 'open' AND (o.emails <> '{}' OR o.phones <> '{}')) AS kept
 WHERE emails <> '{}' OR phones <> '{}';
COMMENT ON VIEW api.contacts IS 'How to reach who offers; of persons, so for members of oim_contacts alone. Texts elsewhere are without it. Addresses a portal prints beside every post are left out.';
