-- Pairs on which people decided, in the format of tune.jsonl: psql -qAt -f decided.sql "$DATABASE_URL" > decided.jsonl
-- It holds what partners published, contacts too: keep it where the database is.

CREATE FUNCTION pg_temp.side(wanted uuid) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'source', source, 'kind', kind, 'external_id', external_id, 'title', title, 'organization', organization,
    -- Contacts are cut from descriptions, and decide.
    'description', concat_ws(E'\n', description, nullif(array_to_string(phones || emails, ' '), '')),
    'place', coalesce(nullif(array_to_string(localities, ' | '), ''), nullif(array_to_string(regions, ' | '), ''), 'Cameroun'),
    'contract', contracts[1], 'education', replace(education, '_', ' '), 'experience', experience_months || ' mois',
    'salary', CASE WHEN amount_currency IS NOT NULL
                   THEN concat_ws(' ', concat_ws(' - ', trim_scale(amount_min), trim_scale(nullif(amount_max, amount_min))), amount_currency, amount_period)
              END,
    'posted_at', posted_at::date, 'closes_at', closes_on, 'starts_at', starts_on))
  FROM ingest.opportunities WHERE id = wanted
$$;

SELECT jsonb_build_object('id', one || ' ' || other, 'same', same, 'why', 'decided', 'a', pg_temp.side(one), 'b', pg_temp.side(other))
  FROM ingest.match_decisions ORDER BY at;
