/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd's timers, over D-Bus: typed and stable, where the output of
 * "systemctl list-timers" is text whose form changed between versions, and
 * knows nothing of where the started unit will run.
 *
 * Only the next elapse is known of each timer. It is asked of the system bus,
 * or of systemd's own socket where there is no bus (root only).
 */
#ifndef SENSE_TIMERS_H
#define SENSE_TIMERS_H

#include <systemd/sd-bus.h>

#include "sense/agenda.h"

void timers_read(struct agenda *agenda);
/* The same from an open connection. */
void timers_read_bus(struct agenda *agenda, sd_bus *bus);

/*
 * The cgroup of a unit that is not there yet: "system.slice" "a.service" is
 * "system.slice/a.service", "a-b.slice" "c.service" is
 * "a.slice/a-b.slice/c.service". False: does not fit in @size.
 */
bool timers_cgroup(const char *slice, const char *unit, char *path,
		   size_t size);

#endif /* SENSE_TIMERS_H */
