# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# Senpai on the batch app, in its README's form: memory.high keeps free what a
# probe took. With the TMO paper's memory.reclaim, a batch app that refills
# would have it back before the app's burst.

R_TITLE="Senpai"
R_PACKAGES=""
SENPAI_MODE=high

r_start() {
	start senpai mechanism "$bin/senpai" --mode "$SENPAI_MODE" \
		--stats "$out/rival.txt" "$batch"
	senpai_pid=$last_pid
	sleep 1
	kill -0 "$senpai_pid" || die "senpai ended: $(cat "$out/senpai.log")"
}

r_stop() {
	kill "$senpai_pid" || die "senpai ended: $(cat "$out/senpai.log")"
	wait "$senpai_pid" || die "senpai failed: $(cat "$out/senpai.log")"
}
