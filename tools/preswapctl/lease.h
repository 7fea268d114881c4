/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CTL_LEASE_H
#define CTL_LEASE_H

#include <preswap/preswap.h>

/* @value in the lease's unit; @text has room for UNITS_MAX. */
const char *lease_amount(char *text, const struct preswap_lease *lease,
			 uint64_t value);

#endif /* CTL_LEASE_H */
