#!/usr/bin/env bash
# Starts a demo in a folder of its own, calls a script with its URL and a token of scope admin, and stops it again.
#   tests/with-demo.sh tests/schemathesis.sh
#   tests/with-demo.sh tests/axe.sh
# OIM_ETL names a built binary; without it, cargo builds one.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }

work=$(mktemp -d)
touch "$work/err"
if [ -n "${OIM_ETL:-}" ]; then program=("$OIM_ETL"); else program=(cargo run --quiet --); fi
"${program[@]}" demo --data "$work/demo" --keep >"$work/out" 2>"$work/err" &
demo=$!
stop() {
    kill "$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
until grep -q '^console ' "$work/err"; do
    kill -0 "$demo" 2>/dev/null || { cat "$work/err"; exit 1; }
    sleep 1
done
url=$(sed -n 's|^console *\(http://[^/]*\)/.*|\1|p' "$work/err")
token=$(sed -n 's/^console .* with //p' "$work/err")
"$@" "$url" "$token"
