# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# preswap with a reserve for the app: as much is free at all times as the cap by hand of
# static-cap keeps, its peak less what it has now.

# shellcheck source-path=SCRIPTDIR source=preswap.sh
. "$(dirname "${BASH_SOURCE[0]}")/preswap.sh"
R_TITLE="preswap with a reserve"

preswap_prepare() {
	local has_mib=$(($(cat "$app/memory.current") >> 20)) low_mib=${W_STATIC_LOW%M}
	local reserve_mib=$((low_mib > has_mib ? low_mib - has_mib : 0))

	echo "reserve_mib $reserve_mib" >"$out/rival.txt"
	"$bin/preswapctl" policy set bench/app --reserve-mem "${reserve_mib}M"
}
