# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# As static, and the batch app may never have what the app needs at its peak:
# memory is free for each burst, and for all the time between them too.

# shellcheck source-path=SCRIPTDIR source=static.sh
. "$(dirname "${BASH_SOURCE[0]}")/static.sh"
R_TITLE="static, and memory.high on the batch app"

r_start() {
	local low_mib=${W_STATIC_LOW%M} batch_now

	static_protect
	# The batch app has filled what there is: of all that both may have, the
	# app's peak is kept for it.
	mib_available
	batch_now=$(($(cat "$batch/memory.current") + $(cat "$app/memory.current") >> 20))
	echo "$((batch_now + mib - low_mib))M" >"$batch/memory.high"
}

r_stop() {
	local key value

	while read -r key value; do
		[ "$key" != high ] || echo "batch_high_events $value"
	done <"$batch/memory.events" >"$out/rival.txt"
	echo "batch_high_bytes $(cat "$batch/memory.high")" >>"$out/rival.txt"
}
