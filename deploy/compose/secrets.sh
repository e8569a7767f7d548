#!/usr/bin/env bash
# Writes `.env` with a random password for each account. It never replaces one: PostgreSQL would keep the old passwords.
set -euo pipefail
cd "$(dirname "$0")"
[ ! -e .env ] || { echo '.env exists, and is left as it is' && exit 0; }
umask 077
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
{
    echo 'COMPOSE_FILE=compose.yml:monitoring.yml:backup.yml'
    for name in POSTGRES OWNER WORKER SCALER GRAFANA; do
        echo "${name}_PASSWORD=$(random)"
    done
    echo "API_TOKEN=$(random)"
    # A folder on another disk than the volumes of Docker.
    echo 'BACKUPS=./backups'
} >.env
echo 'wrote .env; put the credentials of partners into partners.env'
