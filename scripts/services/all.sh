#!/usr/bin/env bash
# All servers together, for people: install what is missing, start what does not run, stop it again.
# Data and logs are in $SERVICES_HOME/run. The ports are variables, named in README.md beside this.
NAME=services
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

RUN=$SERVICES_HOME/run
# In the order of starting: Temporal needs PostgreSQL.
ALL="kafka registry mongo postgres temporal redis jaeger"

server() { "$SCRIPTS/$1.sh" "$2" "${@:3}"; }

install_all() {
    local name absent
    for name in $ALL; do
        server "$name" install
        absent=$(server "$name" missing)
        [ -z "$absent" ] || die "still missing: $absent"
    done
    say "Everything is installed in $SERVICES_HOME."
}

# PostgreSQL's own port is often taken by the system's server. A choice by name is kept, and so is
# the port of one that runs.
choose_postgres_port() {
    if [ -n "${POSTGRES_PORT:-}" ]; then return; fi
    POSTGRES_PORT=5432
    if server postgres running "$RUN/postgres"; then
        POSTGRES_PORT=$(server postgres settings "$RUN/postgres" | sed -n 's/^POSTGRES_PORT=//p')
    elif in_use 5432; then
        say "Port 5432 is in use by another program: PostgreSQL takes 55432."
        POSTGRES_PORT=55432
    fi
    export POSTGRES_PORT
}

STARTED=()

# Those that ran before stay.
undo() {
    local i
    say "Stopping what was started, since not everything could be." >&2
    for ((i = ${#STARTED[@]} - 1; i >= 0; i--)); do
        server "${STARTED[$i]}" stop "$RUN/${STARTED[$i]}" >&2
    done
}

up() {
    local name
    install_all
    choose_postgres_port
    trap undo EXIT
    for name in $ALL; do
        if server "$name" running "$RUN/$name"; then
            say "$name: runs already"
        else
            say "$name: starting"
            server "$name" start "$RUN/$name"
            STARTED+=("$name")
        fi
    done
    trap - EXIT
    printf "\n"
    say "# For .env; the servers keep their data and logs in $RUN."
    for name in kafka registry temporal mongo redis jaeger; do server "$name" settings "$RUN/$name"; done
}

# In the other order, and to the end even if one does not stop.
down() {
    local name failed=0 backwards=
    for name in $ALL; do backwards="$name $backwards"; done
    for name in $backwards; do server "$name" stop "$RUN/$name" || failed=1; done
    return $failed
}

case ${1:-} in
install)
    install_all
    # No server, but what looks at ours in the tests.
    need chromium chromium
    need promtool prometheus
    ;;
up) up ;;
down) down ;;
*)
    echo "usage: all.sh install | up | down" >&2
    exit 2
    ;;
esac
