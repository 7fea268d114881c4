# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# Protection set by hand, once: memory.low for what the app needs, and
# cpu.weight against the batch app's 100.

R_TITLE="memory.low and cpu.weight"
R_PACKAGES=""

r_start() {
	# A cgroup's protection is bounded by its parent's.
	echo "$W_STATIC_LOW" >"$cg/bench/memory.low"
	echo "$W_STATIC_LOW" >"$app/memory.low"
	echo "$W_STATIC_WEIGHT" >"$app/cpu.weight"
}

# Of how often memory was taken in spite of it, both keep count.
r_stop() {
	awk -v name=app '$1 == "low" { print "app_low_events", $2 }' \
		"$app/memory.events" >"$out/rival.txt"
	awk '{ print "memory_low_bytes", $1 }' "$app/memory.low" >>"$out/rival.txt"
	awk '{ print "cpu_weight", $1 }' "$app/cpu.weight" >>"$out/rival.txt"
}
