# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/run: one run of QEMU, from its command line to its end.
# Uses the variables that the options of tests/vm/run set.

# No more than this may appear in one file of the host through the machine.
largest_file_kib=$((4 * 1024 * 1024))

# The kernel's command line. Panics end the machine, because of -no-reboot;
# the self-tests of the ciphers would take a quarter of a second.
kernel_arguments() {
    echo "console=ttyS0 loglevel=5 panic=-1 cryptomgr.notests$append"
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

# Neither QEMU nor its timer outlives this script, even if it is killed.
start_qemu() {
    (
        ulimit -f "$largest_file_kib"
        exec setpriv --pdeathsig KILL timeout --kill-after=2 "$timeout" \
            setpriv --pdeathsig KILL "${qemu[@]}"
    ) </dev/null >"$run_folder/qemu" 2>&1 &
    machine=$!
}

# Shows the output as it comes, until the machine has ended.
start_streaming() {
    tail --follow --bytes=+1 --sleep-interval=0.05 --pid="$machine" "$run_folder/output" &
    stream=$!
}

# Called at the end, whatever the reason for it.
clean_up() {
    [ -z "${machine-}" ] || kill "$machine" 2>/dev/null || true
    [ -z "${stream-}" ] || kill "$stream" 2>/dev/null || true
    wait
    rm -rf "$run_folder"
}

# $1: how QEMU ended.
explain_failure() {
    local reason="the machine ended without a status"
    [ "$1" != 124 ] || reason="the machine was ended after $timeout seconds"
    {
        echo "vm: $reason; the end of its console:"
        cat "$run_folder/qemu"
        tail -n 40 "$console"
    } >&2
}

# The exit status of the command, or 125.
verdict() {
    local status
    if read -r status <"$run_folder/status"; then
        return "$status"
    fi
    explain_failure "$1"
    return 125
}

run_machine() {
    local ended=0
    make_run_folder
    trap clean_up EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    trap 'exit 129' HUP
    console="${console:-$run_folder/console}"
    touch "$run_folder/output" "$run_folder/status"
    : >"$console"
    write_initramfs
    compose
    start_qemu
    start_streaming
    wait "$machine" || ended=$?
    wait "$stream" || true
    verdict "$ended"
}
