#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# R-26: what several apps wrote of their own latency is compared between slices of
# time, and between apps.
#
# Runs as root with the module loaded, from the top of the tree.
set -u
export LC_ALL=C
ctl=build/user/preswapctl
knobs=/sys/kernel/preswap
group=/sys/fs/cgroup/ab
work=$(mktemp -d)
. selftests/ktap.sh

cleanup() {
	rmdir "$group"/* "$group" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# knob NAME VALUE
knob() { echo "$2" >"$knobs/$1" || fault "$1 is not set to $2"; }

# observe TIME OPTION...: "one" takes 10 ms for each request, "two" 30
observe() {
	local writer
	rm -f "$work/one" "$work/two"
	python3 -c '
import sys, time
with open(sys.argv[1], "w") as one, open(sys.argv[2], "w") as two:
    while True:
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        print(now, 10, file=one, flush=True)
        print(now, 30, file=two, flush=True)
        time.sleep(0.1)' "$work/one" "$work/two" &
	writer=$!
	"$ctl" --json ab --for "$@" --latency "ab/one=$work/one" \
		--latency "ab/two=$work/two" >"$work/json" 2>"$work/errors"
	status=$?
	kill "$writer"
	wait "$writer" 2>/dev/null
}

# holds WHAT CONDITION: of the latency, c and t, the groups
holds() {
	python3 -c '
import json, sys
latency = json.load(open(sys.argv[1]))["latency_p99_ms"]
c, t = latency["control"], latency["treatment"]
sys.exit(not eval(f"({sys.argv[2]})"))' "$work/json" "$2" 2>>"$work/errors" ||
		fault "$1: $(cat "$work/json" "$work/errors" | tr '\n' ' ')"
}

mkdir -p "$group/one" "$group/two" || { echo "1..0 # SKIP no cgroup v2"; exit 4; }
echo "TAP version 13"
echo "1..4"
for app in one two; do
	"$ctl" policy set "ab/$app" --priority 9 || fault "no policy"
done
knob usage_ms 100
knob ab_slice_ms 1000
knob ab_unit 1
observe 12s --washout 200ms
[ "$status" = 0 ] || fault "exit status $status"
holds "of all requests in each slice" 'c["count"] + t["count"] >= 6 and
	all(g["mean"] == 30 for g in (c, t) if g["count"])'
result "R-26 the latency of two apps, in slices of time"

knob ab_unit 2
observe 3s
[ "$status" = 0 ] || fault "exit status $status"
holds "of each app" 'c["count"] + t["count"] == 2 and
	sum(g["count"] * (g["mean"] or 0) for g in (c, t)) == 40'
result "R-26 the latency of two apps, by apps"

# the stalls and the other apps are told all the same
mkdir "$group/three"
echo "1 10" >"$work/early"
observe 3s --latency "ab/three=$work/early"
[ "$status" = 1 ] || fault "exit status $status"
grep -q "early: none of its 1 lines is of what was observed" "$work/errors" ||
	fault "not told: $(cat "$work/errors")"
holds "of the others" 'c["count"] + t["count"] == 2'
result "R-26 a file that has nothing of the time is told"
# refused PATTERN OPTION...: before anything is observed
refused() {
	local pattern=$1
	shift
	"$ctl" ab --for 1s "$@" >/dev/null 2>"$work/errors"
	[ $? = 2 ] || fault "$*: not refused"
	grep -q -- "$pattern" "$work/errors" || fault "$*: $(cat "$work/errors")"
}
refused "of which app" --latency x
refused "two --latency of one app: x, y" --latency ab/one=x --latency ab/one=y
refused "only ab/two is observed" --app ab/two --latency ab/one=x
result "R-26 a file of no app, or of another, is refused"
knob ab_unit 0
exit "$failed"
