#!/usr/bin/env bash
# Makes the root of the image from a built binary, without a container engine, and tries it as the image runs: another root,
# read-only, as a user without rights.
#   rootfs.sh make BINARY DIR    makes the root in DIR
#   rootfs.sh try  BINARY        makes one, and runs the binary in it; needs root, or user namespaces
# With DATABASE_URL set, `try` also runs a worker until its health check passes.
set -euo pipefail

readonly USER_ID=65532

make() {
    local binary=$1 root=$2 library
    install -D -m 755 "$binary" "$root/usr/local/bin/oim-etl"
    ldd "$binary" | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do
        install -D -m 755 "$(readlink -f "$library")" "$root$library"
    done
    # Name lookups load these two; the binary does not name them.
    for library in /lib/x86_64-linux-gnu/libnss_{files,dns}.so.2; do
        [ ! -e "$library" ] || install -D -m 755 "$library" "$root$library"
    done
    [ ! -d /etc/ssl/certs ] || { mkdir -p "$root/etc/ssl" && cp -rL /etc/ssl/certs "$root/etc/ssl/" 2>/dev/null || true; }
    install -d -m 755 "$root/etc" "$root/proc" "$root/dev"
    : >"$root/dev/null"
    install -d -m 1777 "$root/tmp"
    install -d -m 700 -o "$USER_ID" -g "$USER_ID" "$root/var/lib/oim-etl"
    printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:%s:%s:nonroot:/home/nonroot:/sbin/nologin\n' \
        "$USER_ID" "$USER_ID" >"$root/etc/passwd"
    printf 'root:x:0:\nnonroot:x:%s:\n' "$USER_ID" >"$root/etc/group"
    # A static busybox, as the image copies it. Debian: busybox-static.
    if command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1; then
        install -D -m 755 "$(command -v busybox)" "$root/usr/bin/wget"
    fi
}

# within ROOT: the rest runs in mount and process namespaces of its own, which end with it.
within() {
    root=$1
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount -t tmpfs -o "uid=$USER_ID,gid=$USER_ID,mode=700" tmpfs "$root/var/lib/oim-etl"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t proc proc "$root/proc"
    mount --bind /dev/null "$root/dev/null"
    local run=(chroot "--userspec=$USER_ID:$USER_ID" "$root")
    local set=(OIM_ETL_DATA_DIR=/var/lib/oim-etl OIM_ETL_WORKER__HTTP=127.0.0.1:18081 OIM_ETL_LOG=warn)

    echo "version: $("${run[@]}" /usr/local/bin/oim-etl --version)"
    "${run[@]}" /usr/local/bin/oim-etl config >/dev/null 2>&1
    echo 'config: runs'
    if touch "$root/etc/written" 2>/dev/null; then
        echo 'FAILED: the root can be written' && return 1
    fi
    echo 'root: read-only, also for the superuser'
    if [ -z "${DATABASE_URL:-}" ]; then
        echo 'worker: skipped, DATABASE_URL is not set'
        return
    fi
    env -i PATH="$PATH" "${set[@]}" DATABASE_URL="$DATABASE_URL" "${run[@]}" /usr/local/bin/oim-etl worker --no-scheduler &
    local worker=$! tries=0
    until "${run[@]}" /usr/bin/wget -q -O /dev/null http://127.0.0.1:18081/health/live 2>/dev/null; do
        kill -0 "$worker" 2>/dev/null || { echo 'FAILED: the worker ended' && return 1; }
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || { echo 'FAILED: the health check did not pass' && return 1; }
        sleep 0.5
    done
    echo "worker: healthy as user $(stat -c %u "/proc/$worker"), root read-only"
    kill -TERM "$worker"
    wait "$worker"
    echo 'worker: stopped by SIGTERM with 0'
}

case "${1:-} $#" in
'make 3') make "$2" "$3" ;;
'try 2')
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    chmod 755 "$root"
    make "$2" "$root"
    own=()
    [ "$(id -u)" -eq 0 ] || own=(--user --map-auto --map-root-user)
    unshare "${own[@]}" --mount --pid --fork --mount-proc "$0" within "$root"
    ;;
'within 2') within "$2" ;;
*) sed -n '2,6s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
