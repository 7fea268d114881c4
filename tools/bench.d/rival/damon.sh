# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# DAMON_RECLAIM, all parameters as they come: it pages out what nobody touched
# for 120 s, at most 128 MiB and 10 ms of work a second, while between 20 % and
# 40 % of memory is free. Below 20 % it is off and leaves it to the kernel's own
# reclaim ("wmarks_low", Documentation/admin-guide/mm/damon/reclaim.rst).
#
# Debian's 6.12.95 loses what it is told: enabled by its own switch it monitors
# without any scheme, whatever is free, with other intervals than those set
# (tracepoint damon_aggregated), and reclaims nothing. Upstream has the fix as
# "mm/damon/reclaim: use parameter context correctly", July 2025. So its scheme
# is given to DAMON by sysfs, with the numbers of the module's parameters.

R_TITLE="DAMON_RECLAIM"
R_PACKAGES=""
DAMON_PARAMETERS=""
damon=/sys/kernel/mm/damon/admin/kdamonds
declare -A damon_is

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

# The parameters' values in this kernel, and those of DAMON_PARAMETERS.
damon_read() {
	local file word

	for file in /sys/module/damon_reclaim/parameters/*; do
		damon_is[${file##*/}]=$(cat "$file")
	done
	for word in $DAMON_PARAMETERS; do
		[ -n "${damon_is[${word%%=*}]-}" ] ||
			{ echo "bench: this kernel's DAMON_RECLAIM has no ${word%%=*}" >&2
			  return 77; }
		damon_is[${word%%=*}]=${word#*=}
	done
}

# damon_set FILE VALUE, below the one context
damon_set() {
	echo "$2" >"$damon/0/contexts/0/$1" || die "DAMON: $1 is not $2"
}

# The biggest piece of RAM, as DAMON_RECLAIM takes it: sets "ram", START END
damon_ram() {
	local range rest start end most=0

	while IFS=' ' read -r range rest; do
		[ "$rest" = ": System RAM" ] || continue
		start=$((16#${range%-*}))
		end=$((16#${range#*-} + 1))
		if [ $((end - start)) -gt $most ]; then
			most=$((end - start))
			ram=("$start" "$end")
		fi
	done </proc/iomem
	[ $most -gt 0 ] || die "no System RAM in /proc/iomem"
}

damon_make() {
	local name

	echo 1 >$damon/nr_kdamonds
	echo 1 >$damon/0/contexts/nr_contexts
	damon_set operations paddr
	damon_set monitoring_attrs/intervals/sample_us "${damon_is[sample_interval]}"
	damon_set monitoring_attrs/intervals/aggr_us "${damon_is[aggr_interval]}"
	damon_set monitoring_attrs/nr_regions/min "${damon_is[min_nr_regions]}"
	damon_set monitoring_attrs/nr_regions/max "${damon_is[max_nr_regions]}"
	damon_set targets/nr_targets 1
	damon_set targets/0/regions/nr_regions 1
	damon_ram
	damon_set targets/0/regions/0/start "${ram[0]}"
	damon_set targets/0/regions/0/end "${ram[1]}"

	damon_set schemes/nr_schemes 1
	damon_set schemes/0/action pageout
	damon_set schemes/0/access_pattern/sz/min 4096
	damon_set schemes/0/access_pattern/sz/max 18446744073709551615
	damon_set schemes/0/access_pattern/nr_accesses/max 0
	damon_set schemes/0/access_pattern/age/min \
		$((damon_is[min_age] / damon_is[aggr_interval]))
	damon_set schemes/0/access_pattern/age/max 4294967295
	damon_set schemes/0/quotas/ms "${damon_is[quota_ms]}"
	damon_set schemes/0/quotas/bytes "${damon_is[quota_sz]}"
	damon_set schemes/0/quotas/reset_interval_ms \
		"${damon_is[quota_reset_interval_ms]}"
	damon_set schemes/0/quotas/weights/age_permil 1
	if [ "${damon_is[quota_mem_pressure_us]}" != 0 ]; then
		damon_set schemes/0/quotas/goals/nr_goals 1
		damon_set schemes/0/quotas/goals/0/target_metric some_mem_psi_us
		damon_set schemes/0/quotas/goals/0/target_value \
			"${damon_is[quota_mem_pressure_us]}"
	fi
	damon_set schemes/0/watermarks/metric free_mem_rate
	damon_set schemes/0/watermarks/interval_us "${damon_is[wmarks_interval]}"
	for name in high mid low; do
		damon_set schemes/0/watermarks/$name "${damon_is[wmarks_$name]}"
	done
}

r_start() {
	if [ ! -d $damon ] || [ ! -d /sys/module/damon_reclaim ]; then
		echo "bench: this kernel has no DAMON_RECLAIM" >&2
		return 77
	fi
	damon_read || return
	damon_make
	free_permille
	damon_start_permille=$permille
	echo on >$damon/0/state || die "DAMON does not start"
	damon_pid=$(cat $damon/0/pid)
	[ -d "/proc/$damon_pid" ] || die "DAMON has no thread"
}

r_stop() {
	local name ns

	read -r ns _ <"/proc/$damon_pid/schedstat"
	free_permille
	echo update_schemes_stats >$damon/0/state
	{
		for name in nr_tried sz_tried nr_applied sz_applied qt_exceeds; do
			echo "$name $(cat "$damon/0/contexts/0/schemes/0/stats/$name")"
		done
		# It is on between these two, in thousandths of all memory.
		echo "wmarks_low ${damon_is[wmarks_low]}"
		echo "wmarks_mid ${damon_is[wmarks_mid]}"
		echo "free_permille_start $damon_start_permille"
		echo "free_permille_end $permille"
		echo "kdamond_cpu_us $((ns / 1000))"
	} >"$out/rival.txt"
	echo off >$damon/0/state
}
