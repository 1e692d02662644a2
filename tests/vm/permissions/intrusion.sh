# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: those who try to get at what is not theirs.

# Says what is wrong unless $1 is $2; $3 is what both are of.
compare() {
    checked=$((checked + 1))
    [ "$1" != "$2" ] || return 0
    failures=$((failures + 1))
    echo "FAILED $3: $1; expected: $2"
}

# $1: a user, who tries to open the nodes from now on until $scratch/end is there.
start_race() {
    local line
    mkfifo "$scratch/race-$1"
    run_as "$1" "$PERMISSIONS/probe" race "$scratch/end" "${heaps[@]/#/$nodes/}" \
        "${heaps[@]/#/$nodes/also-}" >"$scratch/race-$1" &
    exec {race}<"$scratch/race-$1"
    read -r -t "$patience" -u "$race" line || fail "$1 cannot race"
}

# The daemon with a pause behind each step in which a node changes, so that nobody can miss one.
slowed=(strace -D -f -o /dev/null -e "inject=chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown:delay_exit=300000")

# The node of camera's heap passes through his hands, and he may not open it: never while it is made.
raced() {
    local user answer race launcher=("${slowed[@]}")
    local -A races
    for user in camera stranger; do
        start_race "$user"
        races[$user]="$race"
    done
    start_daemon <<'END'
[heap.display]
aliases = ["also-display"]
mode = "0660"
group = "video"
[heap.camera]
aliases = ["also-camera"]
owner = "camera"
group = "video"
mode = "0060"
[heap."linux,cma"]
aliases = ["also-linux,cma"]
END
    touch "$scratch/end"
    for user in "${!races[@]}"; do
        read -r -t "$patience" -u "${races[$user]}" answer || fail "$user does not end to race"
        compare "$answer" "- - - - - -" "at the start, $user"
    done
    stop_daemon TERM
}

# The stranger, who may do nothing, and after all that still may not.
intruded() {
    run_as stranger "$PERMISSIONS/intruder" "$daemon" "$nodes" "${heaps[@]}" also-camera || failures=$((failures + 1))
    expect "after the intruder" < <(configured_matrix)
}

# Heaps of whose permissions nothing is said.
bare_heaps() {
    local heap
    for heap in "${heaps[@]}"; do
        printf '[heap."%s"]\naliases = ["also-%s"]\n' "$heap" "$heap"
    done
}

# Another name of a node, made by root while anybody might open it: it ends with the node, even if
# another device has its number then.
linked() {
    start_daemon < <(bare_heaps)
    chmod 0666 "$nodes/display"
    ln "$nodes/display" /dev/kept
    compare "$(run_as stranger "$PERMISSIONS/probe" node /dev/kept)" rw "a hard link"
    stop_daemon TERM
    start_daemon < <(bare_heaps)
    compare "$(run_as stranger "$PERMISSIONS/probe" node /dev/kept)" - "a hard link after a restart"
    compare "$(stat -c %t:%T /dev/kept)" "$(stat -c %t:%T "$nodes/display")" "its number"
    stop_daemon TERM
}
