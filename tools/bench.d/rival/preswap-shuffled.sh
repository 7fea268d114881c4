# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# preswap with forecasts of other times, so wrong ones: what it does then is to be
# no worse than nothing.

# shellcheck source-path=SCRIPTDIR source=preswap.sh
. "$(dirname "${BASH_SOURCE[0]}")/preswap.sh"
R_TITLE="preswap with its forecasts shuffled in time"
PRESWAP_DAEMON=preswapd-shuffled

preswap_prepare() { export SHUFFLE_SEED=$SEED; }
