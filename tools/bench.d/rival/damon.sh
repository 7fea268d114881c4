# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# DAMON_RECLAIM, all parameters as they come: it pages out what nobody touched
# for 120 s, at most 128 MiB and 10 ms of work a second, while between 20 % and
# 40 % of memory is free. Below 20 % it is off and leaves it to the kernel's own
# reclaim ("wmarks_low", Documentation/admin-guide/mm/damon/reclaim.rst).

R_TITLE="DAMON_RECLAIM"
R_PACKAGES=""
DAMON_PARAMETERS=""
damon=/sys/module/damon_reclaim/parameters

# free_permille: sets "permille", what the watermarks are compared with
free_permille() {
	local key kib rest total

	while read -r key kib rest; do
		case $key in
		MemTotal:) total=$kib ;;
		MemFree:) permille=$((kib * 1000 / total)); return ;;
		esac
	done </proc/meminfo
}

r_start() {
	local word pid

	if [ ! -w $damon/enabled ]; then
		echo "bench: this kernel has no DAMON_RECLAIM" >&2
		return 77
	fi
	for word in $DAMON_PARAMETERS; do
		if [ ! -w "$damon/${word%%=*}" ]; then
			echo "bench: this kernel's DAMON_RECLAIM has no ${word%%=*}" >&2
			return 77
		fi
		echo "${word#*=}" >"$damon/${word%%=*}"
	done
	free_permille
	damon_start_permille=$permille
	echo Y >$damon/enabled
	read -r pid <$damon/kdamond_pid
	[ -d "/proc/$pid" ] || die "DAMON_RECLAIM has no thread"
	damon_pid=$pid
}

r_stop() {
	local name ns

	read -r ns _ <"/proc/$damon_pid/schedstat"
	free_permille
	{
		for name in nr_reclaim_tried_regions bytes_reclaim_tried_regions \
			nr_reclaimed_regions bytes_reclaimed_regions \
			nr_quota_exceeds; do
			echo "$name $(cat "$damon/$name")"
		done
		# It is on between these two, in thousandths of all memory.
		echo "wmarks_low $(cat $damon/wmarks_low)"
		echo "wmarks_mid $(cat $damon/wmarks_mid)"
		echo "free_permille_start $damon_start_permille"
		echo "free_permille_end $permille"
		echo "kdamond_cpu_us $((ns / 1000))"
	} >"$out/rival.txt"
	echo N >$damon/enabled
}
