# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by the scenarios of this folder, which tests/vm/suite runs in a machine: a daemon with a
# config, a camera, and what is asserted of programs. BOARD and DMAHEAPD name the programs.

set -euo pipefail

heaps=/dev/dma_heap
daemon=""
log=/tmp/dmaheapd.log

# $1: what has failed. The daemon's log and the kernel's say more.
fail() {
    echo "board: $1" >&2
    tail -n 20 "$log" >&2 || true
    dmesg | tail -n 20 >&2 || true
    exit 1
}

# $1: what is missing.
skip() {
    echo "SKIPPED board: $1"
    exit 77
}

# $@: programs of this folder that the scenario is about.
need() {
    local program
    for program in "$@"; do
        [ -x "$BOARD/$program" ] || skip "$program has not been built (libdrm-dev?)"
    done
}

# Called at the end, whatever the reason for it.
end_daemon() {
    [ -z "$daemon" ] || kill -KILL "$daemon" 2>/dev/null || true
}

# $1: a command that says whether it is so, $2: what is waited for.
wait_until() {
    local attempt
    for attempt in {1..3000}; do
        ! "$1" || return 0
        sleep 0.1
    done
    fail "$2 (looked $attempt times)"
}

has_ended() {
    ! kill -0 "$daemon" 2>/dev/null
}

is_ready() {
    ! has_ended || fail "dmaheapd has ended"
    grep -q " info: serving " "$log"
}

# stdin: the config.
start_daemon() {
    cat >/tmp/board.toml
    "$DMAHEAPD" -c /tmp/board.toml --frontend cuse --exporter udmabuf 2>"$log" &
    daemon=$!
    trap end_daemon EXIT
    wait_until is_ready "dmaheapd does not get ready"
}

# Prints the node of the vivid driver's camera.
camera() {
    local folder
    for folder in /sys/class/video4linux/video*; do
        if [[ "$(cat "$folder/name")" == *vid-cap* ]]; then
            echo "/dev/${folder##*/}"
            return
        fi
    done
    fail "there is no camera"
}

# $@: a command, which must succeed.
succeeds() {
    echo "board: ${*##*/}"
    "$@" || fail "$1 failed with status $?"
}

# $1: a whole line of its output, $2: how often it must be there, then a command, which must succeed.
succeeds_saying() {
    local said=/tmp/said
    echo "board: ${*:3}"
    "${@:3}" >"$said" || fail "$3 failed with status $?"
    sed 's/^/board: it says: /' "$said"
    [ "$(grep -cFx "$1" "$said")" -eq "$2" ] || fail "it does not say $2 times: $1"
}

# $1: the end of what it says on stderr, then a command, which must fail with status 1.
refused() {
    local status=0 said=/tmp/said
    echo "board: refused: ${*:2}"
    "${@:2}" 2>"$said" || status=$?
    sed 's/^/board: it says: /' "$said"
    [ "$status" -eq 1 ] || fail "status $status instead of 1"
    [[ "$(tail -n 1 "$said")" == *"$1" ]] || fail "it does not end with $1"
}
