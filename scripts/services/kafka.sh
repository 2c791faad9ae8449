#!/usr/bin/env bash
# Apache Kafka: one broker that is its own controller, open and with SASL over TLS.
NAME=kafka
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

VERSION=4.4.0
LIBRARIES=$SERVICES_HOME/kafka-$VERSION
PORTS="KAFKA_PORT KAFKA_SASL_PORT KAFKA_CONTROLLER_PORT"
: "${KAFKA_PORT:=9092}" "${KAFKA_SASL_PORT:=9094}" "${KAFKA_CONTROLLER_PORT:=9093}"
# A developer's first message should not fail for want of a topic; tests make their own.
: "${KAFKA_AUTO_CREATE_TOPICS:=true}"
LOGGING="-Dlog4j.shutdownHookEnabled=false -Dlog4j2.configurationFile=file:$SCRIPTS/kafka/log4j2.properties"

missing() {
    [ -d "$LIBRARIES" ] || say "Apache Kafka $VERSION"
    command -v java >/dev/null || say "Java 17"
    command -v openssl >/dev/null || say "openssl"
}

install() {
    need java openjdk-17-jdk-headless
    need openssl openssl
    if [ -d "$LIBRARIES" ]; then return; fi
    say "$NAME: fetching Apache Kafka $VERSION (65 MB)"
    fresh "$LIBRARIES"
    maven copy-dependencies -f "$SCRIPTS/kafka/pom.xml" -Dkafka.version=$VERSION \
        -DincludeScope=runtime -DoutputDirectory="$LIBRARIES.partial"
    mv "$LIBRARIES.partial" "$LIBRARIES"
}

# An authority for this broker alone: $D/tls/ca.crt is what its clients trust.
certificates() (
    if [ -f "$D/tls/server.pem" ]; then exit; fi
    rm -rf "$D/tls"
    mkdir "$D/tls"
    cd "$D/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=development-ca \
        -keyout ca.key -out ca.crt -addext basicConstraints=critical,CA:TRUE
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
    printf 'subjectAltName=DNS:localhost,IP:%s\nextendedKeyUsage=serverAuth,clientAuth\n' \
        "$HOST" >extensions
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \
        -out server.crt -extfile extensions
    openssl pkcs8 -topk8 -nocrypt -in server.key -out server.p8
    cat server.p8 server.crt ca.crt >partial.pem
    mv partial.pem server.pem
)

format() {
    local scram="[name=scram-user,password=$DEVELOPMENT_PASSWORD]"
    # shellcheck disable=SC2086 # Several options.
    java -Xmx256m -XX:TieredStopAtLevel=1 $LOGGING -cp "$LIBRARIES/*" kafka.tools.StorageTool format \
        --cluster-id 4L6g3nShT-eMCtK--X86sw --config "$D/server.properties" \
        --add-scram "SCRAM-SHA-256=$scram" --add-scram "SCRAM-SHA-512=$scram"
}

begin() {
    logged "$D/openssl.log" certificates
    sed -e "s#@PORT@#$KAFKA_PORT#g; s#@SASL_PORT@#$KAFKA_SASL_PORT#g; s#@DATA@#$D#g" \
        -e "s#@CONTROLLER_PORT@#$KAFKA_CONTROLLER_PORT#g; s#@PASSWORD@#$DEVELOPMENT_PASSWORD#" \
        -e "s#@AUTO_CREATE_TOPICS@#$KAFKA_AUTO_CREATE_TOPICS#" \
        "$SCRIPTS/kafka/server.properties" >"$D/server.properties"
    [ -f "$D/data/meta.properties" ] || logged "$D/format.log" format
    : >"$D/broker.log"
    # shellcheck disable=SC2086 # Several options.
    launch broker java -Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -Djava.awt.headless=true $LOGGING -cp "$LIBRARIES/*" kafka.Kafka "$D/server.properties"
    answers broker 60 grep -q 'Kafka Server started' "$D/broker.log"
}

settings() { say "KAFKA_BOOTSTRAP_SERVERS=$HOST:$KAFKA_PORT"; }

main "$@"
