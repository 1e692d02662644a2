# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: who gets at which heap, in which way.

heaps=(display camera 'linux,cma')
failures=0
checked=0

# The ways to a heap. Each is a function way_NAME that prints, for the user $1, a word for each heap
# (see probe.c). What the matrix gives is what every way has to give.
ways=(node alias ion ion_legacy)

way_node() {
    run_as "$1" "$PERMISSIONS/probe" node "${heaps[@]/#/$nodes/}"
}

# Each heap has a second name, with a node of its own.
way_alias() {
    run_as "$1" "$PERMISSIONS/probe" node "${heaps[@]/#/$nodes/also-}"
}

# $1: a heap, then a command that takes files: does it to the nodes of the heap.
at() {
    "${@:2}" "$nodes/$1" "$nodes/also-$1"
}

# The same for all heaps.
at_all() {
    local heap
    for heap in "${heaps[@]}"; do
        at "$heap" "$@"
    done
}

# The ids are those of start_daemon().
way_ion() {
    run_as "$1" "$PERMISSIONS/probe" ion "$dev_root/ion" 0 1 4
}

way_ion_legacy() {
    run_as "$1" "$PERMISSIONS/probe" ion-legacy "$dev_root/ion-legacy" 0 1 4
}

# $1: the way, the rest: the words of the matrix. Prints what that way makes of them.
words_by() {
    case "$1" in
        ion | ion_legacy) echo "${*:2}" | sed -E 's/\b[rw]\b/-/g' ;; # takes the right to read and to write
        *) echo "${*:2}" ;;
    esac
}

# $1: what is the case, $2: the way, $3: the user, the rest: the words that are expected.
check_way() {
    local state="$1" way="$2" user="$3" answer expected
    shift 3
    expected="$(words_by "$way" "$@")"
    answer="$("way_$way" "$user")" || answer="${answer:-nothing} (status $?)"
    checked=$((checked + $#))
    [ "$answer" != "$expected" ] || return 0
    failures=$((failures + 1))
    echo "FAILED $state: $user gets by $way: $answer; expected: $expected"
}

# $1: what is the case. The matrix is stdin: titles, then a line for each user.
expect() {
    local state="$1" user way
    local -a words seen=()
    read -ra words
    [ "${words[*]}" = "user ${heaps[*]}" ] || fail "$state: a matrix of other heaps: ${words[*]}"
    while read -r user words; do
        seen+=("$user")
        for way in "${ways[@]}"; do
            # shellcheck disable=SC2086 # one word for each heap
            check_way "$state" "$way" "$user" $words </dev/null
        done
    done
    [ "${seen[*]}" = "${users[*]}" ] || fail "$state: a matrix of other users: ${seen[*]}"
    echo "$state: looked at"
}
