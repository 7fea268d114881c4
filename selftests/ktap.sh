# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For the scripts of this folder: one line of KTAP for each case. "failed" is
# the script's exit status.
number=0 failed=0 problem=''

# result NAME: for what "problem" was found since the last
result() {
	number=$((number + 1))
	if [ -z "$problem" ]; then
		echo "ok $number - $1"
	else
		echo "# $problem"
		echo "not ok $number - $1"
		failed=1
	fi
	problem=''
}

# The first problem of a case is the one to know.
fault() { problem=${problem:-$*}; }
