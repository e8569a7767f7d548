-- What more is known of an opportunity, and what of it is not for everybody.

ALTER TABLE ingest.opportunities
    ADD COLUMN remote        boolean NOT NULL DEFAULT false,
    ADD COLUMN pay_basis     text CHECK (pay_basis IN ('gross', 'net')),
    ADD COLUMN emails        text[] NOT NULL DEFAULT '{}',
    ADD COLUMN phones        text[] NOT NULL DEFAULT '{}',
    ADD COLUMN quality       smallint CHECK (quality BETWEEN 0 AND 100),
    ADD COLUMN quality_parts jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN ingest.opportunities.quality IS 'How much of it can be relied on, 0 to 100; null until it is read again by this version.';

-- Its history does not tell how it is judged.
CREATE OR REPLACE FUNCTION ingest.diff(old_row jsonb, new_row jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_object('from', old_row -> n.key, 'to', n.value)), '{}')
      FROM jsonb_each(new_row) n
     WHERE n.value IS DISTINCT FROM old_row -> n.key
       AND n.key NOT IN ('fingerprint', 'updated_at', 'changed_run', 'page', 'content_at', 'posted_at', 'quality', 'quality_parts')
$$;

CREATE OR REPLACE VIEW api.opportunities AS
SELECT id, source, external_id, kind, title, url, organization, description, places, countries, regions, localities,
       pay_min, pay_max, pay_currency, pay_period, pay_text, contracts, posted_at, closes_on, positions, education,
       experience, language, status, closed_why, created_at, updated_at, remote, pay_basis, quality, quality_parts
  FROM ingest.opportunities;
COMMENT ON COLUMN api.opportunities.remote IS 'Whether the work can be done from anywhere.';
COMMENT ON COLUMN api.opportunities.pay_basis IS 'gross or net, where the partner says; else null.';
COMMENT ON COLUMN api.opportunities.quality IS '0 to 100: how much of it can be relied on. Null for rows read before there was a score.';
COMMENT ON COLUMN api.opportunities.quality_parts IS '{"missing": [parts it lacks], "doubts": [what does not fit together]}.';

CREATE VIEW api.contacts AS
SELECT id, emails, phones FROM ingest.opportunities WHERE status = 'open' AND (emails <> '{}' OR phones <> '{}');
COMMENT ON VIEW api.contacts IS 'How to reach who offers; of persons, so for members of oim_contacts alone. Texts elsewhere are without it.';
COMMENT ON COLUMN api.contacts.id IS 'Key of api.opportunities.';
COMMENT ON COLUMN api.contacts.emails IS 'Addresses of e-mail, in lower case.';
COMMENT ON COLUMN api.contacts.phones IS 'Telephone numbers (ITU-T E.164: +237…).';

DO $$
BEGIN
    BEGIN
        CREATE ROLE oim_contacts NOLOGIN;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
            RAISE NOTICE 'may not create role oim_contacts: ask an administrator, then GRANT SELECT ON api.contacts TO it';
    END;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_contacts') THEN
        GRANT USAGE ON SCHEMA api TO oim_contacts;
        GRANT SELECT ON api.contacts TO oim_contacts;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'oim_reader') THEN
        REVOKE ALL ON api.contacts FROM oim_reader;
    END IF;
END $$;
