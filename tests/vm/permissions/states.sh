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
aliases = ["also-display"]
mode = "0660"
group = "video"
[heap.camera]
aliases = ["also-camera"]
owner = "camera"
[heap."linux,cma"]
aliases = ["also-linux,cma"]
END
    expect "as configured" < <(configured_matrix)
}

# An ION node has permissions of its own, on top of those of the heaps.
closed_ion() {
    local way node
    for way in ion ion_legacy; do
        node="$dev_root/${way/_/-}"
        chgrp video "$node"
        chmod 0660 "$node"
        compare "$("way_$way" root)" "rw rw rw" "$way for video only, root"
        compare "$("way_$way" helper)" "rw - -" "$way for video only, helper"
        compare "$("way_$way" camera)" "- - -" "$way for video only, camera"
        chmod 0666 "$node"
    done
}

changed_modes() {
    at display chmod 0600
    at camera chgrp video
    at camera chmod 0640
    at linux,cma chmod 0666
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
    at display chown helper:video
    at display chmod 0060
    at camera chown stranger:video
    at camera chmod 0606
    at linux,cma chown camera:camera
    at linux,cma chmod 0000
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
    at_all chmod 0666
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
    at linux,cma run_as camera chmod 0600 || fail "camera cannot change his own node"
    ! at display run_as camera chmod 0666 2>/dev/null || fail "camera can change helper's node"
    ! at display run_as camera chown camera 2>/dev/null || fail "camera can take helper's node"
    ! at linux,cma run_as stranger chgrp stranger 2>/dev/null || fail "stranger can take a node"
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
    at_all chown root:root
    at_all chmod 0600
    at display setfacl -m u:stranger:rw
    at camera setfacl -m g:video:rw,u:viewer:-
    at linux,cma setfacl -m u:camera:rw,m::r
    expect "with access lists" <<'END'
user      display  camera  linux,cma
root      rw       rw      rw
camera    -        -       r
helper    -        rw      -
viewer    -        -       -
stranger  rw       -       -
END
    at_all setfacl -b
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
    ! at display setfacl -m u:stranger:rw 2>"$scratch/setfacl" || fail "setfacl works on FUSE"
    grep -q "Operation not supported" "$scratch/setfacl" || fail "$(cat "$scratch/setfacl")"
}

# What was changed on the nodes is gone with them.
restarted() {
    at display chmod 0666
    stop_daemon KILL
    configured
    stop_daemon TERM
}
