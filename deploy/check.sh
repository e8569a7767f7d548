#!/usr/bin/env bash
# Checks every file of this folder with the validators that are installed, and names those that are missing.
#   deploy/check.sh          skips what is missing
#   deploy/check.sh --all    fails where a validator is missing
# pip install -r deploy/requirements.txt; Debian: prometheus (promtool), systemd. OIM_ETL names a built binary to try.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

readonly SCHEMA_AT=170098ba07d9f53c383a41bfd4c5166b0a4529a6
schema=${COMPOSE_SCHEMA:-${XDG_CACHE_HOME:-$HOME/.cache}/oim-etl/compose-spec-$SCHEMA_AT.json}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=python3
# The validators of a virtual environment come with its Python.
! command -v kubernetes-validate >/dev/null || python=$(dirname "$(command -v kubernetes-validate)")/python3
missing=() failed=() passed=0

# check NAME TOOL COMMAND...: runs the command if the tool is there.
check() {
    local name=$1 tool=$2
    shift 2
    if ! command -v "$tool" >/dev/null; then
        missing+=("$name ($tool)")
    elif "$@" >"$work/out" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %-22s %s\n' "$name" "$(grep -v '^\s*$' "$work/out" | tail -1 | cut -c1-120)"
    else
        failed+=("$name")
        printf 'FAIL  %s\n' "$name"
        sed 's/^/      /' "$work/out"
    fi
}

# import MODULE...: whether this Python has them.
import() { "$python" -c "import $(IFS=,; echo "$*")" 2>/dev/null; }

alerts() {
    promtool check rules deploy/chart/files/alerts.yml && promtool test rules deploy/alerts/*.yml
}

scrapes() {
    cp deploy/compose/prometheus.yml deploy/chart/files/alerts.yml "$work/" && promtool check config "$work/prometheus.yml"
}

# verify: the units in a root of their own, where the programs exist.
units() {
    local root=$work/root unit
    mkdir -p "$root/etc/systemd/system" "$root/usr/lib/systemd" "$root/usr/local/bin" "$root/usr/local/lib/oim-etl"
    cp -r /lib/systemd/system "$root/usr/lib/systemd/"
    cp deploy/systemd/*.service deploy/systemd/*.timer "$root/etc/systemd/system/"
    install -m 755 deploy/backup.sh "$root/usr/local/lib/oim-etl/backup.sh"
    install -m 755 deploy/backup.sh "$root/usr/local/bin/oim-etl"
    local services=(oim-etl@0.service oim-etl-migration.service oim-etl-backup.service)
    for unit in "${services[@]}" oim-etl-backup.timer; do
        systemd-analyze verify --root="$root" "$unit" 2>&1 | grep -F oim-etl && return 1
    done
    # 2.5 of 10: the network and the machine's files are what a worker needs.
    systemd-analyze security --offline=yes --root="$root" --threshold=25 --no-pager "${services[@]}" |
        grep -E 'Overall exposure' || return 1
    systemd-analyze security --offline=yes --root="$root" --threshold=25 --no-pager "${services[@]}" >/dev/null
}

compose_schema() {
    [ -s "$schema" ] || {
        mkdir -p "$(dirname "$schema")"
        curl -fsSL --max-time 20 -o "$schema" \
            "https://raw.githubusercontent.com/compose-spec/compose-spec/$SCHEMA_AT/schema/compose-spec.json"
    }
}

check image hadolint hadolint deploy/image/Dockerfile
check scripts shellcheck shellcheck deploy/check.sh deploy/rehearse.sh deploy/backup.sh deploy/image/rootfs.sh deploy/compose/secrets.sh
check yaml yamllint yamllint -c deploy/yamllint.yml deploy/compose deploy/alerts deploy/argocd deploy/chart/files .github/workflows
check workflows actionlint actionlint
check 'workflows: safety' zizmor zizmor --offline --quiet .github/workflows
check alerts promtool alerts
check scraping promtool scrapes
check units systemd-analyze units
if import helm_python kubernetes_validate yaml; then
    check chart "$python" "$python" deploy/render.py "$work/manifests"
else
    missing+=('chart (helm-python-sdk, kubernetes-validate)')
fi
if ! import jsonschema yaml || [ ! -d "$work/manifests" ]; then
    missing+=('agreement (jsonschema, and the chart)')
elif ! compose_schema 2>/dev/null; then
    missing+=("agreement (the schema of compose; COMPOSE_SCHEMA names a copy)")
else
    check agreement "$python" "$python" deploy/check_files.py "$schema" "$work/manifests"
fi
if [ -n "${OIM_ETL:-}" ]; then
    check 'root of the image' unshare deploy/image/rootfs.sh try "$OIM_ETL"
    rendered=()
    [ ! -d "$work/manifests" ] || rendered=("$work/manifests")
    check rehearsal psql env PYTHON="$python" deploy/rehearse.sh "$OIM_ETL" "${rendered[@]}"
fi

for name in "${missing[@]}"; do printf 'skip  %s\n' "$name"; done
printf '%s checks passed, %s failed, %s skipped\n' "$passed" "${#failed[@]}" "${#missing[@]}"
[ "${#failed[@]}" -eq 0 ] && { [ "${1:-}" != --all ] || [ "${#missing[@]}" -eq 0 ]; }
