# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# Debian's systemd-oomd, with what its package sets: swap is watched for the
# whole machine (-.slice, ManagedOOMSwap=kill; at 90 % of it, and of memory),
# pressure as for a user's session (user@.service, ManagedOOMMemoryPressure=kill,
# 50 %) on the batch app; its oomd.conf.d says for how long, 20 s. The app is not
# watched for pressure. Here PID 1 is not systemd: managed-oom tells it so.

R_TITLE="systemd-oomd"
R_PACKAGES="systemd-oomd"
OOMD_LIMIT_PCT=50

# full_us: sets "us", how long all tasks of the batch app have waited for memory
full_us() {
	local kind a b c total

	while read -r kind a b c total; do
		[ "$kind" != full ] || us=${total#total=}
	done <"$batch/memory.pressure"
}

oomd_cannot() {
	echo "bench: systemd-oomd $1: $(tail -n 2 "$out/oomd.log" | tr '\n' ' ')" >&2
	exit 77
}

r_start() {
	local program=/usr/lib/systemd/systemd-oomd tries

	[ -x $program ] || oomd_cannot "is not in the image"
	# What a boot with systemd would have made.
	mkdir -p /run/systemd/oom
	start managed-oom mechanism "$bin/managed-oom" \
		--socket /run/systemd/io.system.ManagedOOM \
		--pressure "/bench/batch=$OOMD_LIMIT_PCT" --swap /
	for ((tries = 0; tries < 50; tries++)); do
		[ ! -S /run/systemd/io.system.ManagedOOM ] || break
		sleep 0.1
	done
	start oomd mechanism env SYSTEMD_LOG_TARGET=console $program
	oomd_pid=$last_pid
	for ((tries = 0; tries < 100; tries++)); do
		kill -0 "$oomd_pid" 2>/dev/null || oomd_cannot "ended"
		! grep -q subscribed "$out/managed-oom.log" || break
		sleep 0.1
	done
	grep -q subscribed "$out/managed-oom.log" ||
		oomd_cannot "did not subscribe"
	full_us
	oomd_full_us=$us
	now_ns
	oomd_since=$now
}

r_stop() {
	kill -0 "$oomd_pid" || die "systemd-oomd ended: $(tail -n 5 "$out/oomd.log")"
	full_us
	now_ns
	{
		echo "kills_pressure $(grep -c '^Killed .* due to memory pressure' "$out/oomd.log")"
		echo "kills_swap $(grep -c '^Killed .* due to memory used' "$out/oomd.log")"
		# On average, of what it kills at: OOMD_LIMIT_PCT.
		echo "batch_full_permille $(((us - oomd_full_us) * 1000000 / (now - oomd_since)))"
	} >"$out/rival.txt" || true
	kill "$oomd_pid"
	wait "$oomd_pid" || true
}
