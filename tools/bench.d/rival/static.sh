# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# Protection set by hand, once: memory.low for what the app needs, and
# cpu.weight against the batch app's 100.

R_TITLE="memory.low and cpu.weight"
R_PACKAGES=""

static_protect() {
	# A cgroup's protection is bounded by its parent's.
	echo "$W_STATIC_LOW" >"$cg/bench/memory.low"
	echo "$W_STATIC_LOW" >"$app/memory.low"
	echo "$W_STATIC_WEIGHT" >"$app/cpu.weight"
}

r_start() { static_protect; }

# Low events: how often memory was taken from the app in spite of it.
r_stop() {
	local key value

	while read -r key value; do
		[ "$key" != low ] || echo "app_low_events $value"
	done <"$app/memory.events" >"$out/rival.txt"
	echo "memory_low_bytes $(cat "$app/memory.low")" >>"$out/rival.txt"
	echo "cpu_weight $(cat "$app/cpu.weight")" >>"$out/rival.txt"
}
