#!/usr/bin/env bash
# Rehearses the accounts, a backup, a restore and the query of KEDA on a PostgreSQL of its own, with a built binary:
#   deploy/rehearse.sh BINARY [MANIFESTS]      the folder that render.py wrote has the query
# Needs the programs of PostgreSQL. As root, the server runs as `postgres`.
set -euo pipefail
binary=$(readlink -f "$1") manifests=${2:-}
cd "$(dirname "$0")/.."

bin=$(dirname "$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1)")
work=$(mktemp -d)
chmod 755 "$work"
as=()
[ "$(id -u)" -ne 0 ] || { as=(setpriv --reuid=postgres --regid=postgres --clear-groups) && chown postgres "$work"; }
server() { "${as[@]}" "$bin/pg_ctl" --pgdata="$work/cluster" --log="$work/log" --wait --silent "$@" >/dev/null; }
trap 'server stop --mode=immediate || true; rm -rf "$work"' EXIT
export PGHOST=$work PGPORT=5432 PGUSER=postgres PGDATABASE=oim ARCHIVE=$work/data/archive BACKUPS=$work/backups KEEP=2
"${as[@]}" "$bin/initdb" --pgdata="$work/cluster" --username=postgres --auth=trust >/dev/null
server start --options="-k '$work' -c listen_addresses=''"

fail() { echo "FAILED: $*" && exit 1; }
# sql [USER] QUERY
sql() { if [ $# -eq 2 ]; then psql -qAt -U "$1" -c "$2"; else psql -qAt -c "$1"; fi; }
refused() { if "$@" >"$work/refused" 2>&1; then fail "$* is not refused"; fi; }
accounts() {
    psql -q -d postgres -v owner=o -v worker=w -v scaler=s -v database=oim -f deploy/postgres/roles.sql >/dev/null 2>&1
}
oim() {
    local user=$1
    shift
    DATABASE_URL="postgres://$user@localhost/oim?host=$work" OIM_ETL_LOG=error OIM_ETL_DATA_DIR=$work/data "$binary" "$@" >/dev/null 2>&1
}
rows() { sql "SELECT count(*), md5(string_agg(o::text, '|' ORDER BY id)) FROM ingest.opportunities o"; }

accounts
oim oim_owner migrate || fail 'the owner cannot migrate'
accounts
oim oim_worker ingest fao --file fixtures/fao/projets.csv || fail 'the worker cannot load a file'
for statement in 'DROP TABLE ingest.pages' 'TRUNCATE ingest.pages' 'ALTER TABLE ingest.pages ADD x int'; do
    refused sql oim_worker "$statement"
done
refused sql oim_scaler 'SELECT 1 FROM ingest.opportunities'
echo 'accounts: the owner migrates, the worker loads, and neither the worker nor the scaler can do more'

before=$(rows)
for _ in 1 2 3; do
    deploy/backup.sh once >/dev/null
    sleep 1 # a dump is named after its second
done
dumps=("$BACKUPS"/*.dump)
[ "${#dumps[@]}" -eq 2 ] || fail "${#dumps[@]} dumps are kept, not 2"
refused deploy/backup.sh restore "${dumps[1]}"
grep -q 'not empty' "$work/refused" || fail 'a database with rows is not spared'
psql -q -d postgres -c 'ALTER DATABASE oim RENAME TO oim_broken' -c 'CREATE DATABASE oim OWNER oim_owner'
mv "$work/data" "$work/lost"
cp "${dumps[0]}" "$work/good"
printf x >>"${dumps[0]}"
refused deploy/backup.sh restore "${dumps[0]}"
[ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'ingest'")" -eq 0 ] || fail 'a damaged dump is restored'
deploy/backup.sh restore "${dumps[1]}" >/dev/null
accounts
[ "$(rows)" = "$before" ] || fail 'the restored rows differ'
diff -r "$ARCHIVE" "$work/lost/archive" >/dev/null || fail 'the restored archive differs'
oim oim_worker replay fao || fail 'the restored archive cannot be parsed'
[ "$(rows)" = "$before" ] || fail 'a replay of the restored archive changes rows'
echo "backup: restored ${before%|*} rows and their archive; a damaged dump and a full database are refused"

[ -n "$manifests" ] || exit 0
query=$("${PYTHON:-python3}" - "$manifests/default.yml" <<'PY'
import sys, yaml
found = [one for one in yaml.safe_load_all(open(sys.argv[1])) if one["kind"] == "ScaledObject"]
print(found[0]["spec"]["triggers"][0]["metadata"]["query"])
PY
)
sql "INSERT INTO queue.lanes (lane, max_running) VALUES ('fetch:rehearsal', 1)" >/dev/null
grows_by() {
    sql "DELETE FROM queue.jobs" >/dev/null
    sql "INSERT INTO queue.jobs (kind, lane, payload) SELECT 'fetch_page', 'fetch:rehearsal', '{}' FROM generate_series(1, $1)" >/dev/null
    [ "$(sql oim_scaler "$query")" = "$2" ] || fail "with $1 jobs the pool grows by $(sql oim_scaler "$query"), not $2"
}
grows_by 0 0.5
grows_by 99 0.5
grows_by 100 1
grows_by 500 1
grows_by 501 2
sql "UPDATE queue.lanes SET held = true WHERE lane = 'fetch:rehearsal'" >/dev/null
grows_by 501 0.5
echo 'scaling: doubles above 500 jobs, halves below 100, and leaves paused sources out'
