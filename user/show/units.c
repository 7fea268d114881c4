// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/preswap.h>

#include "units.h"

struct unit {
	const char *name;
	double factor;
};

/*
 * A nonnegative decimal number and one of the units. Doubles hold integers
 * exactly up to 2^53; quantities above are not written to the last byte.
 */
static int parse(const char *text, const struct unit *units, double max,
		 double *value)
{
	char *end;
	double number;

	/* strtod() also takes signs, spaces, hexadecimal, inf and nan. */
	if (strspn(text, "0123456789.") == 0)
		return -EINVAL;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return -EINVAL;
	errno = 0;
	number = strtod(text, &end);
	if (end == text || memchr(text, 'e', end - text) ||
	    memchr(text, 'E', end - text))
		return -EINVAL;
	for (; units->name; units++) {
		if (strcmp(end, units->name))
			continue;
		*value = round(number * units->factor);
		return *value <= max ? 0 : -ERANGE;
	}
	return -EINVAL;
}

int units_parse_cpu(const char *text, uint64_t *milli)
{
	static const struct unit units[] = {
		{ "", 1000 }, { "m", 1 }, {}
	};
	double value;
	int err = parse(text, units, PRESWAP_CPU_MAX_MILLI, &value);

	if (!err)
		*milli = value;
	return err;
}

int units_parse_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "B", 1 },
		{ "K", 0x1p10 }, { "KB", 0x1p10 }, { "KiB", 0x1p10 },
		{ "M", 0x1p20 }, { "MB", 0x1p20 }, { "MiB", 0x1p20 },
		{ "G", 0x1p30 }, { "GB", 0x1p30 }, { "GiB", 0x1p30 },
		{ "T", 0x1p40 }, { "TB", 0x1p40 }, { "TiB", 0x1p40 },
		{}
	};
	double value;
	int err = parse(text, units, PRESWAP_BYTES_MAX, &value);

	if (!err)
		*bytes = value;
	return err;
}

int units_parse_mib(const char *text, uint32_t *mib)
{
	uint64_t bytes;
	int err = units_parse_bytes(text, &bytes);

	if (err || bytes & 0xfffff)
		return err ?: -EINVAL;
	*mib = (uint32_t)(bytes >> 20);
	return 0;
}

int units_parse_ms(const char *text, uint32_t *ms)
{
	static const struct unit units[] = {
		{ "ms", 1 }, { "s", 1e3 }, { "m", 60e3 }, { "min", 60e3 },
		{ "h", 3600e3 }, {}
	};
	double value;
	int err = parse(text, units, UINT32_MAX, &value);

	if (!err)
		*ms = value;
	return err;
}

int units_parse_long_ms(const char *text, uint64_t *ms)
{
	static const struct unit units[] = {
		{ "ms", 1 }, { "s", 1e3 }, { "m", 60e3 }, { "min", 60e3 },
		{ "h", 3600e3 }, { "d", 86400e3 }, {}
	};
	double value;
	int err = parse(text, units, 36500 * 86400e3, &value);

	if (!err)
		*ms = value;
	return err;
}

int units_parse_downtime(const char *text, uint32_t *ms)
{
	uint32_t value = 0;
	int err = strcmp(text, "none") ? units_parse_ms(text, &value) : 0;

	if (err)
		return err;
	if (strcmp(text, "none") && (value < PRESWAP_DOWNTIME_MIN_MS ||
				     value > PRESWAP_DOWNTIME_MAX_MS))
		return -ERANGE;
	*ms = value;
	return 0;
}

int units_parse_percent(const char *text, uint8_t *percent)
{
	static const struct unit units[] = { { "%", 1 }, {} };
	double value;
	int err;

	/* a part of a percent would be rounded away */
	if (text[strspn(text, "0123456789")] == '.')
		return -EINVAL;
	err = parse(text, units, 100, &value);
	if (!err && value < 1)
		err = -EINVAL;
	if (!err)
		*percent = value;
	return err;
}

int units_parse_number(const char *text, uint64_t min, uint64_t max,
		       uint64_t *value)
{
	char *end;
	unsigned long long number;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno || number < min || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

char *units_cpu(char *text, uint64_t milli)
{
	snprintf(text, UNITS_MAX, "%llu.%02llu",
		 (unsigned long long)((milli + 5) / 1000),
		 (unsigned long long)((milli + 5) % 1000 / 10));
	return text;
}

char *units_bytes(char *text, uint64_t bytes)
{
	static const char * const names[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = bytes / 1024.0;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(text, UNITS_MAX, "%u B", (unsigned int)bytes);
		return text;
	}
	/* Also what would be printed as 1024.0. */
	while (value >= 1023.95 && i < 3) {
		value /= 1024;
		i++;
	}
	snprintf(text, UNITS_MAX, "%.1f %s", value, names[i]);
	return text;
}

char *units_rate(char *text, uint64_t bytes)
{
	return strcat(units_bytes(text, bytes), "/s");
}

char *units_resource(char *text, uint32_t resource, uint64_t value)
{
	switch (resource) {
	case PRESWAP_RESOURCE_CPU:
		return units_cpu(text, value);
	case PRESWAP_RESOURCE_IO:
	case PRESWAP_RESOURCE_NET:
		return units_rate(text, value);
	}
	return units_bytes(text, value);
}

char *units_ms(char *text, uint64_t ms)
{
	if (ms < 1000)
		snprintf(text, UNITS_MAX, "%u ms", (unsigned int)ms);
	else if (ms < 60000)
		snprintf(text, UNITS_MAX, "%.1f s", ms / 1000.0);
	else if (ms < 3600000)
		snprintf(text, UNITS_MAX, "%.1f min", ms / 60000.0);
	else
		snprintf(text, UNITS_MAX, "%.1f h", ms / 3600000.0);
	return text;
}
