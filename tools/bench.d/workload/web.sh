# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# (c) nginx and memcached, and flash crowds that no history announces: nothing
# like them is in the learning phase, and their times follow from nothing.
# Nobody can foresee them: what is measured is how a rival meets a burst that
# is there already, and whether it does harm by waiting for one.

W_TITLE="nginx and memcached met by flash crowds that nothing announces"
W_PACKAGES="nginx memcached"
W_DISK_MIB=640
W_MEMORY_MIB=768
W_SWAP_MIB=1024
W_STEP_MS=1000
W_LEARN=40
W_MEASURE=90
W_LATENCY="requests to nginx and memcached"
W_UNITS="pages worked on"
W_STATIC_LOW=160M
W_STATIC_WEIGHT=1000
W_FLOOR_MEM=96M
W_FLOOR_CPU=200m

WEB_RATE=50
WEB_PAGES=200
WEB_ARCHIVE=1800
BATCH_PCT=97
BATCH_WALK_MIB_S=8
BATCH_BUSY_PCT=20

# The site: pages that are asked for all the time, 4 to 28 KiB, and an archive
# of larger ones, 64 to 256 KiB, of which a crowd wants each only once.
w_image() {
	mkdir -p "$1/srv/page" "$1/srv/archive"
	python3 - "$1/srv" "$WEB_PAGES" "$WEB_ARCHIVE" <<-'EOT'
	import os, random, sys
	top, pages, archive = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
	rng = random.Random(1)
	for i in range(pages):
	    with open(f"{top}/page/{i:04}", "wb") as f:
	        f.write(rng.randbytes(rng.randrange(4 << 10, 28 << 10)))
	for i in range(archive):
	    os.makedirs(f"{top}/archive/{i // 100:02}", exist_ok=True)
	    with open(f"{top}/archive/{i // 100:02}/{i:04}", "wb") as f:
	        f.write(rng.randbytes(rng.randrange(64 << 10, 256 << 10)))
	EOT
	cat >"$1/srv/nginx.conf" <<-'EOT'
	user root;
	worker_processes 2;
	daemon off;
	pid /run/nginx.pid;
	error_log stderr;
	events { worker_connections 64; }
	http {
		access_log off;
		sendfile on;
		keepalive_timeout 1h;
		keepalive_requests 1000000000;
		client_body_temp_path /run/nginx.1;
		proxy_temp_path /run/nginx.2;
		fastcgi_temp_path /run/nginx.3;
		uwsgi_temp_path /run/nginx.4;
		scgi_temp_path /run/nginx.5;
		server {
			listen unix:/run/nginx.sock;
			root /srv;
		}
	}
	EOT
}

# Ordinary days, a little up and down, and in the measured phase three crowds:
# each somewhere in a third of it, five seconds from its first visitors to its
# last ones.
w_plan() {
	awk -v seed="$SEED" -v learn="$W_LEARN" -v measure="$W_MEASURE" 'BEGIN {
		srand(seed * 7919)
		for (i = 0; i < 5; i++)
			rand()
		split("5 9 10 10 8", crowd)
		third = int(measure / 3)
		for (i = 0; i < 3; i++) {
			at = learn + i * third + 4 + int(rand() * (third - 13))
			for (k = 1; k <= 5; k++)
				load[at + k - 1] = crowd[k]
		}
		for (i = 0; i < learn + measure; i++) {
			usual = 0.8 + 0.4 * rand()
			printf "%.3f %d %s\n", i in load ? load[i] : usual,
				i in load, i < learn ? "learn" : "measure"
		}
	}'
}

w_app() {
	local pid

	start nginx bench/app nginx -e stderr -c /srv/nginx.conf
	nginx_pid=$last_pid
	# A session stays: more memory than any crowd fills.
	start memcached bench/app memcached -u root -s /run/memcached.sock \
		-m 1024 -t 2
	while [ ! -S /run/nginx.sock ] || [ ! -S /run/memcached.sock ]; do
		for pid in "$nginx_pid" "$last_pid"; do
			kill -0 "$pid" || die "nginx or memcached did not start"
		done
		sleep 0.1
	done
}

w_batch() {
	refilling_batch
	sleep 20
}

w_columns() { echo batch_units=@/tmp/counters; }

w_load() {
	in_cgroup tools "$bin/web_load" --nginx /run/nginx.sock \
		--memcached /run/memcached.sock --plan "$out/plan" \
		--out "$out/load.txt" --start-ns "$1" --step-ms "$W_STEP_MS" \
		--rate "$WEB_RATE" --page-pct 50 --new-pct 45 \
		--pages "$WEB_PAGES" --archive "$WEB_ARCHIVE" --value-kib 32 \
		--seed "$SEED"
}
