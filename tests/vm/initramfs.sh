# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/run, after kernel.sh: the initramfs of a kernel. It has
# busybox and the modules without which the host's root cannot be reached.

# What the initramfs needs to reach the host's root, and what nearly every test needs.
boot_modules=(virtio_pci virtio_console 9pnet_virtio 9p overlay fuse cuse)
guest_tools=(cat chmod chroot hostname insmod ip ln mkdir mkfifo mount poweroff setsid sh sync uname)

# $1: the version. Prints the files of the boot modules, each after those it depends on.
boot_module_files() {
    local module
    for module in "${boot_modules[@]}"; do
        modprobe -S "$1" -d "$cache/kernels/$1" --show-depends "$module" || return
    done | sed -n 's/^insmod \(.*\.ko[.a-z]*\) *$/\1/p' | awk '!seen[$0]++'
}

# $1: a module's file, $2: where its uncompressed copy goes.
unpack_module() {
    case "$1" in
        *.xz) xz -dc "$1" >"$2" ;;
        *) cp "$1" "$2" ;;
    esac
}

# $1: the version, $2: an existing folder. The numbers keep the order of loading.
collect_modules() {
    local files file number=10
    files="$(boot_module_files "$1")" || return
    while read -r file; do
        unpack_module "$file" "$2/$number-$(basename "${file%.ko*}").ko" || return
        number=$((number + 1))
    done <<<"$files"
}

# $1: a folder. Prints its contents as an archive that the kernel unpacks.
archive() {
    (cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null)
}

# $1: an empty folder, for the tools that the guest's scripts use.
collect_tools() {
    local tool
    cp "$(command -v busybox)" "$1/busybox" || return
    for tool in "${guest_tools[@]}"; do
        ln -s busybox "$1/$tool" || return
    done
}

# $1: the version, $2: an empty folder, $3: the file to be made.
make_initramfs() {
    mkdir -p "$2/tree/bin" "$2/tree/modules" "$cache/initramfs" &&
        collect_tools "$2/tree/bin" &&
        collect_modules "$1" "$2/tree/modules" &&
        archive "$2/tree" >"$2/archive" &&
        mv "$2/archive" "$3"
}

# $1: the version. The name changes with all that the file is made from.
initramfs_of() {
    local hash
    hash="$({ echo "${boot_modules[*]} ${guest_tools[*]}"; cat "$(command -v busybox)"; } | md5sum)"
    echo "$cache/initramfs/$1-${hash:0:12}"
}

# $1: the version, $2: an empty folder.
ensure_initramfs() {
    local initramfs
    initramfs="$(initramfs_of "$1")"
    [ -f "$initramfs" ] || make_initramfs "$1" "$2" "$initramfs" ||
        skip "no initramfs could be made for $1"
}
