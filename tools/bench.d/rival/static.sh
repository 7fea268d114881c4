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
	{
		echo "app_low_events $(value_of "$app/memory.events" low)"
		echo "memory_low_bytes $(cat "$app/memory.low")"
		echo "cpu_weight $(cat "$app/cpu.weight")"
	} >"$out/rival.txt"
}
