# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # read by, and set by, inside
#
# DAMON_RECLAIM told how much memory pressure to aim at: it finds its quota by
# itself. What else differs from its defaults is what lets it act here at all:
#
# quota_mem_pressure_us	10 ms of stall a second in the whole machine
# wmarks_low		0: else it is off below 20 % of free memory, and a machine
#			whose memory is in use has less
# min_age		10 s, not 120: the goal bounds how much it takes, the oldest
#			first; in two minutes the batch app has walked all it has
# sample_interval, aggr_interval	ten times the defaults: a guest's CPU has a
#			tenth of the speed that those are meant for, and checking
#			1000 regions each 5 ms would take all of it
#
# The quota begins at a byte and at most doubles in a second that had less stall
# than the goal; one that had twice as much sets it back to a byte
# (damon_feed_loop_next_input() in mm/damon/core.c). Pages come after 12 quiet
# seconds at the soonest.

# shellcheck source-path=SCRIPTDIR source=damon.sh
. "$(dirname "${BASH_SOURCE[0]}")/damon.sh"
R_TITLE="DAMON_RECLAIM with a PSI goal"
DAMON_PARAMETERS="quota_mem_pressure_us=10000 wmarks_low=0 min_age=10000000
	sample_interval=50000 aggr_interval=1000000"
