#!/usr/bin/env bash
# Lets schemathesis call every operation of a running worker's OpenAPI document with made-up requests, right and wrong ones.
#   tests/schemathesis.sh URL TOKEN     URL of a worker of a database that nobody needs; TOKEN of scope admin
#   tests/schemathesis.sh               starts the demo for it, and stops it again
# It needs Python. schemathesis comes from PyPI into a folder of its own; where PyPI cannot be reached, the script says so and succeeds.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VERSION=4.32.5
readonly EXAMPLES=${EXAMPLES:-40}
home=${XDG_CACHE_HOME:-$HOME/.cache}/oim-etl/schemathesis-$VERSION
work=$(mktemp -d)
demo=
stop() {
    [ -z "$demo" ] || kill "$demo" 2>/dev/null || true
    [ -z "$demo" ] || wait "$demo" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

if [ ! -x "$home/bin/st" ]; then
    if ! { python3 -m venv "$home" && "$home/bin/pip" install --quiet "schemathesis==$VERSION"; } >"$work/pip" 2>&1; then
        rm -rf "$home"
        echo "skipped: schemathesis is not installed and PyPI does not give it: $(tail -1 "$work/pip")"
        exit 0
    fi
fi

url=${1:-} token=${2:-}
if [ -z "$url" ]; then
    cargo run --quiet -- demo --data "$work/demo" --keep >"$work/out" 2>"$work/err" &
    demo=$!
    until grep -q '^console ' "$work/err"; do
        kill -0 "$demo" 2>/dev/null || { cat "$work/err"; exit 1; }
        sleep 1
    done
    url=$(sed -n 's|^console *\(http://[^/]*\)/.*|\1|p' "$work/err")
    token=$(sed -n 's/^console .* with //p' "$work/err")
fi

cat >"$work/schemathesis.toml" <<'T'
# A value that no row can have (a region that does not exist, days the wrong way round) is understood and refused with 422; 409 and 415
# are right answers too. 503: this worker does not hold the vector index.
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422", "503"]
negative_data_rejection.expected-statuses = ["4xx", "503"]
T
cd "$work"
"$home/bin/st" --config-file "$work/schemathesis.toml" run "$url/v1/openapi.json" --url "$url" \
    --header "Authorization: Bearer $token" --max-examples "$EXAMPLES" --seed 1 --generation-codec utf-8 \
    --phases examples,coverage,fuzzing --exclude-path-regex '^/v1/openapi' --continue-on-failure
