# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: the daemon under test.

daemon=""
daemon_log=""

# What the daemon is started with.
launcher=()

# ION nodes that everybody may open: that must not open any heap.
ion_config='
[ion]
mode = "0666"
heaps = { 0 = "display", 1 = "camera", 4 = "linux,cma" }
[ion.ion-legacy]
abi = "legacy"
mode = "0666"
heaps = { 0 = "also-display", 1 = "also-camera", 4 = "also-linux,cma" }'

# The config of the heaps as stdin. Returns when the nodes are there, as they are to be.
start_daemon() {
    {
        cat
        echo "$ion_config"
    } >"$scratch/config.toml"
    rm -f "$scratch/log"
    mkfifo "$scratch/log"
    "${launcher[@]}" "$DMAHEAPD" --config "$scratch/config.toml" --frontend "$frontend" --dev-root "$dev_root" \
        2>"$scratch/log" &
    daemon=$!
    exec {daemon_log}<"$scratch/log"
    await_serving
    [ "$frontend" = fuse ] || await_nodes add
}

await_serving() {
    local line
    while read -r -t "$patience" -u "$daemon_log" line; do
        echo "$line" >>"$scratch/daemon"
        case "$line" in
            *" serving "*" heap(s) "*) return ;;
        esac
    done
    fail "dmaheapd does not start"
}

# $1: the signal that ends it.
stop_daemon() {
    local status=0
    kill "-$1" "$daemon"
    wait "$daemon" 2>/dev/null || status=$?
    daemon=""
    exec {daemon_log}<&-
    [ "$1" = KILL ] || [ "$status" -eq 0 ] || fail "dmaheapd ended with status $status"
    [ "$frontend" = fuse ] || await_nodes remove
}
