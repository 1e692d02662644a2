# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by tests/vm/run: the cache, and in it the kernels of Debian packages.
# What is in the cache is complete: it is made in a temporary folder, under a
# lock, and renamed at the end.
#
#   CACHE/kernels/VERSION/        the unpacked package, and the image to boot as "image"
#   CACHE/initramfs/VERSION-HASH  see initramfs.sh
#   CACHE/runs/                   what belongs to the runs of this moment

cache="${DMAHEAPD_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dmaheapd/vm}"

# $1: the series, such as 6.12. Prints the newest package of it that apt lists.
newest_package() {
    apt-cache search --names-only "^linux-image-${1//./\\.}\\." |
        grep -oE '^linux-image-[0-9.]+(-[0-9]+)?([+~][a-z0-9.+~]+)?-amd64-unsigned' |
        sort -V | tail -n 1
}

# $1: the series. Prints the version of its newest unpacked kernel.
cached_version() {
    [ ! -d "$cache/kernels" ] ||
        find "$cache/kernels" -mindepth 1 -maxdepth 1 -name "$1.*" -printf '%f\n' | sort -V | tail -n 1
}

# $1: a package, $2: an empty folder, in which "tree" is made.
download_and_unpack() {
    echo "vm: downloading $1" >&2
    (cd "$2" && apt-get -qq -o APT::Sandbox::User=root download "$1" >&2) &&
        dpkg -x "$2"/*.deb "$2/tree" &&
        rm "$2"/*.deb
}

# $1: the unpacked tree, $2: the version. Packages for merged-/usr systems have no /lib.
index_modules() {
    if [ ! -d "$1/lib/modules" ]; then
        ln -s usr/lib "$1/lib" || return
    fi
    depmod -b "$1" "$2"
}

# $1: a file, $2: the offset in it, $3: the size. Prints the number there.
number_at() {
    od -An --endian=little -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# $1: a bzImage. Prints the compressed kernel in it, without the length at its end.
# The fields are setup_sects, payload_offset and payload_length of the boot protocol.
payload() {
    local start length
    start=$((($(number_at "$1" 497 1) + 1) * 512 + $(number_at "$1" 584 4)))
    length=$(($(number_at "$1" 588 4) - 4))
    tail --bytes=+$((start + 1)) "$1" | head --bytes="$length"
}

# $1: a compressed file. Prints its contents.
uncompressed() {
    case "$(number_at "$1" 0 4)" in
        4247762216) zstd -dcq <"$1" ;;
        1484404733) xz -dc <"$1" ;;
        *) return 1 ;;
    esac
}

# $1: the unpacked tree, $2: the version. Uncompressing the kernel here saves a
# second at each boot, in which the machine would do so by emulation.
make_image() {
    payload "$1/boot/vmlinuz-$2" >"$1/payload"
    if ! uncompressed "$1/payload" >"$1/image"; then
        cp "$1/boot/vmlinuz-$2" "$1/image"
    fi
    rm "$1/payload"
}

# $1: a package, $2: the version in it, $3: an empty folder.
fetch_kernel() {
    download_and_unpack "$1" "$3" &&
        index_modules "$3/tree" "$2" &&
        make_image "$3/tree" "$2" &&
        mkdir -p "$cache/kernels" &&
        mv -T "$3/tree" "$cache/kernels/$2"
}

# $1: the series, $2: an empty folder.
fetch_newest_kernel() {
    local package version
    package="$(newest_package "$1")" || skip "no linux-image-$1 package in apt's lists (apt-get update?)"
    version="${package#linux-image-}"
    version="${version%-unsigned}"
    [ -d "$cache/kernels/$version" ] || fetch_kernel "$package" "$version" "$2" ||
        skip "package $package could not be downloaded and unpacked (apt-get update?)"
}

# Runs "$@" with an empty folder as last argument, alone in the cache.
# Folders of runs that were killed are removed.
in_cache() {
    (
        flock 9
        rm -rf "$cache"/temporary.*
        temporary="$(mktemp -d "$cache/temporary.XXXXXX")"
        trap 'rm -rf "$temporary"' EXIT
        trap 'exit 143' INT TERM HUP
        "$@" "$temporary"
    ) 9>"$cache/lock"
}

# $1: the series, $2: an empty folder.
ensure_kernel() {
    [ -n "$(cached_version "$1")" ] || fetch_newest_kernel "$1" "$2"
}

# $1: the series. Has a kernel and its initramfs in the cache afterwards;
# sets kernel_version and initramfs.
provide_kernel() {
    mkdir -p "$cache" || skip "the cache folder $cache cannot be made"
    kernel_version="$(cached_version "$1")"
    if [ -z "$kernel_version" ]; then
        in_cache ensure_kernel "$1"
        kernel_version="$(cached_version "$1")"
    fi
    initramfs="$(initramfs_of "$kernel_version")"
    [ -f "$initramfs" ] || in_cache ensure_initramfs "$kernel_version"
}

# $1: the series. Unlike provide_kernel, looks for one newer than the cached ones.
refresh_kernel() {
    mkdir -p "$cache" || skip "the cache folder $cache cannot be made"
    in_cache fetch_newest_kernel "$1"
    provide_kernel "$1"
}
