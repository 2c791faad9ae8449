#!/usr/bin/env bash
# Jaeger, all in one process and in memory: takes OTLP by gRPC and by HTTP, and can be asked.
NAME=jaeger
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

VERSION=1.76.0
MODULE=github.com/jaegertracing/jaeger
PROGRAM=$SERVICES_HOME/bin/jaeger-all-in-one-$VERSION
PORTS="JAEGER_GRPC_PORT JAEGER_HTTP_PORT JAEGER_QUERY_PORT JAEGER_INNER_PORTS"
: "${JAEGER_GRPC_PORT:=4317}" "${JAEGER_HTTP_PORT:=4318}" "${JAEGER_QUERY_PORT:=16686}"
# Its health, its older protocols, and its query interface by gRPC.
: "${JAEGER_INNER_PORTS:=14269 14250 14268 16685}"
read -r -a INNER <<<"$JAEGER_INNER_PORTS"

missing() { [ -x "$PROGRAM" ] || say "Jaeger $VERSION"; }

# Its go.mod replaces a module, which `go install` refuses: a module of our own asks for the same.
ask_for_it() {
    local source
    source=$(go mod download -json "$MODULE@v$VERSION" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    cp "$source/go.sum" .
    {
        printf 'module local/jaeger\n\n'
        grep -E '^(go|toolchain) ' "$source/go.mod"
        printf 'require %s v%s\n' $MODULE $VERSION
        sed -n '/^require/,/^)/p; /^replace/p' "$source/go.mod"
    } >go.mod
}

install() {
    if [ -x "$PROGRAM" ]; then return; fi
    command -v go >/dev/null || die "Go 1.21 or newer is needed to build Jaeger"
    say "$NAME: building Jaeger $VERSION (four minutes, 2 GB for the time being)"
    local build=$SERVICES_HOME/jaeger-build log=$SERVICES_HOME/jaeger-build.log
    mkdir -p "$build/module" "$SERVICES_HOME/bin"
    # Caches of its own, which the next attempt finds and success deletes.
    (
        export GOMODCACHE=$build/modules GOCACHE=$build/cache GOFLAGS="-p=2 -trimpath -buildvcs=false -modcacherw -mod=mod"
        export CGO_ENABLED=0
        cd "$build/module"
        ask_for_it
        go build -ldflags "-s -w" -o "$PROGRAM.partial" $MODULE/cmd/all-in-one
    ) >"$log" 2>&1 || die "building failed; see $log"
    mv "$PROGRAM.partial" "$PROGRAM"
    rm -rf "$build"
}

healthy() { curl -fsS "http://$HOST:${INNER[0]}/" >/dev/null; }

begin() {
    : >"$D/server.log"
    SPAN_STORAGE_TYPE=memory launch server "$PROGRAM" --memory.max-traces=10000 --log-level=warn \
        --admin.http.host-port="$HOST:${INNER[0]}" \
        --collector.grpc-server.host-port="$HOST:${INNER[1]}" \
        --collector.http-server.host-port="$HOST:${INNER[2]}" \
        --query.grpc-server.host-port="$HOST:${INNER[3]}" \
        --query.http-server.host-port="$HOST:$JAEGER_QUERY_PORT" \
        --collector.otlp.grpc.host-port="$HOST:$JAEGER_GRPC_PORT" \
        --collector.otlp.http.host-port="$HOST:$JAEGER_HTTP_PORT"
    answers server 30 healthy
}

settings() { say "OTEL_EXPORTER_ENDPOINT=http://$HOST:$JAEGER_GRPC_PORT"; }

main "$@"
