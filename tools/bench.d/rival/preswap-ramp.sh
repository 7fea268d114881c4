# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# preswap without its daemon: nobody forecasts, the module acts on the ramps
# that it sees itself.

# shellcheck source-path=SCRIPTDIR source=preswap.sh
. "$(dirname "${BASH_SOURCE[0]}")/preswap.sh"
R_TITLE="preswap without forecasts"
PRESWAP_DAEMON=
