# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Where this machine's apt takes Debian from, and by whose keys; and an apt of
# one's own on the same mirrors.

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

# private_apt DIR: an apt state in DIR that knows no installed package. -c is
# read last, so #clear reaches what the machine's apt.conf.d set.
private_apt() {
	mkdir -p "$1"/lists/partial "$1"/cache/archives/partial "$1"/{log,none}
	: >"$1/status"
	: >"$1/sources.list"
	cat >"$1/apt.conf" <<-CONF
	Dir::State "$1";
	Dir::State::lists "$1/lists";
	Dir::State::status "$1/status";
	Dir::Cache "$1/cache";
	Dir::Log "$1/log";
	Dir::Etc::sourcelist "$1/sources.list";
	Dir::Etc::sourceparts "$1/none";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "$1/none";
	APT::Architecture "amd64";
	APT::Architectures { "amd64"; };
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "3";
	#clear APT::Update::Pre-Invoke;
	#clear APT::Update::Post-Invoke;
	#clear APT::Update::Post-Invoke-Success;
	CONF
}

# use_mirror DIR MACHINE_SUITE SUITE: add to the private apt, of the mirrors from
# which the machine takes MACHINE_SUITE, the first that has SUITE correctly
# signed. Fails with apt's words in DIR/error.
use_mirror() {
	local dir=$1 machine_suite=$2 suite=$3 base

	while read -r base; do
		cp "$dir/sources.list" "$dir/sources.before"
		echo "deb $(debian_keyring) $base $suite main" >>"$dir/sources.list"
		if apt-get -c "$dir/apt.conf" -q update --error-on=any \
		   >"$dir/error" 2>&1; then
			return 0
		fi
		mv "$dir/sources.before" "$dir/sources.list"
	done < <(machine_mirrors "$machine_suite")
	[ -s "$dir/error" ] ||
		echo "no apt source of this machine has $machine_suite" >"$dir/error"
	return 1
}
