# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the checks of this folder share: KTAP, and the list of source files.

ktap_count=0 ktap_failed=0

ktap_plan() { printf 'KTAP version 1\n1..%d\n' "$1"; }

# ktap_check NAME COMMAND...: what it says is printed if it fails
ktap_check() {
	local name=$1 out status=0

	shift
	ktap_count=$((ktap_count + 1))
	out=$("$@" 2>&1) || status=$?
	if [ $status -eq 0 ]; then
		echo "ok $ktap_count - $name"
	else
		ktap_failed=$((ktap_failed + 1))
		printf '%s\n' "$out" | sed 's/^/# /'
		echo "not ok $ktap_count - $name"
	fi
}

ktap_skip() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count - $1 # SKIP $2"
}

# The script's exit status.
ktap_end() { [ $ktap_failed -eq 0 ]; }

# The tree's source files: those git tracks, or, without git, those that are
# there and not built. The folder may be another user's.
source_files() {
	if ! git -c safe.directory='*' ls-files 2>/dev/null; then
		find . \( -name build -o -name .git \) -prune -o -type f -printf '%P\n'
	fi | while IFS= read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}
