// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/preswap.h>

#include "names.h"
#include "units.h"

static const char * const resources[] = {
	[PRESWAP_RESOURCE_CPU] = "cpu",
	[PRESWAP_RESOURCE_MEMORY] = "memory",
	[PRESWAP_RESOURCE_IO] = "io",
	[PRESWAP_RESOURCE_NET] = "net",
};

static const char * const sensitivities[] = {
	[PRESWAP_SENSITIVITY_LATENCY] = "latency",
	[PRESWAP_SENSITIVITY_NORMAL] = "normal",
	[PRESWAP_SENSITIVITY_BATCH] = "batch",
};

static const char * const lease_kinds[] = {
	[PRESWAP_LEASE_KIND_RECLAIM] = "reclaim",
	[PRESWAP_LEASE_KIND_AFFINITY] = "affinity",
	[PRESWAP_LEASE_KIND_CPU_WEIGHT] = "cpu.weight",
	[PRESWAP_LEASE_KIND_CPU_MAX] = "cpu.max",
	[PRESWAP_LEASE_KIND_IO_WEIGHT] = "io.weight",
	[PRESWAP_LEASE_KIND_IO_MAX] = "io.max",
	[PRESWAP_LEASE_KIND_MEMORY_LOW] = "memory.low",
	[PRESWAP_LEASE_KIND_MEMORY_HIGH] = "memory.high",
	[PRESWAP_LEASE_KIND_THROTTLE] = "throttle",
};

static const char * const reasons[] = {
	[PRESWAP_REASON_FORECAST] = "forecast",
	[PRESWAP_REASON_TREND] = "trend",
	[PRESWAP_REASON_MANUAL] = "manual",
	[PRESWAP_REASON_WAIT] = "wait",
	[PRESWAP_REASON_RESERVE] = "reserve",
};

static const char * const lease_ends[] = {
	[PRESWAP_LEASE_END_NONE] = "in-force",
	[PRESWAP_LEASE_END_EXPIRED] = "expired",
	[PRESWAP_LEASE_END_REQUESTED] = "requested",
	[PRESWAP_LEASE_END_DONOR_GONE] = "donor-gone",
	[PRESWAP_LEASE_END_RECEIVER_GONE] = "receiver-gone",
	[PRESWAP_LEASE_END_POLICY] = "policy",
	[PRESWAP_LEASE_END_DISABLED] = "disabled",
	[PRESWAP_LEASE_END_UNLOAD] = "unload",
	[PRESWAP_LEASE_END_BACKOFF] = "backoff",
	[PRESWAP_LEASE_END_FAILED] = "failed",
	[PRESWAP_LEASE_END_AB] = "ab",
	[PRESWAP_LEASE_END_CHANGED] = "changed",
};

static const char * const events[] = {
	[PRESWAP_EVENT_LEASE_BEGIN] = "lease-begin",
	[PRESWAP_EVENT_LEASE_END] = "lease-end",
	[PRESWAP_EVENT_SHORTAGE] = "shortage",
	[PRESWAP_EVENT_APP_GONE] = "app-gone",
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NAME(table, value)						\
	((value) < COUNT(table) ? (table)[value] : "unknown")

const char *names_resource(uint8_t value)
{
	return NAME(resources, value);
}

const char *names_sensitivity(uint8_t value)
{
	return NAME(sensitivities, value);
}

const char *names_lease_kind(uint8_t value)
{
	return NAME(lease_kinds, value);
}

const char *names_reason(uint8_t value)
{
	return NAME(reasons, value);
}

const char *names_lease_end(uint8_t value)
{
	return NAME(lease_ends, value);
}

const char *names_event(uint8_t value)
{
	return NAME(events, value);
}

static int find(const char * const *table, size_t count, const char *text,
		uint8_t *value)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i], text))
			continue;
		*value = i;
		return 0;
	}
	return -EINVAL;
}

int names_parse_resource(const char *text, uint8_t *value)
{
	return find(resources, COUNT(resources), text, value);
}

int names_parse_sensitivity(const char *text, uint8_t *value)
{
	return find(sensitivities, COUNT(sensitivities), text, value);
}

/* By bits, the first resource the lowest. */
static const char * const gives[] = {
	"none", "cpu", "memory", "cpu,memory", "io", "cpu,io", "memory,io",
	"cpu,memory,io", "net", "cpu,net", "memory,net", "cpu,memory,net",
	"io,net", "cpu,io,net", "memory,io,net", "cpu,memory,io,net",
};

_Static_assert(COUNT(gives) == PRESWAP_GIVES_ALL + 1, "a resource is missing");

const char *names_gives(uint8_t value)
{
	return NAME(gives, value);
}

/*
 * Each word between commas is the name of a bit, and there once. Return: 0, or
 * -EINVAL, and *bits is as it was.
 */
static int parse_bits(const char *text, int (*parse)(const char *, uint8_t *),
		      uint32_t *bits)
{
	char copy[NAMES_GROUPS_MAX], *at = copy, *word;
	uint32_t all = 0;
	uint8_t bit;
	size_t end;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	while ((word = strsep(&at, ","))) {
		word += strspn(word, " \t");
		end = strcspn(word, " \t");
		if (word[end + strspn(word + end, " \t")])
			return -EINVAL;
		word[end] = '\0';
		if (parse(word, &bit) || all & 1U << bit)
			return -EINVAL;
		all |= 1U << bit;
	}
	*bits = all;
	return 0;
}

int names_parse_gives(const char *text, uint8_t *value)
{
	uint32_t bits;
	int err = parse_bits(text, names_parse_resource, &bits);

	if (!err)
		*value = (uint8_t)bits;
	return err;
}

int names_parse_receives(const char *text, uint8_t *value)
{
	if (strcmp(text, "none"))
		return names_parse_gives(text, value);
	*value = 0;
	return 0;
}

static int parse_group(const char *text, uint8_t *bit)
{
	uint64_t number;

	if (units_parse_number(text, 1, 32, &number))
		return -EINVAL;
	*bit = (uint8_t)(number - 1);
	return 0;
}

int names_parse_groups(const char *text, uint32_t *value)
{
	if (strcmp(text, "none"))
		return parse_bits(text, parse_group, value);
	*value = 0;
	return 0;
}

char *names_groups(char text[NAMES_GROUPS_MAX], uint32_t value)
{
	int used = 0;

	strcpy(text, "none");
	for (int i = 0; i < 32; i++)
		if (value & 1U << i)
			used += snprintf(text + used, NAMES_GROUPS_MAX - used,
					 "%s%d", used ? "," : "", i + 1);
	return text;
}

int names_parse_yes_no(const char *text, uint8_t *value)
{
	static const char * const words[] = { "no", "yes" };

	return find(words, COUNT(words), text, value);
}
