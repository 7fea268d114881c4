# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# No rival: the protected app with nobody beside it. What it takes then, nobody
# can spare it, so this is how far the others can get. The workload is sourced
# before, so that these replace its functions.

R_TITLE="the app alone, without the batch app"
R_PACKAGES=""

w_batch() { echo 0 >/tmp/units; }
w_columns() { echo batch_units=/tmp/units; }

r_start() { :; }
r_stop() { :; }
