# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: what udev makes of the nodes. Only CUSE's are known to it.

# The examples that are installed, all of them in force.
shipped_rules() {
    sed 's/^#SUBSYSTEM/SUBSYSTEM/' "$here/../../../data/60-dmaheapd.rules"
}

# Rules that are there before the daemon, which itself says nothing.
ruled() {
    shipped_rules | set_rules
    seat stranger
    start_daemon < <(bare_heaps)
    expect "with the installed rules" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      -
helper    rw       -       rw
viewer    rw       -       rw
stranger  -        -       rw
END
    [ "$(readlink "$nodes/reserved")" = linux,cma ] || fail "udev has made no second name"
}

seat_of_camera() {
    cat <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      rw
helper    rw       -       rw
viewer    rw       -       rw
stranger  -        -       -
END
}

another_seat() {
    seat camera
    trigger
    expect "with somebody else at the machine" < <(seat_of_camera)
}

# Rules are for what comes; what is there waits for a trigger.
other_rules() {
    set_rules <<'END'
SUBSYSTEM=="cuse", KERNEL=="dma_heap/display", OWNER="stranger", GROUP="root", MODE="0600"
SUBSYSTEM=="cuse", KERNEL=="dma_heap/camera", MODE="0666"
SUBSYSTEM=="cuse", KERNEL=="dma_heap/linux,cma", GROUP="root", MODE="0600", TAG+="uaccess"
SUBSYSTEM=="dma_heap", KERNEL=="dma_heap/*", MODE="0666"
END
    expect "after a change of rules" < <(seat_of_camera)
    trigger
    expect "after a trigger" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      rw
helper    -        rw      -
viewer    -        rw      -
stranger  rw       rw      -
END
}
