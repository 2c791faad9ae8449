#!/usr/bin/env bash
# A Redis Cluster of three primaries, from Debian's redis-server 7.
NAME=redis
. "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

PORTS="REDIS_PORTS REDIS_BUS_PORTS"
: "${REDIS_PORTS:=7001 7002 7003}" "${REDIS_BUS_PORTS:=17001 17002 17003}"
read -r -a NODES <<<"$REDIS_PORTS"
read -r -a BUSES <<<"$REDIS_BUS_PORTS"
SLOTS=("0 5460" "5461 10922" "10923 16383")

missing() {
    command -v redis-server >/dev/null || say "Redis 7"
    command -v redis-cli >/dev/null || say "redis-cli"
}

install() {
    need redis-server redis-server
    need redis-cli redis-tools
}

# node INDEX COMMAND…: one of the three; its errors are answers with code 0.
node() {
    local port=${NODES[$1]} answer
    shift
    answer=$(redis-cli -h $HOST -p "$port" "$@") && say "$answer" &&
        ! [[ $answer =~ ^(ERR|LOADING|CLUSTERDOWN) ]]
}

# Every write is in the file before its answer: it survives the process, if not the machine.
launch_node() {
    local home=$D/node-${NODES[$1]}
    mkdir -p "$home"
    : >"$D/node-$1.log"
    launch "node-$1" redis-server --bind $HOST --port "${NODES[$1]}" --cluster-enabled yes \
        --cluster-port "${BUSES[$1]}" --cluster-config-file nodes.conf --cluster-node-timeout 2000 \
        --dir "$home" --save '' --appendonly yes --appendfsync no
}

# One after the other: a node must know its slots and its epoch before it meets the others.
form() {
    local i
    for i in 0 1 2; do
        # shellcheck disable=SC2086 # First and last.
        node "$i" cluster addslotsrange ${SLOTS[$i]}
        node "$i" cluster set-config-epoch $((i + 1))
    done
    node 0 cluster meet $HOST "${NODES[1]}" "${BUSES[1]}"
    node 0 cluster meet $HOST "${NODES[2]}" "${BUSES[2]}"
}

knows_all() {
    local state
    state=$(node "$1" cluster info) || return 1
    [[ $state == *cluster_state:ok* && $state == *cluster_known_nodes:3* ]]
}

begin() {
    local i
    for i in 0 1 2; do launch_node "$i"; done
    for i in 0 1 2; do answers "node-$i" 30 node "$i" ping; done
    if [[ $(node 0 cluster info) == *cluster_slots_assigned:0* ]]; then
        logged "$D/form.log" form
    fi
    for i in 0 1 2; do answers "node-$i" 30 knows_all "$i"; done
}

settings() { say "REDIS_CLUSTER_NODES=$HOST:${NODES[0]},$HOST:${NODES[1]},$HOST:${NODES[2]}"; }

main "$@"
