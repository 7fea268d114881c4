# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# (f) A school's site, nginx and php-fpm with memcached for its sessions, where a
# class signs in when its lesson begins, beside a report over access logs. Chosen by
# what is plausible, and by runs of "nothing" only, before any run of preswap:
# nothing of preswap was chosen by it.
#
# PHP's processes are forked when visitors come and go 10 s later, each with the
# site's catalogue of courses in its memory while it works, as content systems
# have their caches: so a class takes memory by how many wait at a time. The
# report is what administrators have in cron, "sort | uniq -c | sort -rn". GNU sort
# fills its buffer, works through all of it at random, and gives it back: a donor
# that is cold for a while, then hot, then gone.

W_TITLE="a school's site (nginx, PHP) at its lessons' hours, beside a report over logs"
W_PACKAGES="nginx memcached php-fpm php-sqlite3 pv"
W_DISK_MIB=896
W_MEMORY_MIB=512
W_SWAP_MIB=1024
W_STEP_MS=1000
W_LEARN=64
W_MEASURE=48
W_LATENCY="requests to nginx and memcached"
W_UNITS="32 KiB of logs read, or sorted"
W_KINDS="page archive"
W_STATIC_LOW=160M
W_STATIC_WEIGHT=1000
W_FLOOR_MEM=96M
W_FLOOR_CPU=200m

# A lesson each so many steps, give or take one; its class comes within five.
PERIOD=16
CLASS="2 4 5 4 2"

# Five requests a second, three of them to PHP. While a class comes every fifth of
# the latter is a sign-in, as pupils then look at some pages: some 95 million
# instructions each (measured under "nothing"), 3 a second at most, which with
# pages is 70 % of what both CPUs have: alone the site keeps up with it. (With every
# second one a sign-in it did not.)
SITE_RATE=5
SITE_PAGE_PCT=60
SITE_NEW_PCT=20
SITE_PAGES=100
SITE_COURSES=14000
# The directory that knows the passwords is elsewhere, and takes this long.
SITE_DIRECTORY_MS=300

# Two logs of 180 MiB in turn, yesterday's, not compressed yet, read at a rate that
# spares the site. With 32 bytes for each line one just fits a buffer of half of
# all memory, so that nothing goes to temporary files; and one CPU is left to the
# site. (Two reports at a time, with 40 % each, were tried first: under "nothing"
# neither they nor the site came to an end any more.)
LOG_LINES=1550000
LOG_RATE_KIB=6144
LOG_BUFFER=50%

w_image() {
	local here

	here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)/school.d
	mkdir -p "$1/srv/logs" "$1/var/tmp"
	python3 "$here/make-data" "$1/srv" "$SITE_PAGES" "$SITE_COURSES" "$LOG_LINES"
	cp "$here/site.php" "$1/srv"
	cat >"$1/srv/php.ini" <<-EOT
		zend_extension=opcache.so
		extension=sqlite3.so
		site.directory_ms=$SITE_DIRECTORY_MS
	EOT
	# As guides say: so many children as the site may have memory for, 100 MiB,
	# by what one takes; and the default for how long one stays.
	cat >"$1/srv/fpm.conf" <<-'EOT'
		[global]
		error_log = /proc/self/fd/2
		daemonize = no
		[site]
		pm.max_children = 8
		pm = ondemand
		pm.process_idle_timeout = 10s
		user = root
		listen = /run/php.sock
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
			keepalive_timeout 1h;
			keepalive_requests 1000000000;
			client_body_temp_path /run/nginx.1;
			proxy_temp_path /run/nginx.2;
			fastcgi_temp_path /run/nginx.3;
			uwsgi_temp_path /run/nginx.4;
			scgi_temp_path /run/nginx.5;
			server {
				listen unix:/run/nginx.sock;
				location / {
					fastcgi_pass unix:/run/php.sock;
					fastcgi_param SCRIPT_FILENAME /srv/site.php;
					fastcgi_param REQUEST_METHOD $request_method;
					fastcgi_param REQUEST_URI $request_uri;
				}
			}
		}
	EOT
}

# The seed also says where in the period lessons begin, so that they meet the
# report at another of its stages each time.
w_plan() {
	awk -v seed="$SEED" -v period="$PERIOD" -v class="$CLASS" \
		-v learn="$W_LEARN" -v all=$((W_LEARN + W_MEASURE)) 'BEGIN {
		srand(seed * 7919)
		for (i = 0; i < 5; i++)
			rand()
		steps = split(class, coming)
		first = 1 + seed * 7 % (period - steps - 1)
		for (begin = first; begin < all; begin += period) {
			at = begin + int(rand() * 3) - 1
			for (k = 1; k <= steps; k++)
				load[at + k - 1] = coming[k]
		}
		for (i = 0; i < all; i++) {
			usual = 0.8 + 0.4 * rand()
			printf "%.3f %d %s\n", i in load ? load[i] : usual,
				i in load, i < learn ? "learn" : "measure"
		}
	}'
}

w_app() {
	local pid names=() php

	# whichever PHP the release has
	php=$(compgen -c php-fpm | head -n 1)
	start php bench/app "$php" -R -c /srv/php.ini -y /srv/fpm.conf
	names+=("$last_pid")
	start nginx bench/app nginx -e stderr -c /srv/nginx.conf
	names+=("$last_pid")
	start memcached bench/app memcached -u root -s /run/memcached.sock \
		-m 1024 -t 2
	names+=("$last_pid")
	while [ ! -S /run/php.sock ] || [ ! -S /run/nginx.sock ] ||
			[ ! -S /run/memcached.sock ]; do
		for pid in "${names[@]}"; do
			kill -0 "$pid" || die "php-fpm, nginx or memcached did not start"
		done
		sleep 0.1
	done
}

w_batch() {
	: >/run/units
	keep_running report bench/batch bash /bench/workload/school.d/report \
		/srv/logs "$LOG_RATE_KIB" "$LOG_BUFFER" /run/units
	while [ ! -s /run/units ]; do
		kill -0 "$last_pid" || die "the report did not start"
		sleep 0.2
	done
	sleep 10
}

w_columns() { echo "batch_units=#/run/units"; }

# What PHP would ask memcached for, sessions, the generator asks itself; a page of
# its "archive" is a sign-in. So a sign-in is another one each time.
w_load() {
	in_cgroup tools "$bin/web_load" --nginx /run/nginx.sock \
		--memcached /run/memcached.sock --plan "$out/plan" \
		--out "$out/load.txt" --start-ns "$1" --step-ms "$W_STEP_MS" \
		--rate "$SITE_RATE" --page-pct "$SITE_PAGE_PCT" \
		--new-pct "$SITE_NEW_PCT" --pages "$SITE_PAGES" --archive 10000 \
		--value-kib 32 --seed "$SEED"
}
