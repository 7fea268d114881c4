# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts of this directory share: messages, paths, and the table of
# host programs with the Debian packages that hold them.

VM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
TOP=$(cd "$VM_DIR/../.." && pwd -P)
STATE=$TOP/build/vm
ME=vm/$(basename "$0")

# Debian keeps depmod, modprobe and mkswap where a user's PATH may not look.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() { say "error: $*"; exit "${VM_DIE_STATUS:-1}"; }

# program or file, package
vm_packages() {
	cat <<-'TABLE'
	qemu-system-x86_64 qemu-system-x86
	busybox busybox-static
	modprobe kmod
	depmod kmod
	cpio cpio
	xz xz-utils
	zstd zstd
	flock util-linux
	setpriv util-linux
	apt-get apt
	dpkg-deb dpkg
	gcc-12 gcc-12
	pahole pahole
	make make
	TABLE
}

# Libraries that the programs inside linux-kbuild (objtool, modpost) load.
vm_libraries() {
	echo libelf1
}

# need PROGRAM...: stop with the names of all packages that are missing
need() {
	local prog missing=()

	for prog in "$@"; do
		command -v "$prog" >/dev/null ||
			missing+=("$(vm_packages | awk -v p="$prog" '$1 == p { print $2; known = 1 }
				END { if (!known) print p }')")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "missing Debian packages: $(printf '%s\n' "${missing[@]}" | sort -u | xargs)"
}
