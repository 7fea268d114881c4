# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# (e) The Redis of (a) at a steady rate, beside a batch app that leaves memory
# free: there is nothing to do, and doing it should cost nothing.

# shellcheck source-path=SCRIPTDIR source=redis.sh
. "$(dirname "${BASH_SOURCE[0]}")/redis.sh"
W_TITLE="Redis at a steady rate, beside a batch app that fits"
W_LEARN=20
W_MEASURE=40
BATCH_PCT=60
STEADY_LOAD=0.3

# The plan needs no series: the same load in each step, and no burst.
w_plan() {
	awk -v rate="$STEADY_LOAD" -v learn="$W_LEARN" -v all=$((W_LEARN + W_MEASURE)) \
		'BEGIN { for (i = 0; i < all; i++)
			print rate, 0, (i < learn ? "learn" : "measure") }'
}
