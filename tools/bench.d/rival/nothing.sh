# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# The kernel as it is.

R_TITLE="nothing"
R_PACKAGES=""

r_start() { :; }
r_stop() { :; }
