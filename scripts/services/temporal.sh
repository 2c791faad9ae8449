#!/usr/bin/env bash
# The Temporal server, all its services in one process, on the PostgreSQL at POSTGRES_PORT.
NAME=temporal
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

VERSION=1.32.2
TOOLCHAIN=go1.26.10  # The server's go.mod asks for it; any Go from 1.21 on fetches it by itself.
BIN=$SERVICES_HOME/bin
NAMESPACE=neural-hive-mind
ATTRIBUTES="OrchIntent OrchPlan OrchDecision OrchOutcome OrchRiskBand"
PORTS="TEMPORAL_PORT TEMPORAL_INNER_PORTS"
: "${TEMPORAL_PORT:=7233}" "${POSTGRES_PORT:=5432}"
# History, matching and worker; then what the four services find each other by.
: "${TEMPORAL_INNER_PORTS:=7234 7235 7239 6933 6934 6935 6939}"
# The client comes with the development requirements, so that it stands in the environment.
: "${TEMPORAL_CLI:=$SCRIPTS/../../.venv/bin/temporal}"
export TEMPORAL_VERSION_CHECK_DISABLED=1

# Named by version, as the programs themselves say it.
built() { [ -x "$BIN/$1" ] && [[ $("$BIN/$1" --version 2>&1) == *"version $VERSION" ]]; }

both_built() { built temporal-server && built temporal-sql-tool; }

missing() {
    both_built || say "Temporal server $VERSION"
    command -v "$TEMPORAL_CLI" >/dev/null || say "the program temporal (make test installs it)"
    command -v psql >/dev/null || say "psql"
}

install() {
    need psql postgresql-client-15
    if both_built; then return; fi
    command -v go >/dev/null || die "Go 1.21 or newer is needed to build the Temporal server"
    say "$NAME: building Temporal server $VERSION (ten minutes, 5 GB for the time being)"
    local build=$SERVICES_HOME/temporal-build log=$SERVICES_HOME/temporal-build.log
    mkdir -p "$build" "$BIN"
    # Caches of its own, which the next attempt finds and success deletes.
    (
        export GOTOOLCHAIN=$TOOLCHAIN GOMODCACHE=$build/modules GOCACHE=$build/cache GOBIN=$build
        export CGO_ENABLED=0 GOFLAGS="-p=2 -trimpath -buildvcs=false -modcacherw"
        go install -ldflags "-s -w" "go.temporal.io/server/cmd/server@v$VERSION" \
            "go.temporal.io/server/cmd/tools/sql@v$VERSION"
    ) >"$log" 2>&1 || die "the build failed; read $log"
    mv "$build/server" "$BIN/temporal-server"
    mv "$build/sql" "$BIN/temporal-sql-tool"
    rm -rf "$build"
}

temporal() { "$TEMPORAL_CLI" "$@" --address "$HOST:$TEMPORAL_PORT" --command-timeout 5s; }

# query SQL [DATABASE]
query() {
    PGPASSWORD=$DEVELOPMENT_PASSWORD psql -qtA -h $HOST -p "$POSTGRES_PORT" -U postgres -c "$1" \
        "${2:-postgres}"
}

schema() {
    "$BIN/temporal-sql-tool" --plugin postgres12 --ep $HOST -p "$POSTGRES_PORT" -u temporal \
        --pw "$DEVELOPMENT_PASSWORD" --db "$@"
}

# Step by step, so that a set-up which was cut off goes on. The last step does nothing when the
# schema is new enough, and brings it forward when it is not.
create_databases() {
    local database
    query "select 1 from pg_roles where rolname = 'temporal'" | grep -q 1 ||
        query "create role temporal login createdb password '$DEVELOPMENT_PASSWORD'"
    for database in temporal temporal_visibility; do
        query "select 1 from pg_database where datname = '$database'" | grep -q 1 ||
            schema $database create
        query "select 1 from pg_tables where tablename = 'schema_version'" $database | grep -q 1 ||
            schema $database setup-schema -v 0.0
        schema $database update-schema --schema-name "postgresql/v12/${database#temporal_}"
    done
}

configure() {
    local history matching worker gossip
    read -r history matching worker gossip <<<"$TEMPORAL_INNER_PORTS"
    # shellcheck disable=SC2086 # Four numbers.
    set -- $gossip
    sed -e "s#@POSTGRES@#$HOST:$POSTGRES_PORT#g; s#@PASSWORD@#$DEVELOPMENT_PASSWORD#g" \
        -e "s#@FRONTEND@#$TEMPORAL_PORT#g; s#@HISTORY@#$history#; s#@MATCHING@#$matching#" \
        -e "s#@WORKER@#$worker#; s#@GOSSIP_1@#$1#; s#@GOSSIP_2@#$2#; s#@GOSSIP_3@#$3#" \
        -e "s#@GOSSIP_4@#$4#; s#@DYNAMIC@#$SCRIPTS/temporal/dynamic.yaml#" \
        "$SCRIPTS/temporal/server.yaml" >"$D/server.yaml"
}

create_namespace() {
    temporal operator namespace describe --namespace $NAMESPACE && return
    temporal operator namespace create --namespace $NAMESPACE --retention 72h
}

create_attributes() {
    local known name new=()
    known=$(temporal operator search-attribute list --namespace $NAMESPACE) || return 1
    for name in $ATTRIBUTES; do
        grep -qw "$name" <<<"$known" || new+=(--name "$name" --type Keyword)
    done
    [ ${#new[@]} = 0 ] ||
        temporal operator search-attribute create --namespace $NAMESPACE "${new[@]}"
}

# The services learn of a new namespace and its attributes from a cache, a little later.
searchable() { temporal workflow count --namespace $NAMESPACE --query "OrchRiskBand = 'low'"; }

begin() {
    query "select 1" >"$D/setup.log" 2>&1 ||
        die "no PostgreSQL answers at $HOST:$POSTGRES_PORT; read $D/setup.log"
    logged "$D/setup.log" create_databases
    configure
    : >"$D/server.log"
    launch server "$BIN/temporal-server" --config-file "$D/server.yaml" --allow-no-auth start
    answers server 60 temporal operator cluster health
    answers server 30 create_namespace
    answers server 30 create_attributes
    answers server 60 searchable
}

settings() { say "TEMPORAL_HOST=$HOST"; say "TEMPORAL_PORT=$TEMPORAL_PORT"; }

main "$@"
