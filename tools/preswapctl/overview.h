/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CTL_OVERVIEW_H
#define CTL_OVERVIEW_H

#include "state.h"

/*
 * The node's line and the table of apps, the busiest first; at most @rows
 * apps, 0 for all. An exit status.
 */
int overview_print(struct ctl *ctl, struct state *state, size_t rows);

#endif /* CTL_OVERVIEW_H */
