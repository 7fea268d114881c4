# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Where this machine's apt takes Debian from, and by whose keys.

# The base addresses from which this machine takes suite $1. apt itself reads
# its sources here, so both their syntaxes and all their places are covered.
machine_mirrors() {
	apt-get update --print-uris 2>/dev/null |
		sed -n "s|^'\(.*\)/dists/$1/InRelease' .*|\1|p" | awk '!seen[$0]++'
}

debian_keyring() {
	local ring

	for ring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
		if [ -r "$ring" ]; then
			echo "[signed-by=$ring]"
			return
		fi
	done
	# none: apt goes by its trusted.gpg.d
}
