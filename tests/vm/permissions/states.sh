# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/permissions/check: what changes who may do what, and what that makes of it.
# camera belongs to the user of that name; helper and viewer are members of video.

configured_matrix() {
    cat <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      -
helper    rw       -       -
viewer    rw       -       -
stranger  -        -       -
END
}

configured() {
    start_daemon <<'END'
[heap.display]
mode = "0660"
group = "video"
[heap.camera]
owner = "camera"
[heap."linux,cma"]
END
    expect "as configured" < <(configured_matrix)
}

# The ION node has permissions of its own, on top of those of the heaps.
closed_ion() {
    chgrp video "$dev_root/ion"
    chmod 0660 "$dev_root/ion"
    compare "$(way_ion root)" "rw rw rw" "ION for video only, root"
    compare "$(way_ion helper)" "rw - -" "ION for video only, helper"
    compare "$(way_ion camera)" "- - -" "ION for video only, camera"
    chmod 0666 "$dev_root/ion"
}

changed_modes() {
    chmod 0600 "$nodes/display"
    chgrp video "$nodes/camera"
    chmod 0640 "$nodes/camera"
    chmod 0666 "$nodes/linux,cma"
    expect "after chmod" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      rw
helper    -        r       rw
viewer    -        r       rw
stranger  -        -       rw
END
}

# An owner is not a member of the group, nor is a member of the group one of the others.
changed_owners() {
    chown helper:video "$nodes/display"
    chmod 0060 "$nodes/display"
    chown stranger:video "$nodes/camera"
    chmod 0606 "$nodes/camera"
    chown camera:camera "$nodes/linux,cma"
    chmod 0000 "$nodes/linux,cma"
    expect "after chown" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      -
helper    -        -       -
viewer    rw       -       -
stranger  -        rw      -
END
}

# Whoever does not get into the folder gets at nothing in it.
closed_folder() {
    chmod 0666 "${heaps[@]/#/$nodes/}"
    chgrp video "$nodes"
    chmod 0710 "$nodes"
    expect "in a closed folder" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        -       -
helper    rw       rw      rw
viewer    rw       rw      rw
stranger  -        -       -
END
    chmod 0755 "$nodes"
    chgrp root "$nodes"
}

# The owner may change what belongs to him, and nobody else may.
changed_by_users() {
    run_as camera chmod 0600 "$nodes/linux,cma" || fail "camera cannot change his own node"
    ! run_as camera chmod 0666 "$nodes/display" 2>/dev/null || fail "camera can change helper's node"
    ! run_as camera chown camera "$nodes/display" 2>/dev/null || fail "camera can take helper's node"
    ! run_as stranger chgrp stranger "$nodes/linux,cma" 2>/dev/null || fail "stranger can take a node"
    expect "after the owner's chmod" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        rw      rw
helper    -        -       -
viewer    rw       -       -
stranger  -        rw      -
END
}

access_lists() {
    chown root:root "${heaps[@]/#/$nodes/}"
    chmod 0600 "${heaps[@]/#/$nodes/}"
    setfacl -m u:stranger:rw "$nodes/display"
    setfacl -m g:video:rw,u:viewer:- "$nodes/camera"
    setfacl -m u:camera:rw,m::r "$nodes/linux,cma"
    expect "with access lists" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        -       r
helper    -        rw      -
viewer    -        -       -
stranger  rw       -       -
END
    setfacl -b "${heaps[@]/#/$nodes/}"
    expect "without access lists" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        -       -
helper    -        -       -
viewer    -        -       -
stranger  -        -       -
END
}

no_access_lists() {
    ! setfacl -m u:stranger:rw "$nodes/display" 2>"$scratch/setfacl" || fail "setfacl works on FUSE"
    grep -q "Operation not supported" "$scratch/setfacl" || fail "$(cat "$scratch/setfacl")"
}

# What was changed on the nodes is gone with them.
restarted() {
    chmod 0666 "$nodes/display"
    stop_daemon KILL
    configured
    stop_daemon TERM
}
