#!/usr/bin/env bash
# PostgreSQL 15 from Debian, with data of its own: the system's own server is left alone.
NAME=postgres
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

VERSION=15
PROGRAMS=/usr/lib/postgresql/$VERSION/bin
PORTS="POSTGRES_PORT"
STOP_SIGNAL=INT  # "Fast": a client that stays connected must not keep it from stopping.
: "${POSTGRES_PORT:=5432}"

missing() { [ -x "$PROGRAMS/postgres" ] || say "PostgreSQL $VERSION"; }

install() { need "$PROGRAMS/postgres" postgresql-$VERSION; }

# PostgreSQL refuses to run as root. Its own user may not enter root's folders, unless it keeps the
# right to: without that, data below root's home would need another home.
AS_POSTGRES=()
if [ "$(id -u)" = 0 ]; then
    AS_POSTGRES=(setpriv --reuid=postgres --regid=postgres --init-groups
        --inh-caps=+dac_override --ambient-caps=+dac_override)
fi

create() {
    local secret=$D/password
    rm -rf "$D/data.partial"
    printf %s "$DEVELOPMENT_PASSWORD" >"$secret"
    "${AS_POSTGRES[@]}" "$PROGRAMS/initdb" -D "$D/data.partial" -U postgres -A scram-sha-256 \
        --pwfile="$secret" --no-locale -E UTF8
    rm -f "$secret"
    mv "$D/data.partial" "$D/data"
}

begin() {
    [ -d "$D/data" ] || logged "$D/initdb.log" create
    # A killed server may stay a zombie for long, and PostgreSQL would take it for one that runs.
    # `start` has seen to it that nothing does.
    rm -f "$D/data/postmaster.pid"
    : >"$D/server.log"
    launch server "${AS_POSTGRES[@]}" "$PROGRAMS/postgres" -D "$D/data" -p "$POSTGRES_PORT" \
        -c listen_addresses=$HOST -c unix_socket_directories= -c max_connections=200
    answers server 60 "$PROGRAMS/pg_isready" -q -h $HOST -p "$POSTGRES_PORT"
}

settings() { say "POSTGRES_HOST=$HOST"; say "POSTGRES_PORT=$POSTGRES_PORT"; }

main "$@"
