#!/usr/bin/env bash
# Makes the peers' virtual environment in target/peers (or in $1). They are optional: without them the bench says so and goes on.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder="${1:-target/peers}"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --requirement benches/peers/requirements.txt || {
    echo "the peers could not be installed: is PyPI reachable?"
    exit 1
}
"$folder/bin/pip" list 2>/dev/null | grep -iE '^(dlt|scrapy|psycopg2)'
