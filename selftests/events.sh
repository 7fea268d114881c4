#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# R-9, R-13, R-17: what is known beforehand reaches the module. A calendar's event
# with a declared demand is in the forecast before it begins; an app that was
# launched before is forecast in its first seconds; what was learned is on disk
# when the daemon has ended.
#
# Runs as root with the module loaded, from the top of the tree.
set -u
export LC_ALL=C
bin=build/user
group=/sys/fs/cgroup/events
work=$(mktemp -d)
daemon=''
. selftests/ktap.sh

cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	# all that the test started is in these groups
	disown -a
	for procs in "$group"/*/cgroup.procs; do
		while read -r pid; do kill -9 "$pid" 2>/dev/null; done <"$procs"
	done 2>/dev/null
	sleep 0.5
	rmdir "$group"/* "$group" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# in_group NAME COMMAND...: in the background
in_group() {
	mkdir -p "$group/$1"
	( echo 0 >"$group/$1/cgroup.procs"; shift; exec "$@" ) &
}

# most APP: the highest q95 of its memory up to 10 s ahead, in MiB; 0: none
most() {
	"$bin/preswapctl" --json forecast get "$1" 2>/dev/null | python3 -c '
import json, sys
text = sys.stdin.read()
forecasts = json.loads(text) if text.strip() else []
if isinstance(forecasts, dict):
    forecasts = [forecasts]
q = [p[key] for f in forecasts if f["resource"] == "memory"
     for p in f["points"] if p["horizon_ms"] <= 10000
     for key in p if key.startswith("q95")]
print(max(q, default=0) >> 20)'
}

# An app that takes 8 MiB more each second, up to 96, and lives 16 s.
launch() {
	in_group "build-$1.scope" python3 -c '
import time
x = []
begin = time.monotonic()
while (age := time.monotonic() - begin) < 16:
    if len(x) < min(age, 12):
        x.append(bytearray(8 << 20))
    time.sleep(0.1)'
}

forget() {
	for ((i = 0; i < 100; i++)); do
		rmdir "$group/build-$1.scope" 2>/dev/null && return
		sleep 0.2
	done
	fault "build-$1.scope does not end"
}

mkdir -p "$group" || { echo "1..0 # SKIP no cgroup v2"; exit 4; }
echo "TAP version 13"
echo "1..3"
begin=$(($(date +%s) + 55))
cat >"$work/calendar.ics" <<ICS
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//preswap//test//
BEGIN:VEVENT
UID:1
SUMMARY:Sale
DTSTART:$(date -u -d "@$begin" +%Y%m%dT%H%M%SZ)
DURATION:PT5M
X-PRESWAP-APP:events/shop
X-PRESWAP-MEMORY:300M
END:VEVENT
END:VCALENDAR
ICS
printf '[events]\ncalendar=%s\ncron=no\ntimers=no\n' "$work/calendar.ics" \
	>"$work/preswapd.conf"
in_group shop sleep 600
"$bin/preswapd" --config "$work/preswapd.conf" --state "$work/learned" --verbose \
	2>"$work/log" &
daemon=$!
sleep 5

for n in 1 2; do
	launch "$n"
	sleep 17
	forget "$n"
done
seen=0
while [ "$(date +%s)" -lt "$begin" ]; do
	now=$(most events/shop)
	[ "${now:-0}" -le "$seen" ] || seen=$now
	sleep 0.5
done
[ "$seen" -ge 300 ] || fault "the module was told of $seen MiB only"
[ "$seen" -lt 340 ] || fault "the module was told of $seen MiB"
result "R-9 a calendar's event is in the module's forecast before it begins"

# what is forecast of the third and fourth is compared with what they took
for n in 3 4; do
	launch "$n"
	sleep 17
	forget "$n"
done
launch 5
# asking takes a second on its own where the CPU is emulated and busy
seen=0
for ((i = 0; i < 20 && seen < 75; i++)); do
	sleep 0.5
	now=$(most events/build-5.scope)
	[ "${now:-0}" -le "$seen" ] || seen=$now
done
[ "$seen" -ge 75 ] || fault "when it began the module was told of $seen MiB"
result "R-13 a launch is forecast by former ones in its first seconds"

kill "$daemon"
wait "$daemon" || fault "preswapd ended with $?"
daemon=''
starts=$("$bin/preswapctl" --json launches --state "$work/learned" | python3 -c '
import json, sys
print(sum(p["starts"] for p in json.load(sys.stdin)
          if p["program"] == "events/build-#.scope"))')
[ "$starts" = 5 ] || fault "$starts launches were saved"
result "R-17 what was learned is saved"
[ $failed = 0 ] || sed 's/^/# /' "$work/log" | tail -n 40
exit $failed
