# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/run: one run of QEMU, from its command line to its end.
# Uses the variables that the options of tests/vm/run set.

# No more than this may appear in one file of the host through the machine.
largest_file_kib=$((4 * 1024 * 1024))

# How long the command may take to begin, on a host that has nothing else to do.
boot_seconds=120
most_patience=4

# The kernel's command line. Panics end the machine, because of -no-reboot;
# the self-tests of the ciphers would take a quarter of a second. On a busy host
# the kernel would find its timer not to work, and panic, if it were to check.
kernel_arguments() {
    echo "console=ttyS0 loglevel=5 panic=-1 no_timer_check cryptomgr.notests$append"
}

# How many times longer things may take, for what else the host does.
patience() {
    local load slower
    read -r load _ </proc/loadavg
    slower=$((1 + ${load%.*} / $(nproc)))
    echo $((slower < most_patience ? slower : most_patience))
}

# $1: a path. Commas are doubled in QEMU's options.
escaped() {
    echo "${1//,/,,}"
}

# $1: tag, $2: the host's folder, $3: on or off for read-only.
add_folder() {
    qemu+=(-virtfs "local,path=$(escaped "$2"),mount_tag=$1,security_model=none,readonly=$3,multidevs=remap")
}

# $1: the port's name, $2: the file for what is written to it.
add_port() {
    qemu+=(-chardev "file,id=$1,path=$(escaped "$2")" -device "virtserialport,chardev=$1,name=$1")
}

add_folders() {
    local number
    add_folder root / on
    for number in "${!shares[@]}"; do
        add_folder "share$number" "${shares[number]}" off
    done
}

# Without ioeventfd, what the guest has written is in the file before it can switch off.
add_ports() {
    qemu+=(-device "virtio-serial-pci,ioeventfd=off")
    add_port output "$run_folder/output"
    add_port status "$run_folder/status"
    [ -z "$monitor" ] || add_monitor
}

# QEMU is its own client: what the guest writes to the port goes to QEMU's monitor.
add_monitor() {
    local path
    path="$(escaped "$run_folder/monitor")"
    qemu+=(-chardev "socket,id=monitor,path=$path,server=on,wait=off" -mon "chardev=monitor,mode=control")
    qemu+=(-chardev "socket,id=guest,path=$path" -device "virtserialport,chardev=guest,name=monitor")
}

# Multi-threaded emulation is not used: the kernel stumbles over it while it patches itself.
compose() {
    qemu=(qemu-system-x86_64 -accel "tcg,thread=single" -cpu max -m "$memory" -smp 2)
    qemu+=(-display none -nodefaults -no-reboot)
    qemu+=(-kernel "$cache/kernels/$kernel_version/image")
    qemu+=(-initrd "$run_folder/initramfs" -append "$(kernel_arguments)")
    qemu+=(-serial "file:$(escaped "$console")")
    add_folders
    add_ports
    qemu+=("${qemu_options[@]}")
}

# Sets run_folder. It is locked as long as the run lasts, and folders of runs
# that were killed are removed.
make_run_folder() {
    local folder all own
    mkdir -p "$cache/runs"
    exec {all}>"$cache/runs/lock"
    flock "$all"
    for folder in "$cache"/runs/*/; do
        [ ! -d "$folder" ] || flock --nonblock "$folder/lock" rm -rf "$folder" || true
    done
    run_folder="$(mktemp -d "$cache/runs/XXXXXX")"
    exec {own}>"$run_folder/lock"
    flock "$own"
    exec {all}>&-
}

# The cached initramfs and, behind it, what belongs to this run.
write_initramfs() {
    mkdir "$run_folder/own"
    cp "$here/guest/init" "$here/guest/session" "$run_folder/own"
    chmod 0755 "$run_folder/own/init"
    job >"$run_folder/own/job"
    {
        cat "$initramfs"
        archive "$run_folder/own"
    } >"$run_folder/initramfs"
}

# $1: seconds. Neither QEMU nor its timer outlives this script, even if it is killed.
start_qemu() {
    (
        ulimit -f "$largest_file_kib"
        exec setpriv --pdeathsig KILL timeout --kill-after=2 "$1" \
            setpriv --pdeathsig KILL "${qemu[@]}"
    ) </dev/null >"$run_folder/qemu" 2>&1 &
    machine=$!
}

# Shows the output as it comes, until the machine has ended.
start_streaming() {
    tail --follow --bytes=+1 --sleep-interval=0.05 --pid="$machine" "$run_folder/output" &
    stream=$!
}

# Whether the machine has come to the command; it says so before it runs it.
has_begun() {
    [ -s "$run_folder/status" ]
}

is_running() {
    kill -0 "$machine" 2>/dev/null
}

# $1: seconds. Ends a machine that has not come to the command by then.
watch_boot() {
    local deadline=$((SECONDS + $1))
    while ! has_begun && is_running; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            kill "$machine" 2>/dev/null || true
            return
        fi
        sleep 0.2
    done
}

# Called at the end, whatever the reason for it.
clean_up() {
    [ -z "${machine-}" ] || kill "$machine" 2>/dev/null || true
    [ -z "${stream-}" ] || kill "$stream" 2>/dev/null || true
    wait
    rm -rf "$run_folder"
}

# $1: how QEMU ended. Prints what that means.
reason() {
    if ! has_begun; then
        echo "the machine did not come to the command in $SECONDS seconds"
    elif [ "$1" -eq 124 ]; then
        echo "the machine was ended after $SECONDS seconds"
    else
        echo "the machine ended without a status"
    fi
}

# $1: how QEMU ended.
explain_failure() {
    {
        echo "vm: $(reason "$1"); the end of its console:"
        cat "$run_folder/qemu"
        tail -n 40 "$console"
    } >&2
}

# The command's exit status, if there is one: the second line, after "begun".
command_status() {
    sed -n 2p "$run_folder/status"
}

# Runs the machine until it ends; false if that gave no status. Sets ended: 124
# is the command's own time-out.
attempt() {
    local slower
    slower="$(patience)"
    ended=0
    SECONDS=0
    : >"$run_folder/output"
    : >"$run_folder/status"
    : >"$console"
    rm -f "$run_folder/monitor"
    start_qemu $(((boot_seconds + timeout) * slower))
    start_streaming
    watch_boot $((boot_seconds * slower))
    wait "$machine" || ended=$?
    wait "$stream" || true
    [ -n "$(command_status)" ]
}

# The exit status of the command, or 125. A machine that broke down, not because
# the command took too long, is tried once more: on a busy host, emulation fails
# now and then in ways that have nothing to do with what is run in it.
run_machine() {
    make_run_folder
    trap clean_up EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    trap 'exit 129' HUP
    console="${console:-$run_folder/console}"
    write_initramfs
    compose
    if ! attempt; then
        explain_failure "$ended"
        if has_begun && [ "$ended" -eq 124 ]; then
            return 125
        fi
        echo "vm: the machine is started once more" >&2
        attempt || { explain_failure "$ended" && return 125; }
    fi
    return "$(command_status)"
}
