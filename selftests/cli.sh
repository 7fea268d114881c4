#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# R-51: what the programs say of themselves is what their man pages say, a wrong
# command changes nothing and says why, and two daemons do not share a state.
#
# Runs as root with the module loaded, from the top of the tree.
set -u
export LC_ALL=C
programs=build/user
ctl=$programs/preswapctl
man=Documentation/man
group=/sys/fs/cgroup/cli
work=$(mktemp -d)
daemon=''
. selftests/ktap.sh

# shellcheck disable=SC2317 # a trap calls it
cleanup() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null
	rmdir "$group"/* "$group" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT

# options: the long ones in a text, one a line, but for those of all programs
options() { grep -oE -- '--[a-z][a-z-]*' | grep -vxE -- '--(json|help|version)' | sort -u; }

# heads COMMAND: the headings of a command in the man page, with their --options
heads() {
	awk -v command="$1" '
	$1 == ".It" && $2 == "Xo" { sub(/Xo /, ""); block = $3 == command }
	block || more || ($1 == ".It" && $2 == "Cm" && $3 == command) {
		gsub(/Fl \\-/, "--")
		print
		more = /\\$/
	}
	$1 == ".Xc" { block = 0 }' "$man/preswapctl.8"
}

# same WHAT FILE FILE
same() {
	local other

	other=$(diff "$2" "$3") || fault "$1: help and man differ: $(echo "$other" | tr '\n' ' ')"
}

test_help() {
	local command

	for command in $("$ctl" --help | awk '/^  [a-z]/ { print $1 }'); do
		"$ctl" "$command" --help | options >"$work/help"
		heads "$command" | options >"$work/man"
		[ -n "$(heads "$command")" ] || fault "$command has no heading in the man page"
		same "$command" "$work/help" "$work/man"
	done
	for command in preswapd preswap-replay; do
		"$programs/$command" --help | options >"$work/help"
		sed 's/Fl \\-/--/g' "$man/$command.8" | options >"$work/man"
		same "$command" "$work/help" "$work/man"
	done
}

# refused STATUS PATTERN COMMAND...: with that exit status, and the reason
refused() {
	local status=$1 pattern=$2 got
	shift 2
	"$@" >"$work/out" 2>"$work/errors"
	got=$?
	[ $got = "$status" ] || fault "$*: exit status $got"
	grep -qE -- "$pattern" "$work/errors" || fault "$*: $(tr '\n' ' ' <"$work/errors")"
	[ ! -s "$work/out" ] || fault "$*: told on standard output"
}

policy_is() {
	local now

	now=$("$ctl" --json policy get cli/app)
	[ "$now" = "$1" ] || fault "the policy is another after $2"
}

test_refused() {
	local before

	refused 2 "no command 'frob'; preswapctl --help" "$ctl" frob
	refused 2 "no option '--frob'" "$ctl" --frob
	refused 2 "^preswapctl: unrecognized option '--frob'" "$ctl" events --frob
	refused 2 "^preswapctl: option '--for' requires" "$ctl" policy approve cli/app --for
	refused 2 "dump has no --json" "$ctl" dump --json
	refused 1 "cli/none: No such file.*; preswapctl apps lists" "$ctl" tasks cli/none
	refused 2 "has no policy yet: --priority" "$ctl" policy set cli/app --floor-mem 1M
	"$ctl" policy set cli/app --priority 3 --swap-eligible no || fault "no policy"
	before=$("$ctl" --json policy get cli/app)
	refused 2 "^preswapctl: --groups is .* not '33'" \
		"$ctl" policy set cli/app --priority 4 --groups 33
	policy_is "$before" "a wrong group"
	refused 2 "^preswapctl: --reserve-mem is like 64M, in whole MiB" \
		"$ctl" policy set cli/app --priority 4 --reserve-mem 1000K
	policy_is "$before" "a part of a MiB"
	"$ctl" policy set cli/app --reserve-mem 1.5G || fault "no reserve"
	case $("$ctl" --json policy get cli/app) in
	*'"reserve_mem_mib": 1536,'*) ;;
	*) fault "the reserve is another" ;;
	esac
	"$ctl" policy set cli/app --reserve-mem 0 || fault "no reserve of 0"
	policy_is "$before" "a reserve that went"
	refused 2 "up to 168h, not '169h'" "$ctl" policy approve cli/app --for 169h
	policy_is "$before" "an approval of more than a week"
	refused 2 "whose" "$ctl" lease add --memory 1M --for 1s
	refused 2 "how much" "$ctl" lease add --donor cli/app --for 1s
	refused 2 "one amount, not 2" "$ctl" lease add --donor cli/app --memory 1M --cpu 1 --for 1s
	refused 2 "how long" "$ctl" lease add --donor cli/app --memory 1M
	refused 2 "--memory is like 64M.* not '0'" \
		"$ctl" lease add --donor cli/app --memory 0 --for 1s
	refused 1 "number 4000000000; preswapctl leases" "$ctl" lease end 4000000000
	refused 2 "for how long" "$ctl" forecast set cli/app memory 5s:1M
	refused 2 "100ms to 1h, not '1'" "$ctl" top --interval 1
	echo x >"$work/x"
	refused 1 "x: no decision" "$ctl" explain --file "$work/x"
	! grep -q "nothing was decided yet" "$work/errors" || fault "said of the module, not of the file"
	refused 1 "^preswapctl: unable to open /none/x: No such" "$ctl" forecast set --file /none/x
	[ "$("$ctl" --json leases)" = "[]" ] || fault "a lease was begun"
}

# device KNOB DEFAULT VALUE PATTERN
device() {
	echo "$3" >"/sys/kernel/preswap/$1" || fault "$1 is not set"
	"$ctl" info >"$work/info" || fault "info failed"
	grep -q "$4\$" "$work/info" || fault "$1 $3: $(grep device "$work/info" | tr '\n' ' ')"
	echo "$2" >"/sys/kernel/preswap/$1"
}

test_devices() {
	device net_device none lo "device lo; .*"
	device net_device none cli0 "device cli0 (there is none); .*"
	device io_device none 4095:9 "device 4095:9 (there is none); .*"
}

# The module's reason is not taken for a want of rights.
test_rights() {
	refused 1 "policy does not make it eligible$" \
		"$ctl" lease add --donor cli/app --memory 1M --for 1s
	refused 1 "not permitted; needs CAP_NET_ADMIN" \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$ctl" policy set cli/app --priority 5
}

# said PATTERN FILE: within two minutes
said() {
	for _ in {1..1200}; do
		grep -q -- "$1" "$2" && return
		sleep 0.1
	done
	fault "not told: $1: $(tr '\n' ' ' <"$2")"
}

test_daemon() {
	echo '[policy "none"]' >"$work/conf"
	echo 'priority=1' >>"$work/conf"
	mkdir "$work/folder"
	refused 1 "is a folder" "$programs/preswapd" -c "$work/conf" --state "$work/folder"
	[ -d "$work/folder" ] || fault "the folder was renamed"
	refused 2 "no argument 'x'" "$programs/preswapd" x
	"$programs/preswapd" -c "$work/conf" --state "$work/state" 2>"$work/log" &
	daemon=$!
	said "connected to preswap" "$work/log"
	refused 1 "another preswapd uses $work/state" \
		timeout 300 "$programs/preswapd" -c "$work/conf" --state "$work/state" --dry-run
	kill "$daemon"
	wait "$daemon" || fault "exit status $?"
	daemon=''
	[ -s "$work/state" ] || fault "the state was not written"
}

# helper ENDS: a daemon whose helper ends so; what it said is in "log"
helper() {
	cp "$programs/preswapd" "$work/"
	printf '#!/bin/sh\necho >"%s/ran"\n%s\n' "$work" "$1" >"$work/preswap-agenda"
	chmod +x "$work/preswap-agenda"
	rm -f "$work/ran"
	"$work/preswapd" -c "$work/conf" --state "$work/state2" 2>"$work/log" &
	daemon=$!
	for _ in {1..1200}; do
		[ ! -e "$work/ran" ] || break
		sleep 0.1
	done
	[ -e "$work/ran" ] || fault "the helper did not run"
	sleep 3		# until it would have been told
	kill "$daemon"
	wait "$daemon"
	daemon=''
}

# Who ends the daemon by its terminal or cgroup ends its helper, too: that is no news.
test_helper() {
	helper 'exit 1'
	grep -q "crontabs: preswap-agenda: Input" "$work/log" || fault "a failed helper is not told"
	# shellcheck disable=SC2016 # the helper's own pid
	helper 'kill -TERM $$'
	! grep -q "preswap-agenda" "$work/log" || fault "an interrupted one is told"
}

# One source that breaks the helper does not cost the others.
test_sources() {
	cp "$ctl" "$work/"
	printf '[events]\ncalendar=/bad.ics\ntimers=no\n' >"$work/events"
	cat >"$work/preswap-agenda" <<-'HELPER'
	#!/bin/sh
	case "$*" in *bad.ics*) kill -SEGV $$ ;; esac
	printf 'event\t4000000000\t4000000000\t0\tcron\tkept\ta\troot\t-\t-\t-\n'
	printf 'more\t0\t0\n'
	HELPER
	chmod +x "$work/preswap-agenda"
	sed -i "s/4000000000/$(($(date +%s) + 600))/g" "$work/preswap-agenda"
	"$work/preswapctl" agenda --config "$work/events" >"$work/out" 2>"$work/errors" ||
		fault "agenda failed: $(cat "$work/errors")"
	grep -q "kept" "$work/out" || fault "nothing of cron"
	grep -q "bad.ics: preswap-agenda: Input/output error" "$work/errors" ||
		fault "not told: $(cat "$work/errors")"
}

# not_written PATTERN COMMAND...: to a full disk
not_written() {
	local pattern=$1
	shift
	"$@" >/dev/full 2>"$work/errors" && fault "$*: exit status 0"
	grep -q "$pattern" "$work/errors" || fault "$*: $(cat "$work/errors")"
	! grep -q "out of memory" "$work/errors" || fault "$*: is out of memory"
}

# Whose output nobody reads any more: it ends, and the terminal is as it was.
test_written() {
	mknod "$work/null" c 1 3
	refused 1 "null is a folder or a device" \
		"$ctl" record --seconds 1 --output "$work/null"
	[ -c "$work/null" ] || fault "a device was replaced by a recording"
	not_written "writing: No space" "$ctl" --json show
	not_written "writing: No space" "$ctl" dump --interval 100ms
	not_written "writing: No space" "$programs/preswap-replay" "$work/"$'\xff'
	python3 - "$ctl" >"$work/out" 2>&1 <<-'TOP' || fault "$(tail -n 1 "$work/out")"
	import os, pty, select, signal, subprocess, sys, termios
	keys = pty.openpty()[1]
	before = termios.tcgetattr(keys)
	for ignored in False, True:
	    top = subprocess.Popen([sys.argv[1], "top", "--interval", "100ms"], stdin=keys,
	                           stdout=subprocess.PIPE, restore_signals=not ignored)
	    top.stdout.readline()
	    top.stdout.close()
	    try:
	        top.wait(120)
	    except subprocess.TimeoutExpired:
	        top.kill()
	        raise
	    assert termios.tcgetattr(keys) == before, "the terminal is another one"
	    assert top.returncode == (1 if ignored else -13), top.returncode
	screen, keys = pty.openpty()
	subprocess.run([sys.argv[1], "top", "--iterations", "1"], stdin=keys, stdout=keys, check=True)
	shown = os.read(screen, 65536).decode()
	assert 0 < shown.find("\033[?7l") < shown.find("node:") < shown.find("\033[?7h"), shown
	def until(end):
	    text = ""
	    while end not in text:
	        assert len(text) < 1 << 18 and select.select([screen], [], [], 60)[0], end
	        text += os.read(screen, 65536).decode()
	before = termios.tcgetattr(keys)
	top = subprocess.Popen([sys.argv[1], "top", "--interval", "100ms"], stdin=keys, stdout=keys)
	for again in False, True:
	    until("node:")
	    assert termios.tcgetattr(keys) != before, "keys are echoed"
	    top.send_signal(signal.SIGTSTP)
	    until("\033[?1049l")
	    os.waitid(os.P_PID, top.pid, os.WSTOPPED)
	    assert termios.tcgetattr(keys) == before, "suspended, but the terminal is another one"
	    top.send_signal(signal.SIGCONT)
	    until("\033[?1049h")
	os.write(screen, b"q")
	until("\033[?1049l")
	assert top.wait(120) == 0, top.returncode
	TOP
}

# Again and again by one program, each time whole.
test_dump() {
	"$ctl" dump --interval 100ms --iterations 3 >"$work/out" || fault "dump failed"
	awk -F'\t' '$1 == "time" {
			bad += NF != 2 || ($2 - last < 1e8) || n++ != nodes
			last = $2
		}
		$1 == "node" { nodes++ }
		END { exit bad || n != 3 || nodes != 3 }' "$work/out" ||
		fault "no three dumps: $(grep -c . "$work/out") lines"
	"$ctl" dump >"$work/out" || fault "dump failed"
	[ "$(grep -c ^time "$work/out")" = 1 ] || fault "not one dump"
	refused 2 "100ms to 1h, not '0'" "$ctl" dump --interval 0
	refused 2 "a number from 1, not '0'" "$ctl" dump --iterations 0
	refused 2 "dump takes no argument 'all'" "$ctl" dump all
}

# A file's name need not be text, and what was recorded is there all the same.
test_names() {
	local file=$work/$'\xff'

	echo 1 >/sys/kernel/preswap/dry_run
	echo 1 >/sys/kernel/preswap/enabled
	"$ctl" --json record --seconds 2 --output "$file" >"$work/out" || fault "record failed"
	[ -s "$file" ] || fault "nothing was recorded"
	python3 -c 'import json, sys; json.load(sys.stdin)["file"]' <"$work/out" ||
		fault "no JSON: $(cat "$work/out")"
}

# Who follows events is told that none will come any more.
test_unloaded() {
	"$ctl" events >"$work/out" 2>"$work/errors" &
	daemon=$!
	sleep 2
	rmmod preswap || fault "rmmod failed"
	said "module was unloaded; load it: modprobe preswap" "$work/errors"
	wait "$daemon"
	[ $? = 1 ] || fault "exit status"
	daemon=''
	insmod "$PRESWAP_MODULE" || fault "insmod failed"
}

mkdir -p "$group/app" || { echo "1..0 # SKIP no cgroup v2"; exit 4; }
echo "TAP version 13"
echo "1..11"
test_help
result "the help of each command has the options of its man page"
test_refused
result "a wrong command changes nothing, and says why"
test_devices
result "a device that is not there is told"
test_rights
result "what is refused for a policy is not told to need root"
test_daemon
result "R-17 one daemon at a time has a state file"
test_helper
result "a helper that is interrupted is no problem to tell"
test_dump
result "a dump is repeated by one program"
test_names
result "R-27 a recording whose name is no text is told as JSON"
test_sources
result "R-9 a source that breaks the helper does not cost the others"
test_written
result "what cannot be written is told, and ends a program"
test_unloaded
result "R-57 who follows events is told that the module went"
exit "$failed"
