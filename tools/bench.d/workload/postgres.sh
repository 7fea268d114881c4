# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# (b) PostgreSQL under pgbench, with a report at regular times that needs new
# memory and CPU, beside compile jobs that re-read and rewrite more object files
# than memory holds.

W_TITLE="PostgreSQL with periodic reports, beside compile jobs"
W_PACKAGES="postgresql gcc libc6-dev libjansson-dev libnl-3-dev libnl-genl-3-dev"
W_DISK_MIB=1280
W_MEMORY_MIB=640
W_SWAP_MIB=1024
W_STEP_MS=2000
W_LEARN=48
W_MEASURE=36
W_LATENCY="transactions of pgbench and reports"
W_UNITS="compilations and archives"
W_KINDS="report oltp"
W_MAIN="kind_oltp_p99_burst_ms"
W_STATIC_LOW=256M
W_STATIC_WEIGHT=1000
W_FLOOR_MEM=96M
W_FLOOR_CPU=200m

# A report is due every 12 steps, somewhere in the sixth of them, and has that
# step and the next to be made.
PERIOD=12
REPORT_STEP=5
BURST_STEPS=2

# Transactions a second, clients, size of pgbench's tables
PG_RATE=25
PG_CLIENTS=6
PG_SCALE=4
PG_EARLY_S=3

BUILD_COMMIT=1e6d45ac9b1a7fc3f69f93d64b882d7b98ed9497

# Checkouts being built, each with the objects of all levels in a tmpfs, as build
# machines with memory to spare have them; processes; a job's pause, s, in
# which a real one would wait for a disk or a person
TREES=12
JOBS=2
JOB_PAUSE=6
LEVELS=(-O1 -O2)

parts=/bench/workload/postgres.d
pg_data=/srv/postgres
pg_run=/run/postgresql
pg_uid=5432
build_src=/srv/src
build_template=/srv/objects
build_trees=/srv/build

# The programs of the newest PostgreSQL in the image
pg_bin() { printf '%s\n' "${1-}"/usr/lib/postgresql/*/bin | sort -V | tail -n 1; }

# as_postgres ROOT COMMAND...
as_postgres() {
	chroot --userspec=$pg_uid:$pg_uid --groups= "$1" \
		/usr/bin/env -i PATH="/usr/bin:${bin_dir#"$1"}" HOME=/ "${@:2}"
}

pg_configure() {
	cat <<-EOT
		listen_addresses = ''
		unix_socket_directories = '$pg_run'
		max_connections = 20
		shared_buffers = 64MB
		effective_cache_size = 256MB
		max_wal_size = 512MB
		wal_buffers = 4MB
		random_page_cost = 1.1
		jit = off
		max_parallel_workers_per_gather = 0
		huge_pages = off
		log_min_messages = warning
		shared_preload_libraries = ''
	EOT
}

# What the tables hold depends on nothing: the same reports on each machine.
pg_fill() {
	local root=$1 sql=$2

	as_postgres "$root" pgbench -h /tmp -q -i -I dtGvp -s $PG_SCALE bench
	as_postgres "$root" psql -h /tmp -X -q -v ON_ERROR_STOP=1 -d bench <"$sql"
}

pg_image() {
	local root=$1 here=$2 bin_dir node

	bin_dir=$(pg_bin "$root")
	[ -x "$bin_dir/initdb" ] || { echo "no initdb in $bin_dir" >&2; return 1; }
	sed -i '/^postgres:/d' "$root/etc/passwd" "$root/etc/group"
	echo "postgres:x:$pg_uid:$pg_uid::$pg_data:/bin/sh" >>"$root/etc/passwd"
	echo "postgres:x:$pg_uid:" >>"$root/etc/group"
	for node in 'null 1 3' 'zero 1 5' 'random 1 8' 'urandom 1 9'; do
		# shellcheck disable=SC2086 # words
		set -- $node
		mknod -m 666 "$root/dev/$1" c "$2" "$3"
	done
	install -d -m 1777 "$root/dev/shm" "$root/tmp"
	install -d -m 700 -o $pg_uid -g $pg_uid "$root$pg_data"
	as_postgres "$root" initdb -D $pg_data -U postgres -A trust -E UTF8 \
		--locale=C >/dev/null
	pg_configure >>"$root$pg_data/postgresql.conf"
	as_postgres "$root" pg_ctl -D $pg_data -s -w -l /tmp/postgres.log \
		-o "-c unix_socket_directories=/tmp -c autovacuum=off" start
	as_postgres "$root" createdb -h /tmp bench &&
		pg_fill "$root" "$here/postgres.d/tables.sql" || {
		as_postgres "$root" pg_ctl -D $pg_data -s -m immediate stop
		return 1
	}
	as_postgres "$root" pg_ctl -D $pg_data -s -w -m fast stop
	rm -rf "${root:?}"/dev/* "$root"/tmp/*
}

# The sources to be compiled are this repository's own, as they were at one
# commit: the work shall stay the same. A clone without it has the tree's.
build_image() {
	local root=$1 top=$2 level file

	mkdir -p "$root$build_src"
	git -c safe.directory='*' -C "$top" archive $BUILD_COMMIT user include 2>/dev/null |
		tar -x -C "$root$build_src" 2>/dev/null ||
		cp -r "$top/user" "$top/include" "$root$build_src"
	(cd "$root$build_src/user" && printf '%s\n' {daemon,lib,plan,predict,sense,show}/*.c) \
		>"$root$build_src/sources"
	mkdir "$root/dev" -p
	mknod -m 666 "$root/dev/null" c 1 3
	for level in "${LEVELS[@]}"; do
		mkdir -p "$root$build_template/$level"
		while read -r file; do
			chroot "$root" /bin/bash \
				"$build_src/compile" "$level" "$file" \
				"$build_template/$level/${file//\//_}.o"
		done <"$root$build_src/sources"
	done
	rm "$root/dev/null"
}

w_image() {
	local root=$1 here

	here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
	mkdir -p "$root$build_src"
	cp "$here/postgres.d/compile" "$root$build_src"
	pg_image "$root" "$here" && build_image "$root" "$here/../../.."
}

# When reports are due, ms after the first step begins: at a regular time, but
# for what a scheduler's queue adds or takes. xorshift32 gives the latter.
report_times() {
	local n x=$((SEED * 2654435761 % 4294967296 | 1)) i

	for ((n = 0; n < (W_LEARN + W_MEASURE) / PERIOD; n++)); do
		for i in 1 2 3; do
			x=$((x ^ x << 13 & 0xffffffff))
			x=$((x ^ x >> 17))
			x=$((x ^ x << 5 & 0xffffffff))
		done
		echo $(((n * PERIOD + REPORT_STEP) * W_STEP_MS + x % W_STEP_MS))
	done
}

w_plan() {
	local i at burst

	for ((i = 0; i < W_LEARN + W_MEASURE; i++)); do
		at=$((i % PERIOD - REPORT_STEP))
		burst=$((at >= 0 && at < BURST_STEPS))
		echo "1 $burst $([ $i -lt $W_LEARN ] && echo learn || echo measure)"
	done
}

w_app() {
	local bin_dir

	bin_dir=$(pg_bin)
	PATH=$PATH:$bin_dir
	install -d -o $pg_uid -g $pg_uid $pg_run
	# As guides to database servers say: huge pages only where asked for
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	start postgres bench/app setpriv --reuid=$pg_uid --regid=$pg_uid \
		--clear-groups postgres -D $pg_data
	until pg_isready -q -h $pg_run -U postgres; do
		kill -0 "$last_pid" || die "PostgreSQL did not start"
		sleep 0.1
	done
	psql -h $pg_run -U postgres -X -q -d bench -o /dev/null -f $parts/warm.sql
	psql -h $pg_run -U report -X -q -d bench -o /dev/null -f $parts/report.sql
}

w_batch() {
	mkdir -p $build_trees
	mount -t tmpfs -o size=90% tmpfs $build_trees
	keep_running batch bench/batch bash $parts/build $build_src \
		$build_template $build_trees $TREES $JOBS $JOB_PAUSE \
		/run/batch-units
	: >/run/batch-units.done
	until [ -s /run/batch-units ]; do
		kill -0 "$last_pid" || die "the build did not start"
		sleep 0.2
	done
	# Two jobs of each process are a warm compiler.
	sleep $((2 * JOB_PAUSE + 2))
}

w_columns() { echo "batch_units=#/run/batch-units.done"; }

# What to add to CLOCK_BOOTTIME to have CLOCK_REALTIME, us: /proc/uptime is read
# the moment it changes.
clock_offset() {
	local was up

	read -r was _ </proc/uptime
	up=$was
	while [ "$up" = "$was" ]; do
		read -r up _ </proc/uptime
	done
	offset=$((${EPOCHREALTIME/./} - ${up/./} * 10000))
}

# Sleeps until DUE_US, of CLOCK_REALTIME, and leaves how long the report took
# from then.
run_report() {
	local due=$1 left status=0

	left=$((due - ${EPOCHREALTIME/./}))
	[ $left -le 0 ] || sleep "$((left / 1000000)).$(printf %06d $((left % 1000000)))"
	psql -h $pg_run -U report -X -q -v ON_ERROR_STOP=1 -d bench \
		-o /dev/null -f $parts/report.sql || status=$?
	echo "$due ${EPOCHREALTIME/./} $status" >>"$out/reports"
}

w_load() {
	local begin=$(($1 / 1000)) bin_dir offset ms length pgbench

	bin_dir=$(pg_bin)
	PATH=$PATH:$bin_dir
	# The one who measures must not be who waits.
	chrt -f -p 1 "$BASHPID"
	clock_offset
	begin=$((begin + offset))
	length=$(((W_LEARN + W_MEASURE) * W_STEP_MS))
	: >"$out/reports"
	sleep_until $(($1 - PG_EARLY_S * 1000000000))
	# It begins earlier, to connect and to prepare, and ends later, so that what
	# waits at the plan's end is answered.
	pgbench -h $pg_run -U postgres -n -M prepared -c $PG_CLIENTS -j 1 \
		-R $PG_RATE -T $((length / 1000 + PG_EARLY_S + 6)) --random-seed="$SEED" \
		-l --log-prefix="$out/pgbench" bench &
	pgbench=$!
	for ms in $(report_times); do
		run_report $((begin + ms * 1000)) &
	done
	wait "$pgbench"
	wait
	awk -f $parts/load.awk -v begin_us=$begin -v offset_us="$offset" \
		-v step_ms=$W_STEP_MS -v burst_steps=$BURST_STEPS \
		"$out/plan" "$out/reports" "$out"/pgbench.*[0-9] >"$out/load.txt.new"
	mv "$out/load.txt.new" "$out/load.txt"
	rm "$out"/pgbench.*[0-9]
}
