# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# preswap that knows what comes: what the app used in preswap's run of the same seed.
# What it does better is what forecasts still have to give.

# shellcheck source-path=SCRIPTDIR source=preswap.sh
. "$(dirname "${BASH_SOURCE[0]}")/preswap.sh"
R_TITLE="preswap that knows the future"
PRESWAP_DAEMON=preswapd-oracle

preswap_prepare() {
	tr ';' '\n' <<<"$FUTURE" >/tmp/future
	export ORACLE_APP=/bench/app ORACLE_FUTURE=/tmp/future
	export ORACLE_START=$out/start_ns
}

# One that was never asked is no oracle.
preswap_check() {
	grep -q "oracle: knows what $ORACLE_APP uses" "$out/preswapd.log" ||
		die "the oracle was not asked: $(cat "$out/preswapd.log")"
}
