#!/usr/bin/env bash
# Backs up the database and the archive, and restores both. The vector index is not part of it: a worker refills it.
#   backup.sh once             makes one backup now
#   backup.sh daily HH:MM      makes one every day at that time, until it is stopped
#   backup.sh verify DUMP      compares a dump with its digest, and parses it
#   backup.sh restore DUMP     restores a dump into the empty database PGDATABASE, and the archive into ARCHIVE
# PGHOST, PGUSER, PGPASSWORD, PGDATABASE: an account that may read everything. ARCHIVE, BACKUPS: folders.
# KEEP: how many dumps stay (default: 14). ARCHIVE may be empty if the archive is a bucket, which has versions of its own.
set -euo pipefail
umask 077

say() { printf '%s %s\n' "$(date --utc +%FT%TZ)" "$*"; }

# The dump comes first: an answer is archived before its row is written, so the copy holds all that the dump names.
once() {
    local dump
    mkdir -p "$BACKUPS/archive"
    rm -f "$BACKUPS/$PGDATABASE-"*.part # of a backup that was broken off
    dump="$BACKUPS/$PGDATABASE-$(date --utc +%Y%m%dT%H%M%SZ).dump"
    pg_dump --format=custom --compress=6 --file="$dump.part"
    mv "$dump.part" "$dump"
    (cd "$BACKUPS" && sha256sum "$(basename "$dump")" >"$dump.sha256")
    verify "$dump"
    # Files of the archive never change: what is there is not copied again.
    [ -z "${ARCHIVE:-}" ] || cp -R --no-clobber --preserve=timestamps "$ARCHIVE/." "$BACKUPS/archive/"
    find "$BACKUPS" -maxdepth 1 -name "$PGDATABASE-*.dump" | sort -r | tail -n "+$((${KEEP:-14} + 1))" |
        while read -r old; do rm -f "$old" "$old.sha256"; done
    say "backed up: $dump, $(stat -c %s "$dump") bytes; $(find "$BACKUPS/archive" -type f | wc -l) answers"
}

verify() {
    (cd "$(dirname "$1")" && sha256sum --check --quiet "$(basename "$1").sha256")
    pg_restore --list "$1" | grep 'TABLE DATA ingest opportunities' >/dev/null || {
        say "$1 has no opportunities: it is not a dump of oim-etl" >&2
        return 1
    }
}

restore() {
    verify "$1"
    local tables
    tables=$(psql -Atc "SELECT count(*) FROM pg_namespace WHERE nspname IN ('queue', 'ingest', 'api')")
    [ "$tables" -eq 0 ] || { say "database $PGDATABASE is not empty: nothing was restored" >&2 && exit 1; }
    pg_restore --dbname="$PGDATABASE" --exit-on-error --single-transaction "$1"
    if [ -n "${ARCHIVE:-}" ]; then
        mkdir -p "$ARCHIVE"
        cp -R --no-clobber --preserve=timestamps "$(dirname "$1")/archive/." "$ARCHIVE/"
    fi
    say "restored $1: $(psql -Atc 'SELECT count(*) FROM ingest.opportunities') opportunities"
}

daily() {
    local next
    while :; do
        next=$(date -d "today $1" +%s)
        [ "$next" -gt "$(date +%s)" ] || next=$(date -d "tomorrow $1" +%s)
        say "next backup at $(date -d "@$next")"
        sleep "$((next - $(date +%s)))" &
        wait $!
        # A process of its own: after `||`, bash would not stop at the first command that fails.
        bash "$0" once || say 'the backup failed' >&2
    done
}

case "${1:-} $#" in
'once 1') once ;;
'daily 2') trap 'exit 0' TERM INT && daily "$2" ;;
'verify 2')
    verify "$2"
    say "$2 is complete"
    ;;
'restore 2') restore "$2" ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
