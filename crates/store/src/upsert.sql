-- Amounts arrive in hundredths, rates in thousandths; list columns arrive as one text, values separated by U+001F; what few rows
-- have arrives as one object, or as none.
INSERT INTO ingest.opportunities AS o (
    id, source, stream, external_id, kind, title, url, organization, description, places, countries, regions, localities,
    pay_min, pay_max, pay_currency, pay_period, pay_basis, pay_text, contracts, posted_at, closes_on, positions, education,
    experience, language, experience_months, working_time, occupation, sector, audiences, remote, emails, phones, quality,
    quality_parts, description_html, interest_min, interest_max, interest_period, interest_tax, interest_text, fees_percent,
    fees_amount, fees_currency, fees_text, duration_min, duration_max, duration_text, starts_on, fingerprint, status, closed_why, first_run,
    changed_run, page, content_at)
SELECT u.id, $1, u.stream, u.external_id, u.kind, u.title, u.url, u.organization, u.description, u.places,
       string_to_array(u.countries, E'\x1f'), string_to_array(u.regions, E'\x1f'), string_to_array(u.localities, E'\x1f'),
       u.pay_min / 100.0, u.pay_max / 100.0, u.pay_currency, u.pay_period, u.pay_basis, u.pay_text,
       string_to_array(u.contracts, E'\x1f'), u.posted_at, u.closes_on, u.positions, u.education, u.experience, u.language,
       u.experience_months, string_to_array(u.working_time, E'\x1f'), u.occupation, u.sector,
       string_to_array(u.audiences, E'\x1f'), u.remote, string_to_array(u.emails, E'\x1f'), string_to_array(u.phones, E'\x1f'), u.quality, u.quality_parts,
       u.description_html, t.interest_min / 1000.0, t.interest_max / 1000.0, t.interest_period, t.interest_tax / 1000.0, t.interest_text,
       t.fees_percent / 1000.0, t.fees_amount / 100.0, t.fees_currency, t.fees_text, t.duration_min / 100.0, t.duration_max / 100.0,
       t.duration_text, t.starts_on, u.fingerprint, CASE WHEN u.closed_why IS NULL THEN 'open' ELSE 'closed' END, u.closed_why,
       $2, $2, $3, $4
  FROM unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
              $13::jsonb[], $14::text[], $15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[], $20::text[],
              $21::text[], $22::text[], $23::text[], $24::timestamptz[], $25::date[], $26::integer[], $27::text[], $28::text[],
              $29::text[], $30::smallint[], $31::text[], $32::text[], $33::text[], $34::text[], $35::boolean[], $36::text[], $37::text[],
              $38::smallint[], $39::jsonb[], $40::text[], $41::jsonb[], $42::bytea[], $43::text[])
       AS u(id, stream, external_id, kind, title, url, organization, description, places, countries, regions,
            localities, pay_min, pay_max, pay_currency, pay_period, pay_basis, pay_text, contracts, posted_at, closes_on,
            positions, education, experience, language, experience_months, working_time, occupation, sector, audiences, remote,
            emails, phones, quality, quality_parts, description_html, terms, fingerprint, closed_why)
  LEFT JOIN LATERAL jsonb_to_record(u.terms) AS t(interest_min bigint, interest_max bigint, interest_period text, interest_tax bigint,
            interest_text text, fees_percent bigint, fees_amount bigint, fees_currency text, fees_text text, duration_min integer,
            duration_max integer, duration_text text, starts_on date) ON true
ON CONFLICT (id) DO UPDATE SET
    stream = excluded.stream, kind = excluded.kind, title = excluded.title, url = excluded.url,
    organization = excluded.organization, description = excluded.description, places = excluded.places,
    countries = excluded.countries, regions = excluded.regions, localities = excluded.localities,
    pay_min = excluded.pay_min, pay_max = excluded.pay_max, pay_currency = excluded.pay_currency,
    pay_period = excluded.pay_period, pay_basis = excluded.pay_basis, pay_text = excluded.pay_text,
    contracts = excluded.contracts, posted_at = excluded.posted_at, closes_on = excluded.closes_on,
    positions = excluded.positions, education = excluded.education, experience = excluded.experience,
    language = excluded.language, experience_months = excluded.experience_months, working_time = excluded.working_time,
    occupation = excluded.occupation, sector = excluded.sector, audiences = excluded.audiences, remote = excluded.remote, emails = excluded.emails, phones = excluded.phones,
    quality = excluded.quality, quality_parts = excluded.quality_parts, description_html = excluded.description_html,
    interest_min = excluded.interest_min, interest_max = excluded.interest_max, interest_period = excluded.interest_period,
    interest_tax = excluded.interest_tax, interest_text = excluded.interest_text, fees_percent = excluded.fees_percent,
    fees_amount = excluded.fees_amount, fees_currency = excluded.fees_currency, fees_text = excluded.fees_text,
    duration_min = excluded.duration_min, duration_max = excluded.duration_max, duration_text = excluded.duration_text,
    starts_on = excluded.starts_on,
    fingerprint = excluded.fingerprint, status = excluded.status, closed_why = excluded.closed_why,
    changed_run = excluded.changed_run, page = excluded.page, content_at = excluded.content_at, updated_at = now()
  WHERE o.content_at <= excluded.content_at
    AND (o.fingerprint, o.status) IS DISTINCT FROM (excluded.fingerprint, excluded.status)
RETURNING (xmax = 0) AS "was_new!"
