# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# (d) A desktop: a shell that is always there, and a browser-sized program that
# its user opens at usual times, uses for some seconds and closes, beside a
# backup whose compressor takes whatever memory is free. Debian's own browsers
# need 10^10 instructions to start, 20 s of the virtual clock; so the program
# is a browser's engine, V8 in node, with a renderer's work (desktop.d).

W_TITLE="A desktop where a browser is opened at usual times, beside a backup"
W_PACKAGES="nodejs pv tar zstd"
W_DISK_MIB=640
W_MEMORY_MIB=512
W_SWAP_MIB=1024
W_STEP_MS=2000
W_LEARN=48
W_MEASURE=36
W_LATENCY="what the user does: launch, use, key"
W_UNITS="bytes backed up"
W_KINDS="launch use"
W_MAIN="kind_launch_p50_burst_ms"
W_STATIC_LOW=256M
W_STATIC_WEIGHT=1000
W_FLOOR_MEM=96M
W_FLOOR_CPU=200m

# Steps from one opening to the next, and of them, steps in which it is open.
DESKTOP_PERIOD=12
DESKTOP_OPEN=4
DESKTOP_USE_RATE=3
DESKTOP_KEY_RATE=5
BACKUP_WINDOW_LOG=28
BACKUP_FIRST_MIB=288
BACKUP_RATE_KIB=3072

w_image() {
	"$PARTS/workload/desktop.d/make-data" "$1/home" \
		"$1"/usr/share/common-licenses/{Apache-2.0,Artistic,GPL-2,GPL-3,LGPL-2.1}
}

# Open in the last steps of each period. Where in the first of them, the seed
# says, and all else that is random.
w_plan() {
	awk -v period="$DESKTOP_PERIOD" -v open="$DESKTOP_OPEN" \
		-v learn="$W_LEARN" -v all=$((W_LEARN + W_MEASURE)) 'BEGIN {
			for (i = 0; i < all; i++)
				print 1, (i % period >= period - open),
					(i < learn ? "learn" : "measure")
		}'
}

w_app() {
	keep_running shell bench/app node --max-semi-space-size=1 \
		/bench/workload/desktop.d/shell.js /tmp/shell.sock /home/documents
	while [ ! -S /tmp/shell.sock ]; do
		kill -0 "$last_pid" || die "the shell did not start"
		sleep 0.1
	done
}

w_batch() {
	keep_running backup bench/batch /bench/workload/desktop.d/backup /home \
		"$BACKUP_WINDOW_LOG" "$BACKUP_FIRST_MIB" "$BACKUP_RATE_KIB" /tmp/units
	while [ ! -s /tmp/units ]; do
		kill -0 "$last_pid" || die "the backup did not start"
		sleep 0.5
	done
	sleep 4
}

w_columns() { echo batch_units=/tmp/units; }

w_load() {
	in_cgroup tools "$bin/desktop_load" --shell /tmp/shell.sock \
		--cgroup "$app" --plan "$out/plan" --out "$out/load.txt" \
		--start-ns "$1" --step-ms "$W_STEP_MS" --settle-ms 3000 \
		--use-rate "$DESKTOP_USE_RATE" --key-rate "$DESKTOP_KEY_RATE" \
		--seed "$SEED" \
		node /bench/workload/desktop.d/browser.js /home/pages
}
