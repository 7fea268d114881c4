#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# "preswapctl ab" observes no experiment that cannot tell anything: it says why,
# and does so at once.
#
# Runs as root with the module loaded, from the top of the tree.
set -u
export LC_ALL=C
ctl=build/user/preswapctl
knobs=/sys/kernel/preswap
group=/sys/fs/cgroup/ab
said=''
. selftests/ktap.sh

cleanup() {
	kill "$sleeper" 2>/dev/null
	wait "$sleeper" 2>/dev/null
	rmdir "$group" 2>/dev/null
	for knob in "${!was[@]}"; do echo "${was[$knob]}" >"$knobs/$knob"; done
}

# refused WORDS OPTION...: it is, in WORDS
refused() {
	words=$1
	shift
	said=$(timeout 20 "$ctl" ab --for 1h "$@" 2>&1)
	status=$?
	[ $status = 1 ] || fault "ends with $status: $said"
	[[ $said = *"$words"* ]] || fault "says '$said'"
}

mkdir "$group" 2>/dev/null || { echo "1..0 # SKIP no cgroup v2"; exit 4; }
( echo 0 >"$group/cgroup.procs"; exec sleep 600 ) &
sleeper=$!
declare -A was
for knob in ab_unit enabled; do was[$knob]=$(cat "$knobs/$knob"); done
trap cleanup EXIT
sleep 1
echo "TAP version 13"
echo "1..3"

echo 2 >"$knobs/ab_unit"
refused "one app is in one group only" --app ab
result "R-26 by apps: one app alone is refused"

echo 0 >"$knobs/ab_unit"
refused "no A/B test is on" --app ab
refused "no A/B test is on"
result "R-26 without a unit there is no experiment"

echo 1 >"$knobs/ab_unit"
echo 0 >"$knobs/enabled"
refused "both groups are control" --app ab
result "R-26 nor is there with all in one group"
exit $failed
