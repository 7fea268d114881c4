# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# As static, and the batch app may never have what the app needs at its peak:
# memory is free for each burst, and for all the time between them too.

# shellcheck source-path=SCRIPTDIR source=static.sh
. "$(dirname "${BASH_SOURCE[0]}")/static.sh"
R_TITLE="static, and memory.high on the batch app"

r_start() {
	local low_mib=${W_STATIC_LOW%M} both_mib

	static_protect
	# The batch app has filled what there is: of all that both may have, the
	# app's peak is kept for it.
	mib_available
	both_mib=$(($(cat "$batch/memory.current") + $(cat "$app/memory.current") >> 20))
	echo "$((both_mib + mib - low_mib))M" >"$batch/memory.high"
}

r_stop() {
	{
		echo "batch_high_events $(value_of "$batch/memory.events" high)"
		echo "batch_high_bytes $(cat "$batch/memory.high")"
	} >"$out/rival.txt"
}
