-- The accounts of a deployment, for psql as an administrator. It may be run again at any time, and must be run once more after
-- the first migration, because `oim_scaler` reads a table that the migration creates:
--   psql -v owner=SECRET -v worker=SECRET -v scaler=SECRET -v database=oim -f deploy/postgres/roles.sql
--
-- oim_owner   owns the schemas; only the migration logs in as this account
-- oim_worker  reads and writes rows; cannot change a table, and cannot drop one
-- oim_scaler  counts waiting jobs, and sees nothing else
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest(ARRAY['oim_owner', 'oim_worker', 'oim_scaler']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
-- CREATEROLE: the migration creates oim_reader, oim_trigger and oim_contacts.
ALTER ROLE oim_owner WITH CREATEROLE PASSWORD :'owner';
ALTER ROLE oim_worker WITH PASSWORD :'worker';
ALTER ROLE oim_scaler WITH PASSWORD :'scaler';
-- On RDS, an administrator must be a member of a role to give it a database.
GRANT oim_owner TO CURRENT_USER;

SELECT format('CREATE DATABASE %I OWNER oim_owner', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
\connect :database
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"database" TO oim_owner, oim_worker;
GRANT CONNECT ON DATABASE :"database" TO oim_scaler;

-- A worker reads which migrations there are; only the owner adds any.
GRANT USAGE, CREATE ON SCHEMA public TO oim_owner;
GRANT USAGE ON SCHEMA public TO oim_worker;
REVOKE CREATE ON SCHEMA public FROM oim_worker;

ALTER DEFAULT PRIVILEGES FOR ROLE oim_owner GRANT USAGE ON SCHEMAS TO oim_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE oim_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO oim_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE oim_owner GRANT USAGE ON SEQUENCES TO oim_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE oim_owner GRANT EXECUTE ON FUNCTIONS TO oim_worker;

SELECT to_regclass('queue.jobs') IS NOT NULL AS migrated
\gset
\if :migrated
GRANT USAGE ON SCHEMA queue TO oim_scaler;
GRANT SELECT ON queue.jobs, queue.lanes TO oim_scaler;
\else
\echo 'run this file again after the first migration'
\endif
