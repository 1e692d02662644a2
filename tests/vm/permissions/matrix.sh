# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: who gets at which heap, in which way.

heaps=(display camera 'linux,cma')
failures=0
checked=0

# The ways to a heap. Each is a function way_NAME that prints, for the user $1, a word for each heap
# (see probe.c). All of them must lead to the same.
ways=(node)

way_node() {
    run_as "$1" "$PERMISSIONS/probe" node "${heaps[@]/#/$nodes/}"
}

# $1: what is the case, $2: the way, $3: the user, the rest: the words that are expected.
check_way() {
    local state="$1" way="$2" user="$3" answer
    shift 3
    answer="$("way_$way" "$user")" || answer="${answer:-nothing} (status $?)"
    checked=$((checked + $#))
    [ "$answer" != "$*" ] || return 0
    failures=$((failures + 1))
    echo "FAILED $state: $user gets by $way: $answer; expected: $*"
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
