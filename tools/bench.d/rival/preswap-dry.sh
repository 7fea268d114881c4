# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# preswap as it is, but in dry run: it senses, forecasts and decides, and does nothing. What
# this costs is its presence's cost, with that of what the benchmark records of it.

# shellcheck source-path=SCRIPTDIR source=preswap.sh
. "$(dirname "${BASH_SOURCE[0]}")/preswap.sh"
R_TITLE="preswap in dry run"

preswap_prepare() { echo 1 >/sys/kernel/preswap/dry_run; }
preswap_check() { [ "$(cat /sys/kernel/preswap/dry_run)" = 1 ] || die "it acted"; }
