// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/timers.h"

#define DEST		"org.freedesktop.systemd1"
#define ROOT		"/org/freedesktop/systemd1"
#define MANAGER		DEST ".Manager"
#define TIMER		DEST ".Timer"
#define TIMERS_MAX	1024
#define NEVER		UINT64_MAX

struct timer {
	char name[256], object[512];
};

bool timers_cgroup(const char *slice, const char *unit, char *path,
		   size_t size)
{
	size_t len = strcspn(slice, "."), used = 0;
	int add;

	if (!strcmp(slice, "-.slice"))
		len = 0;
	*path = 0;
	for (size_t i = 1; i <= len; i++) {
		if (slice[i] != '-' && i < len)
			continue;
		add = snprintf(path + used, size - used, "%.*s.slice/",
			       (int)i, slice);
		if (add < 0 || (size_t)add >= size - used)
			return false;
		used += add;
	}
	add = snprintf(path + used, size - used, "%s", unit);
	return add >= 0 && (size_t)add < size - used;
}

static uint64_t get_u64(sd_bus *bus, const char *object, const char *name)
{
	uint64_t value = 0;

	if (sd_bus_get_property_trivial(bus, DEST, object, TIMER, name, NULL,
					't', &value) < 0)
		return 0;
	return value;
}

/* "" if it has none. To be freed; NULL without memory. */
static char *get_text(sd_bus *bus, const char *object, const char *interface,
		      const char *name)
{
	char *text = NULL;

	if (sd_bus_get_property_string(bus, DEST, object, interface, name,
				       NULL, &text) < 0)
		return strdup("");
	return text;
}

/* The sooner of the two, in microseconds of the wall clock; 0: none. */
static uint64_t next_elapse(sd_bus *bus, const char *object)
{
	uint64_t real = get_u64(bus, object, "NextElapseUSecRealtime");
	uint64_t mono = get_u64(bus, object, "NextElapseUSecMonotonic");
	struct timespec wall, up;
	uint64_t now_wall, now_up;

	if (real == NEVER)
		real = 0;
	if (!mono || mono == NEVER)
		return real;
	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &up);
	now_wall = wall.tv_sec * 1000000ULL + wall.tv_nsec / 1000;
	now_up = up.tv_sec * 1000000ULL + up.tv_nsec / 1000;
	mono = mono > now_up ? now_wall + (mono - now_up) : now_wall;
	return real && real < mono ? real : mono;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && !strcmp(text + len - tail, end);
}

/* Where the unit runs, or will. */
static void find_cgroup(sd_bus *bus, const char *unit, char *path,
			size_t size)
{
	sd_bus_message *reply = NULL;
	const char *object, *interface = DEST ".Service";
	char *group, *slice;

	*path = 0;
	if (ends_with(unit, ".scope"))
		interface = DEST ".Scope";
	else if (!ends_with(unit, ".service"))
		return;			/* a target, a path: it has no cgroup */
	if (sd_bus_call_method(bus, DEST, ROOT, MANAGER, "LoadUnit", NULL,
			       &reply, "s", unit) < 0 ||
	    sd_bus_message_read(reply, "o", &object) < 0) {
		sd_bus_message_unref(reply);
		return;
	}
	group = get_text(bus, object, interface, "ControlGroup");
	slice = get_text(bus, object, interface, "Slice");
	if (group && *group == '/')
		snprintf(path, size, "%s", group + 1);
	else if (slice && *slice)
		timers_cgroup(slice, unit, path, size);
	free(group);
	free(slice);
	sd_bus_message_unref(reply);
}

static void read_timer(struct agenda *agenda, sd_bus *bus,
		       const struct timer *timer)
{
	uint64_t next = next_elapse(bus, timer->object), late;
	char *unit, path[PATH_MAX];

	/* in the seconds that the list takes it may be past */
	if (!next || next / 1000000 >= (uint64_t)agenda->to)
		return;
	unit = get_text(bus, timer->object, TIMER, "Unit");
	if (!unit) {
		agenda->no_memory = true;
		return;
	}
	late = get_u64(bus, timer->object, "AccuracyUSec") / 1000000;
	find_cgroup(bus, unit, path, sizeof(path));
	agenda_add(agenda, &(struct agenda_entry){
		.start = next / 1000000, .end = next / 1000000,
		.late_s = late < 86400 ? late : 86400,
		.source = AGENDA_TIMER, .label = (char *)timer->name,
		.app = path, .cpu_milli = NAN, .mem_bytes = NAN,
		.io_bytes = NAN,
	});
	free(unit);
}

/* Names and objects of the timers; how many, or -errno. */
static int list_timers(sd_bus *bus, struct timer *timers)
{
	const char *name, *object;
	sd_bus_message *reply = NULL;
	int count = 0, err;

	err = sd_bus_call_method(bus, DEST, ROOT, MANAGER,
				 "ListUnitsByPatterns", NULL, &reply, "asas",
				 1, "active", 1, "*.timer");
	if (err >= 0)
		err = sd_bus_message_enter_container(reply, 'a',
						     "(ssssssouso)");
	while (err >= 0 && count < TIMERS_MAX) {
		err = sd_bus_message_read(reply, "(ssssssouso)", &name, NULL,
					  NULL, NULL, NULL, NULL, &object,
					  NULL, NULL, NULL);
		if (err <= 0)
			break;
		snprintf(timers[count].name, sizeof(timers->name), "%s", name);
		snprintf(timers[count].object, sizeof(timers->object), "%s",
			 object);
		count++;
	}
	sd_bus_message_unref(reply);
	return err < 0 ? err : count;
}

void timers_read_bus(struct agenda *agenda, sd_bus *bus)
{
	struct timer *timers = calloc(TIMERS_MAX, sizeof(*timers));
	int count;

	if (!timers) {
		agenda->no_memory = true;
		return;
	}
	sd_bus_set_method_call_timeout(bus, AGENDA_BUS_MS * 1000ULL);
	count = list_timers(bus, timers);
	if (count < 0)
		agenda_problem(agenda, "timers: systemd: %s",
			       strerror(-count));
	for (int i = 0; i < count; i++)
		read_timer(agenda, bus, &timers[i]);
	free(timers);
}

/* systemd's own socket: a peer, which wants no Hello. */
static int open_private(sd_bus **out)
{
	sd_bus *bus = NULL;
	int err = sd_bus_new(&bus);

	if (err >= 0)
		err = sd_bus_set_address(bus,
				"unix:path=/run/systemd/private");
	if (err >= 0)
		err = sd_bus_start(bus);
	if (err < 0)
		sd_bus_unref(bus);
	else
		*out = bus;
	return err;
}

void timers_read(struct agenda *agenda)
{
	sd_bus *bus = NULL;
	int err = sd_bus_open_system(&bus);

	if (err < 0)
		err = open_private(&bus);
	if (err < 0) {
		agenda_problem(agenda, "timers: no connection to systemd: %s",
			       strerror(-err));
		return;
	}
	timers_read_bus(agenda, bus);
	sd_bus_flush_close_unref(bus);
}
