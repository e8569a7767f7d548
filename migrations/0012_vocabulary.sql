-- What can be told of an opportunity in words that are the same for all partners.

ALTER TABLE ingest.opportunities
    ADD COLUMN experience_months smallint CHECK (experience_months >= 0),
    ADD COLUMN working_time      text[] NOT NULL DEFAULT '{}',
    ADD COLUMN occupation        text CHECK (occupation ~ '^[0-9]{4}$'),
    ADD COLUMN sector            text,
    ADD COLUMN audiences         text[] NOT NULL DEFAULT '{}';

CREATE OR REPLACE VIEW api.opportunities AS
SELECT o.id, o.source, o.external_id, o.kind, o.title, o.url, o.organization, o.description, o.places, o.countries, o.regions,
       o.localities, o.pay_min, o.pay_max, o.pay_currency, o.pay_period, o.pay_text, o.contracts, o.posted_at, o.closes_on,
       o.positions, o.education, o.experience, o.language, o.status, o.closed_why, o.created_at, o.updated_at, o.remote,
       o.pay_basis, o.quality, o.quality_parts, coalesce(c.cluster, o.id) AS cluster, coalesce(c.canonical, true) AS canonical,
       o.experience_months, o.working_time, o.occupation, o.sector, o.audiences
  FROM ingest.opportunities o LEFT JOIN ingest.clusters c ON c.opportunity = o.id;
COMMENT ON COLUMN api.opportunities.language IS 'Language of the text, as the partner names it, else as it reads: fr, en or both.';
COMMENT ON COLUMN api.opportunities.experience_months IS 'Least experience asked for, in months; 0 where beginners are welcome.';
COMMENT ON COLUMN api.opportunities.working_time IS 'full_time, part_time, shift, seasonal, flexible; empty where the partner says nothing.';
COMMENT ON COLUMN api.opportunities.occupation IS 'ISCO-08 unit group the title names, of jobs and trainings; four digits.';
COMMENT ON COLUMN api.opportunities.sector IS 'agriculture, construction, health, …: a word of ours, each within a section of ISIC rev. 4.';
COMMENT ON COLUMN api.opportunities.audiences IS 'Whom it says it is for: women, youth, returnees, disabled, displaced, unemployed, students, farmers, entrepreneurs.';
