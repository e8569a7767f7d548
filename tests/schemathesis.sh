#!/usr/bin/env bash
# Lets schemathesis call every operation of a running worker's OpenAPI document with made-up requests, right and wrong ones.
#   tests/schemathesis.sh URL TOKEN     URL of a worker of a database that nobody needs; TOKEN of scope admin
#   tests/with-demo.sh tests/schemathesis.sh
# It needs Python. schemathesis comes from PyPI into a folder of its own; where PyPI cannot be reached, the script says so and succeeds.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }

readonly VERSION=4.32.5
readonly EXAMPLES=${EXAMPLES:-40}
home=${XDG_CACHE_HOME:-$HOME/.cache}/oim-etl/schemathesis-$VERSION
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ ! -x "$home/bin/st" ]; then
    if ! { python3 -m venv "$home" && "$home/bin/pip" install --quiet "schemathesis==$VERSION"; } >"$work/pip" 2>&1; then
        rm -rf "$home"
        echo "skipped: schemathesis is not installed and PyPI does not give it: $(tail -1 "$work/pip")"
        exit 0
    fi
fi

url=${1%/} token=$2
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
