-- The contract with other services. Views change by addition only; the tables behind them may change freely.

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS 'Stable contract with other services: read the views as oim_reader, ask for runs as oim_trigger.';

CREATE VIEW api.opportunities AS
SELECT o.id, o.source, o.external_id, o.kind, o.title, o.url, o.organization, o.description, o.places, o.countries, o.regions,
       o.localities, o.amount_kind, o.amount_min, o.amount_max, o.amount_currency, o.amount_period, o.amount_basis, o.amount_text,
       o.contracts, o.posted_at, o.closes_on, o.positions, o.education, o.experience, o.languages, o.status, o.closed_why,
       o.created_at, o.updated_at, o.remote, o.quality, o.quality_parts, coalesce(c.cluster, o.id) AS cluster,
       coalesce(c.canonical, true) AS canonical, o.experience_months, o.working_time, o.occupation, o.sector, o.audiences,
       o.stream, o.description_html, o.interest_min, o.interest_max, o.interest_period, o.interest_tax, o.interest_text,
       o.fees_percent, o.fees_amount, o.fees_currency, o.fees_text, o.duration_min, o.duration_max, o.duration_text, o.starts_on, o.ends_on
  FROM ingest.opportunities o LEFT JOIN ingest.clusters c ON c.opportunity = o.id;
COMMENT ON VIEW api.opportunities IS 'One row an opportunity, open or closed. Its id is also the id of its point in the vector index.';
COMMENT ON COLUMN api.opportunities.id IS 'UUID version 5 of source and external_id: the same on every machine, for ever.';
COMMENT ON COLUMN api.opportunities.source IS 'Slug of the partner, key of api.sources.';
COMMENT ON COLUMN api.opportunities.external_id IS 'The partner''s own identifier; unique within the source.';
COMMENT ON COLUMN api.opportunities.kind IS 'job, training, agr (income-generating activity) or microfinance. An internship is a job whose contracts hold internship. Invitations to tender for firms and notices of results are none: they are refused (no_opportunity).';
COMMENT ON COLUMN api.opportunities.title IS 'Heading: plain text, one line, 1 to 300 characters.';
COMMENT ON COLUMN api.opportunities.url IS 'Absolute http(s) address a person can open; null where the partner gives none.';
COMMENT ON COLUMN api.opportunities.organization IS 'Employer, school, programme or credit union; null where hidden.';
COMMENT ON COLUMN api.opportunities.description IS 'Body: plain text, paragraphs separated by newlines, at most 20,000 characters.';
COMMENT ON COLUMN api.opportunities.places IS 'Array of {country: ISO 3166-1 alpha-2, region: ISO 3166-2 or null, locality: text or null}. Outside Cameroon a region is given if the words name it. What the text states of the post counts where it is nearer or another. A program or loan without a town in its field has those its title names, or a list of its text.';
COMMENT ON COLUMN api.opportunities.countries IS 'Distinct countries of places.';
COMMENT ON COLUMN api.opportunities.regions IS 'Distinct regions of places (ISO 3166-2: CM-LT, FR-IDF); for filters.';
COMMENT ON COLUMN api.opportunities.localities IS 'Distinct localities of places; in Cameroon in French spelling.';
COMMENT ON COLUMN api.opportunities.amount_kind IS 'What the amount is, by the kind of the opportunity: wage (job: what it earns), tuition (training: what it costs), principal (microfinance: what is lent, or the balance a savings product asks for) or grant (agr: budget of the program). Null where there is no amount.';
COMMENT ON COLUMN api.opportunities.amount_min IS 'Lowest amount, in units of amount_currency for each amount_period; 0 for a training that is free. Of a job without the field: by a label or a sentence of its text on what it pays.';
COMMENT ON COLUMN api.opportunities.amount_max IS 'Highest amount, in units of amount_currency for each amount_period.';
COMMENT ON COLUMN api.opportunities.amount_currency IS 'ISO 4217 (XAF).';
COMMENT ON COLUMN api.opportunities.amount_period IS 'hour, day, week, month or year; null for a single amount.';
COMMENT ON COLUMN api.opportunities.amount_basis IS 'gross or net, where the partner gives it; else null.';
COMMENT ON COLUMN api.opportunities.amount_text IS 'The partner''s own words on the amount.';
COMMENT ON COLUMN api.opportunities.contracts IS 'Contracts offered: permanent, fixed_term, temporary (through an agency), seasonal, internship, apprenticeship, freelance, volunteer. By its field, unless that only says fixed_term, or a code such as TEMPORARY, and the title an internship or an apprenticeship (Stage - …, en alternance). By a label or a sentence of a job''s text that offers one ("Nous offrons un CDI."), where neither says any. Empty where the partner gives none.';
COMMENT ON COLUMN api.opportunities.posted_at IS 'Publication time as the partner last gave it; portals re-date posts, so it is not content.';
COMMENT ON COLUMN api.opportunities.closes_on IS 'Last day to answer, in Africa/Douala. The row is then closed (date), unless it is a program (agr) that still runs. Days of opening, publication, start and interviews do not count; an extension does. Words for a time that is to come without its day (mid-February 2027), and words that name no time at all ("voir l''annonce"), are a doubt (unreadable_end); words that it is closed close the row (source); an impossible day, a past period, numbers of another meaning and words that may say that it is over refuse the record (unreadable_date).';
COMMENT ON COLUMN api.opportunities.positions IS 'Number of places offered.';
COMMENT ON COLUMN api.opportunities.education IS 'Lowest education asked for: none (the partner says that no diploma is needed), primary, vocational, lower_secondary, probatoire (the year before the last of secondary school), upper_secondary, short_tertiary, bachelor, master or doctorate. By its field, else by a sentence of the text; of programs, loans and courses a sentence counts only where it says that no diploma is needed. A diploma that experience or samples of work may replace is not asked for. A portal''s "Qualification avant bac" is vocational: the lowest it may mean.';
COMMENT ON COLUMN api.opportunities.experience IS 'Experience asked for, in the partner''s words.';
COMMENT ON COLUMN api.opportunities.languages IS 'Languages of the text (ISO 639-1: en, fr), as the partner names them, unless the text plainly reads as another; else as the text reads. Empty where they are unknown.';
COMMENT ON COLUMN api.opportunities.status IS 'open or closed. Serve only open ones.';
COMMENT ON COLUMN api.opportunities.closed_why IS 'date: its last day to answer passed; ended: the day it ends passed; absent: the partner no longer shows it; partner: the partner says that it is closed; reverted: the run that created it was undone.';
COMMENT ON COLUMN api.opportunities.created_at IS 'When it was first loaded.';
COMMENT ON COLUMN api.opportunities.updated_at IS 'When its content or status last changed; poll by it.';
COMMENT ON COLUMN api.opportunities.remote IS 'Whether the work can be done from anywhere: by the place, the title, or a text that says the job is remote.';
COMMENT ON COLUMN api.opportunities.quality IS '0 to 100: how much of it can be relied on. Null for rows read before there was a score.';
COMMENT ON COLUMN api.opportunities.quality_parts IS '{"missing": [parts it lacks; a description of 40 characters that ends with its sentence is whole, others need 120], "doubts": [what does not fit together]}.';
COMMENT ON COLUMN api.opportunities.cluster IS 'The same for all rows that are one opportunity, published by several partners; of a row that is alone its id.';
COMMENT ON COLUMN api.opportunities.canonical IS 'Whether the row stands for its cluster: the most complete one that is open; of two about as complete, the one whose source offers it itself. Show these alone.';
COMMENT ON COLUMN api.opportunities.experience_months IS 'Least experience asked for, in months; 0 where the field names a beginner or the text welcomes one. What is only wished (ideally, preferred, souhaité) does not count. By its field, else by a sentence of the text.';
COMMENT ON COLUMN api.opportunities.working_time IS 'full_time, part_time, shift, seasonal, flexible; by its field, else by the contract, the title (full or part time), else by a sentence of the text. Empty if none of them says so.';
COMMENT ON COLUMN api.opportunities.occupation IS 'ISCO-08 unit group the title names, of jobs and trainings; four digits. A course in a language has none: its learners do not become teachers.';
COMMENT ON COLUMN api.opportunities.sector IS 'agriculture, construction, health, …: a word of ours, each within a section of ISIC rev. 4. Of a job: by the title and the occupation it names, else by the field, which tells the sector of the employer, else by the description, else by the name of the employer. Of all others the field comes first. Cleaners of a hotel are of hospitality, and all who teach are of education. The words before a colon in the title come before those behind it.';
COMMENT ON COLUMN api.opportunities.audiences IS 'Whom it says it is for: women, youth, returnees, disabled, displaced, unemployed, students, farmers, entrepreneurs. By title and description: whom a program helps or invites, not whom a job is to work with. A field that marks a post as accessible is read into the description by the source file. "Groupements" are farmers only where the opportunity is about farming. School fees are not for students alone.';
COMMENT ON COLUMN api.opportunities.stream IS 'The list of the partner it stands in.';
COMMENT ON COLUMN api.opportunities.description_html IS 'The description as HTML that is safe to show: p, br, lists, headings, bold and italic, without any attribute. Null where the partner gives plain text: show description.';
COMMENT ON COLUMN api.opportunities.interest_min IS 'Lowest nominal interest in percent a year: the rate told times the periods of a year, not compounded, without tax. Of a loan what is paid, of a savings product what it earns. 0 where the partner says so in words (0 % l''an, sans intérêt); a bare 0 of a template of products is not set, and no rate.';
COMMENT ON COLUMN api.opportunities.interest_max IS 'Highest nominal interest in percent a year.';
COMMENT ON COLUMN api.opportunities.interest_period IS 'What the partner told the rate for: day, week, month, quarter, half_year or year.';
COMMENT ON COLUMN api.opportunities.interest_tax IS 'Tax on the interest in percent of it (TAF, TVA), if it is given beside the rate.';
COMMENT ON COLUMN api.opportunities.interest_text IS 'The partner''s own words on interest.';
COMMENT ON COLUMN api.opportunities.fees_percent IS 'Fees in percent of the amount, summed; 0 where there are none. By their field, else by the words on interest.';
COMMENT ON COLUMN api.opportunities.fees_amount IS 'Fixed fees, summed, in units of fees_currency.';
COMMENT ON COLUMN api.opportunities.fees_currency IS 'ISO 4217 (XAF).';
COMMENT ON COLUMN api.opportunities.fees_text IS 'The partner''s own words on fees.';
COMMENT ON COLUMN api.opportunities.duration_min IS 'Shortest length of the loan, the training or the contract, in months.';
COMMENT ON COLUMN api.opportunities.duration_max IS 'Longest length, in months.';
COMMENT ON COLUMN api.opportunities.duration_text IS 'The partner''s own words on how long.';
COMMENT ON COLUMN api.opportunities.starts_on IS 'Day the training or the work begins, in Africa/Douala.';
COMMENT ON COLUMN api.opportunities.ends_on IS 'Last day of the training, the project, the programme or the contract, in Africa/Douala; a day without time like starts_on and closes_on, from the field ends_at. A year, quarter or half-year gives its last day, and a start with its length the day computed; words that it has ended ("achevé") close the row; other words are a doubt (unreadable_end), never a refusal. Past it, the row is closed (ended). A program (agr) is open while it runs or its call is open: until the later of ends_on and closes_on. All other kinds close with the earlier one.';

CREATE VIEW api.contacts AS
SELECT id, emails, phones
  FROM (SELECT o.id, ARRAY(SELECT e FROM unnest(o.emails) WITH ORDINALITY AS c(e, at)
                            WHERE NOT EXISTS (SELECT FROM ingest.house_contacts h WHERE h.source = o.source AND h.contact = e) ORDER BY at) AS emails,
               ARRAY(SELECT p FROM unnest(o.phones) WITH ORDINALITY AS c(p, at)
                      WHERE NOT EXISTS (SELECT FROM ingest.house_contacts h WHERE h.source = o.source AND h.contact = p) ORDER BY at) AS phones
          FROM ingest.opportunities o WHERE o.status = 'open' AND (o.emails <> '{}' OR o.phones <> '{}')) AS kept
 WHERE emails <> '{}' OR phones <> '{}';
COMMENT ON VIEW api.contacts IS 'How to reach who offers; of persons, so for members of oim_contacts alone. Texts elsewhere are without it. Addresses a portal prints beside every post are left out.';
COMMENT ON COLUMN api.contacts.id IS 'Key of api.opportunities.';
COMMENT ON COLUMN api.contacts.emails IS 'Addresses of e-mail, in lower case, taken out of the texts.';
COMMENT ON COLUMN api.contacts.phones IS 'Telephone numbers (ITU-T E.164: +237…), taken out of the texts.';

CREATE VIEW api.sources AS
SELECT s.slug, s.name, s.enabled,
       (SELECT max(r.finished_at) FROM ingest.runs r WHERE r.source = s.slug AND r.state = 'complete' AND r.mode NOT IN ('pages', 'item', 'replay', 'revert')) AS complete_at
  FROM ingest.sources s;
COMMENT ON VIEW api.sources IS 'The partners.';
COMMENT ON COLUMN api.sources.slug IS 'Key used everywhere.';
COMMENT ON COLUMN api.sources.name IS 'Name for people.';
COMMENT ON COLUMN api.sources.enabled IS 'Whether it is still ingested.';
COMMENT ON COLUMN api.sources.complete_at IS 'End of its last complete run: how fresh its opportunities are.';

CREATE VIEW api.runs AS
SELECT id, source, mode, trigger, state, pages, seen, created, changed, unchanged, rejected, closed, message,
       created_at, started_at, finished_at
  FROM ingest.runs_now;
COMMENT ON VIEW api.runs IS 'Each ingest of a source; a service that asked for one follows it here.';
COMMENT ON COLUMN api.runs.id IS 'As answered by api.request_ingest().';
COMMENT ON COLUMN api.runs.source IS 'Key of api.sources.';
COMMENT ON COLUMN api.runs.mode IS 'incremental, full, pages (those that earlier runs failed to fetch or parse), item (one opportunity again), replay, file, or revert (of an earlier run).';
COMMENT ON COLUMN api.runs.trigger IS 'cron, cli, http, sql (api.request_ingest) or inbox.';
COMMENT ON COLUMN api.runs.state IS 'waiting (behind another run of the source), queued, running, closing (audited and published); then complete, partial (published, closed nothing: some page is missing), held (implausible: not published) or failed.';
COMMENT ON COLUMN api.runs.pages IS 'Answers archived.';
COMMENT ON COLUMN api.runs.seen IS 'Records read: created + changed + unchanged + rejected.';
COMMENT ON COLUMN api.runs.created IS 'Opportunities new to us; of a held run, those that publishing it would add among them.';
COMMENT ON COLUMN api.runs.changed IS 'Opportunities whose content changed, or that opened again; of a held run, those that would.';
COMMENT ON COLUMN api.runs.unchanged IS 'Opportunities found as they were.';
COMMENT ON COLUMN api.runs.rejected IS 'Records refused, each kept with its reason.';
COMMENT ON COLUMN api.runs.closed IS 'Opportunities closed because the run proved that they are gone; of a revert, those that it closed.';
COMMENT ON COLUMN api.runs.message IS 'Why it is not complete, or what it waits for.';
COMMENT ON COLUMN api.runs.created_at IS 'When it was asked for.';
COMMENT ON COLUMN api.runs.started_at IS 'When a worker began.';
COMMENT ON COLUMN api.runs.finished_at IS 'When it ended.';

-- The entry for other services. SECURITY DEFINER: the caller needs EXECUTE here, and no right on any table.
CREATE FUNCTION api.request_ingest(
    source text, mode text DEFAULT 'incremental', since timestamptz DEFAULT NULL, record_limit integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entered record;
BEGIN
    IF $2 IS NULL OR $2 NOT IN ('incremental', 'full') THEN
        RAISE EXCEPTION 'unknown mode "%"', $2 USING ERRCODE = 'invalid_parameter_value', HINT = 'Use incremental or full.';
    END IF;
    IF $4 < 1 THEN
        RAISE EXCEPTION 'record_limit % is not a number of records', $4 USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF length($5) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'idempotency_key must have 1 to 200 characters' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO entered FROM ingest.request_run($1, $2, 'sql', $3, $4, $5, session_user::text);
    RETURN entered.run;
END $$;
COMMENT ON FUNCTION api.request_ingest IS
    'Asks for a run and answers its id (see api.runs). Asked again with the same idempotency_key, or while a run of the source is active or waits that does all that is asked, it answers that run. A run that asks for more waits until the active one has ended.';
