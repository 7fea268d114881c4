/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CTL_LEASE_H
#define CTL_LEASE_H

#include <preswap/preswap.h>

#include "show/table.h"

/* @value in the lease's unit; @text has room for UNITS_MAX. */
const char *lease_amount(char *text, const struct preswap_lease *lease,
			 uint64_t value);

/* The columns of a lease that has ended, LEASE_ENDED_HEADS, and of one in force. */
#define LEASE_ENDED_HEADS						\
	">ID", "KIND", "DONOR", "RECEIVER", ">AMOUNT", ">DONE",		\
	">FULL-AFTER", ">LASTED", "REASON", ">BENEFIT/COST", "END", "WHY"

void lease_cells(struct table *table, const struct preswap_lease *lease,
		 const char *donor, const char *receiver);

#endif /* CTL_LEASE_H */
