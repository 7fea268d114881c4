#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# R-53: every knob is documented, and every documented knob is as its
# documentation says. The ABI document is the table: this test knows no knob.
# Then the table in debugfs, and the trace events.
#
#	selftests/sysfs.sh [ABI-DOCUMENT]
#
# Runs as root with the module loaded, from the top of the tree.
set -u
export LC_ALL=C
doc=${1:-Documentation/ABI/testing/sysfs-kernel-preswap}
dir=/sys/kernel/preswap
debug=/sys/kernel/debug/preswap
events=/sys/kernel/tracing/events/preswap
. selftests/ktap.sh

# documented: NAME DEFAULT MIN MAX of each knob
documented() {
	awk -v dir="$dir/" '
	/^What:/ { name = index($2, dir) == 1 ? substr($2, length(dir) + 1) : "" }
	$1 == "Default:" { value = $2 }
	$1 == "Range:" && name != "" { print name, value, $2, $4 }' "$doc"
}

# value KNOB: what it holds, in "value"
value() { read -r value <"$dir/$1"; }

# refused KNOB VALUE ERROR: writing it gives that error
refused() {
	value "$1"
	before=$value
	# bash's own printf tells the error
	printf '%b' "$2" 2>/tmp/sysfs.said >"$dir/$1" && fault "$1 took '$2'"
	said=''
	read -r said </tmp/sysfs.said
	case $said in
	*"$3"*) ;;
	*) fault "$1: '$2' gave '$said', not '$3'" ;;
	esac
	value "$1"
	[ "$value" = "$before" ] || fault "$1 changed by '$2'"
}

# taken KNOB VALUE: writing it works, and it is what is read then
taken() {
	echo "$2" >"$dir/$1" || fault "$1 refused $2"
	value "$1"
	[ "$value" = "$2" ] || fault "$1 is not $2 when written"
}

test_documents() {
	names=$(documented | cut -d ' ' -f 1)
	[ -n "$names" ] || fault "$doc names no knob"
	for name in $names; do
		[ -f "$dir/$name" ] || fault "$name is documented and is not there"
	done
	for file in "$dir"/*; do
		echo "$names" | grep -qx "${file##*/}" ||
			fault "${file##*/} is there and is not documented"
	done
	result "R-53 the knobs are those of the document"
}

# Each entry has all the fields, and a sentence.
test_entries() {
	awk '
	function check() {
		if (what != "" && (!date || !version || !contact || !text))
			print what
	}
	/^What:/ { check(); what = $2; date = version = contact = description = text = 0 }
	/^Date:\t/ { date = 1 }
	/^KernelVersion:\t/ { version = 1 }
	/^Contact:\t/ { contact = 1 }
	/^Description:/ { description = 1 }
	/^\t\t[A-Z0-9]/ && description { text = 1 }
	END { check() }' "$doc" >/tmp/sysfs.incomplete
	[ ! -s /tmp/sysfs.incomplete ] ||
		fault "incomplete: $(tr '\n' ' ' </tmp/sysfs.incomplete)"
	[ "$(grep -c '^What:' "$doc")" = "$(($(documented | wc -l) + 1))" ] ||
		fault "an entry lacks its default or its range"
	result "R-53 the document's entries are whole"
}

test_mode() {
	for file in "$dir"/*; do
		mode=$(stat -c '%a %U %G %F' "$file")
		case $mode in
		"644 root root regular"*) ;;
		*) fault "${file##*/} is $mode" ;;
		esac
	done
	result "R-53 knobs are root's, 0644"
}

# test_knob NAME DEFAULT MIN MAX
test_knob() {
	range='Numerical result out of range'
	invalid='Invalid argument'
	value "$1"
	[ "$value" = "$2" ] || fault "$1 is $value at first, not $2"
	taken "$1" "$3"
	taken "$1" "$4"
	taken "$1" "$2"
	[ "$3" -eq 0 ] || refused "$1" $(($3 - 1)) "$range"
	refused "$1" $(($4 + 1)) "$range"
	refused "$1" 99999999999 "$range"
	refused "$1" 99999999999999999999999 "$range"
	for junk in x '\n' '1 2' -1 0x1 1.0 1e1 "$2x" ' 1'; do
		refused "$1" "$junk" "$invalid"
	done
	# nothing written is nothing refused, and nothing changed
	: >"$dir/$1"
	value "$1"
	[ "$value" = "$2" ] || fault "$1 changed by nothing"
	result "R-53 $1: default $2, range $3 to $4"
}

test_knobs() {
	documented | grep -v '^[a-z]*_device ' >/tmp/sysfs.knobs
	while read -r name default min max; do
		test_knob "$name" "$default" "$min" "$max"
	done </tmp/sysfs.knobs
}

# The two that are no number.
test_io_device() {
	value io_device
	[ "$value" = none ] || fault "io_device is $value at first"
	for device in 8:0 253:16 4095:1048575 none; do
		taken io_device "$device"
	done
	for junk in x 8 8: :8 8:0x '8:0 8:1' 0:1 -8:0 nones; do
		refused io_device "$junk" 'Invalid argument'
	done
	for far in 4096:0 8:1048576; do
		refused io_device "$far" 'Numerical result out of range'
	done
	result "R-53 io_device: a device or none"
}

test_net_device() {
	value net_device
	[ "$value" = none ] || fault "net_device is $value at first"
	if ! grep -q ' preswap_net_on_queue' /proc/kallsyms; then
		refused net_device lo 'Operation not supported'
		result "R-53 net_device: not on this kernel"
		return
	fi
	for device in lo eth0 enp0s31f6.4094 0123456789abcde none; do
		taken net_device "$device"
	done
	for junk in '\n' . .. a/b a:b 'a b' ' lo' 0123456789abcdef; do
		refused net_device "$junk" 'Invalid argument'
	done
	result "R-53 net_device: an interface's name or none"
}

# The last decision: all of it, its version first.
test_snapshot() {
	[ "$(stat -c '%a %U' "$debug/snapshot")" = '400 root' ] ||
		fault "snapshot is $(stat -c '%a %U' "$debug/snapshot")"
	text=$(cat "$debug/snapshot")
	for line in 'snapshot 1 [0-9]* [0-9]*' 'node .*=.*' 'app .* path=/.*' \
		    'use resource=[0-9] .*' 'answer .*' 'end [0-9]*'; do
		printf '%s\n' "$text" | grep -qx "$line" ||
			fault "no line as $line"
	done
	[ "${text%%1 *}" = 'snapshot ' ] || fault "it begins with ${text%% *}"
	result "R-53 the last decision can be read in debugfs"
}

# test_event NAME: can be turned on and off, and says key=value
test_event() {
	echo 1 >"$events/preswap_$1/enable" || fault "$1 cannot be enabled"
	[ "$(cat "$events/preswap_$1/enable")" = 1 ] || fault "$1 is not on"
	echo 0 >"$events/preswap_$1/enable" || fault "$1 cannot be disabled"
	[ "$(cat "$events/preswap_$1/enable")" = 0 ] || fault "$1 is not off"
	grep -q '^print fmt: "[a-z_]*=%' "$events/preswap_$1/format" ||
		fault "$1 is not printed as key=value"
	result "R-53 trace event $1 can be enabled"
}

test_events_known() {
	for name in "$events"/*/; do
		name=$(basename "$name")
		case $name in
		preswap_decide|preswap_lease_begin|preswap_lease_end|\
		preswap_reclaim|preswap_affinity|preswap_share) ;;
		*) fault "event $name is not known here" ;;
		esac
	done
	result "R-53 the trace events are those that are tested"
}

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP must be root"; exit 4; }
[ -d "$dir" ] || { echo "Bail out! the module is not loaded"; exit 1; }

echo "TAP version 13"
echo "1..$(($(documented | wc -l) + 11))"
test_documents
test_entries
test_mode
test_knobs
test_io_device
test_net_device
test_snapshot
test_event decide
test_event lease_begin
test_event lease_end
test_event reclaim
test_event affinity
test_event share
test_events_known
exit $failed
