# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# preswap: module and daemon, all knobs as they come. It may act from the start,
# as any other rival; the policies are what an administrator writes once.

R_TITLE="preswap"
R_PACKAGES=""
PRESWAP_DAEMON=preswapd

# What a variant does before its daemon starts, and looks at in the end.
preswap_prepare() { :; }
preswap_check() { :; }

# read_masks: the affinity mask of each of the apps' tasks, as "TASK=MASK"
read_masks() {
	local pid task key mask

	cat "$app/cgroup.procs" "$batch/cgroup.procs" | while read -r pid; do
		for task in "/proc/$pid/task"/*; do
			while read -r key mask; do
				[ "$key" != Cpus_allowed: ] ||
					printf '%s=%s\n' "${task##*/}" "$mask"
			done <"$task/status"
		done
	done 2>/dev/null || true
}

r_start() {
	insmod /bench/preswap.ko || die "insmod failed"
	"$bin/preswapctl" policy set bench/app --priority 9 \
		--sensitivity latency --swap-eligible no
	"$bin/preswapctl" policy set bench/batch --priority 1 \
		--sensitivity batch --swap-eligible yes \
		--floor-mem "$W_FLOOR_MEM" --floor-cpu "$W_FLOOR_CPU"
	printf '%s %s\n' app "$(stat -c %i "$app")" \
		batch "$(stat -c %i "$batch")" >"$out/apps.txt"
	# what the diagnosis is made from; its cost is preswap's, so no larger than it takes
	echo 384 >/sys/kernel/tracing/buffer_size_kb
	echo 1 >/sys/kernel/tracing/events/preswap/enable
	in_cgroup tools "$bin/preswapctl" events --json \
		>"$out/events.jsonl" 2>"$out/events.log" &
	events_pid=$!
	pids+=("$events_pid")
	if [ "$PRESWAP_DAEMON" ]; then
		preswap_prepare
		start preswapd mechanism "$bin/$PRESWAP_DAEMON"
		daemon_pid=$last_pid
	fi
	# what is forecast, and the leases in force
	in_cgroup tools "$bin/preswapctl" dump --interval 1s >"$out/dumps.txt" 2>&1 &
	dump_pid=$!
	pids+=("$dump_pid")
	sleep 1
	kill -0 "$events_pid" || die "preswapctl events ended: $(cat "$out/events.log")"
}

r_stop() {
	local tries

	[ ! "$PRESWAP_DAEMON" ] || kill -0 "$daemon_pid" ||
		die "preswapd ended: $(tail -n 5 "$out/preswapd.log")"
	preswap_check
	# without them no lease would be seen, and none is what would be reported
	kill -0 "$events_pid" || die "preswapctl events ended: $(cat "$out/events.log")"
	"$bin/preswapctl" info --json >"$out/info.json"
	cat /sys/kernel/tracing/trace >"$out/trace.txt"
	# entries-in-buffer/entries-written
	awk -F '[:/ ]+' '/^# entries-in/ { exit $4 != $5 }' "$out/trace.txt" ||
		die "events were lost: a buffer is too small"
	echo 0 >/sys/kernel/tracing/events/preswap/enable
	kill "$dump_pid"
	wait "$dump_pid" 2>/dev/null || true
	if [ "$PRESWAP_DAEMON" ]; then
		kill "$daemon_pid"
		wait "$daemon_pid" || true
	fi
	# The leases' last events are worth having; then nobody holds the module.
	for ((tries = 0; tries < 50; tries++)); do
		rmmod preswap 2>"$out/rmmod.log" && break
		sleep 0.1
	done
	[ ! -d /sys/module/preswap ] || die "rmmod: $(cat "$out/rmmod.log")"
	kill "$events_pid" 2>/dev/null || true
	wait "$events_pid" 2>/dev/null || true
	# Tasks come and go; what must not be left is one that may not run everywhere.
	if read_masks | awk -F= '{ seen[$2]++ } END { exit length(seen) > 1 }'; then
		echo same >"$out/masks.txt"
	else
		read_masks >"$out/masks.txt"
	fi
}
