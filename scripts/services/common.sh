# Shared by the scripts beside it, which source it. bash, Linux (/proc).
#
# A server's script sets NAME, PORTS (the names of its port variables, with their defaults set) and
# may set STOP_SIGNAL. It defines
#     missing    print what is not installed, a line each; nothing when all is there
#     install    fetch what is missing
#     begin      start the server on data in $D, and return when it answers
#     settings   print what a client has to know, as lines for `.env`
# and ends with `main "$@"`, which gives it the commands that `usage` lists.
# shellcheck shell=bash disable=SC2034,SC2153 # It sets what they use, and uses what they set.
set -euo pipefail

SCRIPTS=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
: "${SERVICES_HOME:=${XDG_CACHE_HOME:-$HOME/.cache}/orchestrator-services}"
SERVICES_HOME=$(realpath -m -- "$SERVICES_HOME")
export SERVICES_HOME
HOST=127.0.0.1
STOP_SIGNAL=TERM
# Whatever listens here listens on loopback, so that a password which everybody knows does no harm.
DEVELOPMENT_PASSWORD=development-only

usage() {
    echo "usage: $NAME.sh install | missing" >&2
    echo "       $NAME.sh start | stop | kill | freeze | thaw | running | pids | settings DIRECTORY" >&2
    exit 2
}

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "$NAME" "$*" >&2
    exit 1
}

# --- What is installed --------------------------------------------------------------------------

# need PROGRAM PACKAGE: have a program, from Debian where it is missing.
need() {
    if command -v "$1" >/dev/null; then return; fi
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        die "there is no '$1' here; on Debian, as root: apt-get install $2"
    fi
    debian "$2"
}

# debian PACKAGE: install it, but let it start no server of its own.
debian() (
    say "$NAME: installing Debian's $1"
    policy=/usr/sbin/policy-rc.d
    log=$SERVICES_HOME/apt.log
    if ! [ -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    if ! [ -e "$SERVICES_HOME/.apt-updated" ]; then
        apt-get -q update >>"$log" 2>&1 || die "apt-get update failed; read $log"
        touch "$SERVICES_HOME/.apt-updated"
    fi
    if ! apt-get -q install -y --no-install-recommends "$1" >>"$log" 2>&1; then
        rm -f "$SERVICES_HOME/.apt-updated"  # The lists may be too old: fetch them next time.
        die "apt-get install $1 failed; read $log"
    fi
)

# maven ARGUMENTS: run Maven quietly, again if the network fails. `-U`: it remembers failures.
maven() {
    need mvn maven
    local plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1 goal=$1 attempt
    local log=$SERVICES_HOME/maven.log
    shift
    for attempt in 1 2 3; do
        if mvn -B -q -ntp -U "$plugin:$goal" "$@" >"$log" 2>&1; then return; fi
        say "$NAME: Maven failed (attempt $attempt of 3)" >&2
        sleep 3
    done
    tail -n 20 "$log" >&2
    die "Maven could not fetch what is needed; read $log"
}

# fresh FOLDER: an empty folder beside the final one, which `mv` makes final: all or nothing.
fresh() {
    rm -rf "$1.partial"
    mkdir -p "$1.partial"
}

# --- Processes ----------------------------------------------------------------------------------

# birth PID: when a process was started, in ticks; nothing for one that is gone or a zombie, to
# which `kill -0` would still succeed.
birth() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    # shellcheck disable=SC2086 # The fields after the name, which may hold spaces itself.
    set -- ${stat##*) }
    case $1 in Z | X) ;; *) printf %s "${20}" ;; esac
}

# record NAME PID: remember a process. Its birth tells it from a later one that has its number.
record() { say "$2 $(birth "$2")" >"$D/$1.pid"; }

# alive FILE: whether the process that was recorded there still runs.
alive() {
    local pid born
    read -r pid born <"$1" 2>/dev/null && [ -n "$born" ] && [ "$(birth "$pid")" = "$born" ]
}

# launch NAME COMMAND…: run it detached, with its output in a log.
launch() {
    local name=$1
    shift
    setsid nohup "$@" >>"$D/$name.log" 2>&1 </dev/null &
    record "$name" $!
}

# roots: the recorded processes that still run.
roots() {
    local file pid
    for file in "$D"/*.pid; do
        if [ -e "$file" ] && alive "$file"; then
            read -r pid _ <"$file"
            say "$pid"
        fi
    done
}

# pids: those, and every process that they have started.
pids() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v roots="$(roots | tr '\n' ' ')" '
        { pid = $1; sub(/^.*\) /, ""); if ($1 != "Z" && $1 != "X") parent[pid] = $2 }
        END {
            count = split(roots, queue, " ")
            for (i = 1; i <= count; i++) {
                print queue[i]
                for (pid in parent) if (parent[pid] == queue[i]) queue[++count] = pid
            }
        }'
}

# send SIGNAL PID…: to those that are still there.
send() {
    local signal=$1 pid
    shift
    for pid in "$@"; do kill -s "$signal" "$pid" 2>/dev/null || true; done
}

# halted: all are told to halt, and do; one that has been born meanwhile is told the next time.
halted() {
    local all pid
    mapfile -t all < <(pids)
    send STOP "${all[@]}"
    for pid in "${all[@]}"; do
        case $(sed 's/^.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) in
        T | '') ;;
        *) return 1 ;;
        esac
    done
    [ "$(pids)" = "$(printf '%s\n' "${all[@]}")" ]
}

running() {
    local file found=
    for file in "$D"/*.pid; do
        if [ -e "$file" ]; then
            alive "$file" || return 1
            found=yes
        fi
    done
    [ -n "$found" ]
}

# within SECONDS COMMAND…: try until it succeeds; fail when time is up.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then return 1; fi
        sleep 0.1
    done
}

# answers NAME SECONDS COMMAND…: wait until it succeeds, as long as the process NAME lives.
answers() {
    local name=$1 limit=$2
    shift 2
    # shellcheck disable=SC2317
    either() { ! alive "$D/$name.pid" || "$@"; }
    if within "$limit" either "$@" && alive "$D/$name.pid"; then return; fi
    tail -n 20 "$D/$name.log" >&2
    die "$name did not start; read $D/$name.log"
}

# logged LOG COMMAND…: run it with its output in a log, and say which when it fails. (A plain
# `COMMAND || die` would switch `set -e` off inside a function.)
logged() {
    local log=$1 code
    shift
    set +e
    (set -e; "$@") >>"$log" 2>&1
    code=$?
    set -e
    if [ $code = 0 ]; then return; fi
    tail -n 20 "$log" >&2
    die "failed; read $log"
}

# gone PID…: whether none of them runs.
gone() {
    local pid
    for pid in "$@"; do [ -z "$(birth "$pid")" ] || return 1; done
}

# end_all SIGNAL: end everything that runs on $D; what does not end by itself is killed.
end_all() {
    local all told
    mapfile -t all < <(pids)
    if [ ${#all[@]} -gt 0 ]; then
        mapfile -t told < <(if [ "$1" = KILL ]; then pids; else roots; fi)
        send "$1" "${told[@]}"
        send CONT "${all[@]}"  # A frozen process sees no signal but KILL.
        within 20 gone "${all[@]}" || { send KILL "${all[@]}" && within 10 gone "${all[@]}"; } ||
            die "these processes do not end: ${all[*]}"
    fi
    rm -f "$D"/*.pid
}

# --- Ports --------------------------------------------------------------------------------------

in_use() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

is_free() { ! in_use "$1"; }

# serves PORT PATH: whether an HTTP server answers with 200.
serves() (
    exec 3<>"/dev/tcp/$HOST/$1" || exit 1
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
    read -r -t 5 status <&3 && [[ $status == *" 200 "* ]]
)

each_port() {
    local name port
    for name in $PORTS; do
        for port in ${!name}; do say "$name $port"; done
    done
}

wait_for_ports() {
    local name port
    each_port | while read -r name port; do
        # A killed server frees its port a little late.
        within 5 is_free "$port" ||
            die "port $port is in use by another program; choose another with $name"
    done
}

remember_ports() {
    local name
    for name in $PORTS; do printf '%s="%s"\n' "$name" "${!name}"; done >"$D/ports"
}

# --- Commands -----------------------------------------------------------------------------------

install_once() {
    mkdir -p "$SERVICES_HOME"
    exec 9>"$SERVICES_HOME/$NAME.lock"
    flock 9  # Whoever comes second finds it done.
    if [ -n "$(missing)" ]; then install; fi
    exec 9>&-
}

start() {
    if running; then
        say "$NAME: runs already"
        return
    fi
    [ -z "$(missing)" ] || die "not installed: $(missing); run: make services"
    mkdir -p "$D"
    end_all KILL
    wait_for_ports
    trap 'end_all KILL' EXIT  # Whatever goes wrong below, nothing stays half-started.
    begin
    trap - EXIT
    remember_ports
    say "$NAME: serves on $HOST, $(each_port | head -1)"
}

stop() {
    if [ -z "$(pids)" ]; then
        say "$NAME: did not run"
    else
        end_all "$STOP_SIGNAL"
        say "$NAME: stopped"
    fi
}

remembered_settings() {
    # shellcheck disable=SC1091
    . "$D/ports"
    settings
}

main() {
    case ${1:-} in
    install) install_once; return ;;
    missing) missing; return ;;
    esac
    [ $# = 2 ] || usage
    D=$(realpath -m -- "$2")
    # shellcheck disable=SC2046 # Numbers.
    case $1 in
    start) start ;;
    stop) stop ;;
    kill) end_all KILL ;;
    freeze) within 10 halted || die "these processes do not halt: $(pids | tr '\n' ' ')" ;;
    thaw) send CONT $(pids) ;;
    running) running ;;
    pids) pids ;;
    settings) remembered_settings ;;
    *) usage ;;
    esac
}
