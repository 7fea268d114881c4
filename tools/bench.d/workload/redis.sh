# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# (a) Redis with bursts of requests and of new values, at times that a real
# series gives, beside a batch app that refills memory as soon as any is free.

W_TITLE="Redis bursting by a real series, beside a batch app that refills memory"
W_PACKAGES="redis-server"
W_DATA="../shared/bench/forecast/series/nab_ec2_network_in_257a54.txt"
W_DISK_MIB=512
W_MEMORY_MIB=512
W_SWAP_MIB=1024
W_STEP_MS=2000
W_LEARN=48
W_MEASURE=36
W_LATENCY="requests to Redis"
W_UNITS="pages worked on"
W_STATIC_LOW=112M
W_STATIC_WEIGHT=1000
W_FLOOR_MEM=64M
W_FLOOR_CPU=200m

REDIS_BURST_MIB=48
REDIS_RATE=400
REDIS_BASE_KEYS=16384
BATCH_PCT=97
BATCH_WALK_MIB_S=8
BATCH_BUSY_PCT=10

# The series: AWS network input from the Numenta Anomaly Benchmark where the
# shared data is beside the tree, else one of the same shape (make-series).
# W_DATA's path is from the tree's top.
w_image() {
	mkdir -p "$1/data"
	if [ -r "$TOP/$W_DATA" ]; then
		sed -n 575,767p "$TOP/$W_DATA"
	else
		cat "$PARTS/workload/redis.d/series.txt"
	fi >"$1/data/series.txt"
}

# Two bursts every twelve steps. The seed gives the place in the series where
# the run starts, and everything else that is random.
w_plan() {
	tail -n +$((1 + (SEED - 1) % 6 * 12)) /data/series.txt |
		/bench/workload/redis.d/make-plan "$W_LEARN" "$W_MEASURE"
}

w_app() {
	start redis bench/app redis-server --port 0 --unixsocket /tmp/redis.sock \
		--save '' --appendonly no --dir /tmp --daemonize no
	redis_pid=$last_pid
	while [ ! -S /tmp/redis.sock ]; do
		kill -0 "$redis_pid" || die "Redis did not start"
		sleep 0.1
	done
}

w_batch() {
	refilling_batch
	sleep 15
}

w_columns() { echo batch_units=@/tmp/counters; }

w_load() {
	in_cgroup tools "$bin/redis_load" --socket /tmp/redis.sock \
		--plan "$out/plan" --out "$out/load.txt" --start-ns "$1" \
		--step-ms "$W_STEP_MS" --rate "$REDIS_RATE" \
		--burst-mib "$REDIS_BURST_MIB" --value-kib 128 \
		--base-keys "$REDIS_BASE_KEYS" --base-bytes 256 --seed "$SEED"
}
