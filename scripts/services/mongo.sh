#!/usr/bin/env bash
# MongoDB's protocol from mongo-java-server: one process on one file. No transactions, no sessions,
# no change streams, no partial indexes, no expiry: what is tested here uses old and plain features.
NAME=mongo
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

VERSION=1.47.0
SERVER=$SERVICES_HOME/mongo-java-server-$VERSION
SOURCE=$SCRIPTS/mongo/Serve.java
PORTS="MONGO_PORT"
: "${MONGO_PORT:=27017}"

missing() {
    # Compiled anew when its source has changed.
    cmp -s "$SOURCE" "$SERVER/Serve.java" || say "mongo-java-server $VERSION"
    command -v java >/dev/null || say "Java 17"
}

install() {
    need java openjdk-17-jdk-headless
    need javac openjdk-17-jdk-headless
    say "$NAME: fetching mongo-java-server $VERSION (6 MB)"
    fresh "$SERVER"
    maven copy-dependencies -f "$SCRIPTS/mongo/pom.xml" -Dserver.version=$VERSION \
        -DincludeScope=runtime -DoutputDirectory="$SERVER.partial/libs"
    javac -cp "$SERVER.partial/libs/*" -d "$SERVER.partial/classes" "$SOURCE"
    cp "$SOURCE" "$SERVER.partial/"
    rm -rf "$SERVER"
    mv "$SERVER.partial" "$SERVER"
}

begin() {
    : >"$D/server.log"
    launch server java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
        -cp "$SERVER/libs/*:$SERVER/classes" Serve $HOST "$MONGO_PORT" "$D/data.mv"
    answers server 30 grep -q '^serving' "$D/server.log"
}

settings() { say "MONGODB_URI=mongodb://$HOST:$MONGO_PORT"; }

main "$@"
