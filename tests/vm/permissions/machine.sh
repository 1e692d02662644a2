# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: users, udev and a seat, which last as long as the machine.

# Each with the group that is its primary one; besides, helper is a member of video.
declare -A primary_group=([root]=root [camera]=camera [helper]=helper [viewer]=video [stranger]=stranger)
users=(root camera helper viewer stranger)

# Of all that the host has, only these are left.
make_accounts() {
    cat >/etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
camera:x:61001:61001:the camera service:/:/bin/sh
helper:x:61002:61002:member of video:/:/bin/sh
viewer:x:61003:44:has video as primary group:/:/bin/sh
stranger:x:61004:61004:has nothing:/:/bin/sh
END
    cat >/etc/group <<'END'
root:x:0:
video:x:44:helper
camera:x:61001:
helper:x:61002:
stranger:x:61004:
END
}

# $1: a user, then a command.
run_as() {
    local user="$1"
    shift
    if [ "$user" = root ]; then
        "$@"
    else
        setpriv --reuid "$user" --regid "${primary_group[$user]}" --init-groups -- "$@"
    fi
}

# Rules of the machine that is underneath would be in the way. The rule that makes an ACL of the
# tag "uaccess" comes with systemd and not with udev.
start_udev() {
    rm -rf /etc/udev/rules.d /usr/lib/udev/rules.d/60-dmaheapd.rules
    mkdir -p /run/udev/rules.d
    echo 'TAG=="uaccess", ENV{MAJOR}!="", RUN{builtin}+="uaccess"' >/run/udev/rules.d/73-seat-late.rules
    /lib/systemd/systemd-udevd --daemon # returns when it listens
    mkfifo "$scratch/udev"
    udevadm monitor --udev --subsystem-match cuse >"$scratch/udev" &
    exec {udev_events}<"$scratch/udev"
    await_udev "UDEV - *" 1 # it listens, too
}

# $1: a pattern, $2: how many lines of it are to come from udev: each says that it has done all that
# its rules say for an event. To "settle" does not wait for what has not reached udev yet.
await_udev() {
    local line left="$2"
    while [ "$left" -gt 0 ]; do
        read -r -t "$patience" -u "$udev_events" line || fail "udev says no more of: $1"
        # shellcheck disable=SC2053 # it is a pattern
        [[ "$line" != $1 ]] || left=$((left - 1))
    done
}

# $1: what has happened to all nodes. Waits until udev has dealt with it.
await_nodes() {
    await_udev "UDEV *] $1 */cuse/dma_heap!*" $((2 * ${#heaps[@]})) # with their aliases
}

# Rules as stdin. For udev an alias is a device like any other: rules have to name it, too.
set_rules() {
    sed -E '/SYMLINK/!s!"dma_heap/([a-z,]+)"!"dma_heap/\1|dma_heap/also-\1"!' >/run/udev/rules.d/60-dmaheapd.rules
    udevadm control --reload
}

# Lets udev look at our nodes again.
trigger() {
    udevadm trigger --action change --subsystem-match cuse
    await_nodes change
}

# $1: a user, who from now on sits at the machine. This is what logind writes and udev reads.
seat() {
    mkdir -p /run/systemd/seats
    printf 'ACTIVE=1\nACTIVE_UID=%s\n' "$(id -u "$1")" >/run/systemd/seats/seat0
}
