// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quantities, names and tables as people read and write them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/preswap.h>

#include "../../selftests/ktap.h"
#include "show/names.h"
#include "show/table.h"
#include "show/text.h"
#include "show/units.h"

static void test_cpu(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t milli;
	} cases[] = {
		{ "500m", 0, 500 }, { "2", 0, 2000 }, { "1.5", 0, 1500 },
		{ "0", 0, 0 }, { "0.0005", 0, 1 }, { ".25", 0, 250 },
		{ "4294967296m", 0, PRESWAP_CPU_MAX_MILLI },
		{ "4294967297m", -ERANGE, 0 }, { "1e3", -EINVAL, 0 },
		{ "", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 }, { "nan", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 }, { "5M", -EINVAL, 0 },
		{ ".", -EINVAL, 0 }, { "m", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t milli = 0;
		int err = units_parse_cpu(cases[i].text, &milli);

		ktap_assert(err == cases[i].err && milli == cases[i].milli,
			    "'%s': %d, %llu", cases[i].text, err,
			    (unsigned long long)milli);
	}
}

static void test_bytes(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} cases[] = {
		{ "4096", 0, 4096 }, { "64K", 0, 65536 },
		{ "64M", 0, 67108864 }, { "64MiB", 0, 67108864 },
		{ "1.5G", 0, 1610612736 }, { "1T", 0, 1099511627776 },
		{ "17592186044416", 0, PRESWAP_BYTES_MAX },
		{ "17T", -ERANGE, 0 }, { "64m", -EINVAL, 0 },
		{ "64X", -EINVAL, 0 }, { "-5", -EINVAL, 0 },
		{ "64MM", -EINVAL, 0 }, { "G", -EINVAL, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t bytes = 0;
		int err = units_parse_bytes(cases[i].text, &bytes);

		ktap_assert(err == cases[i].err && bytes == cases[i].bytes,
			    "'%s': %d, %llu", cases[i].text, err,
			    (unsigned long long)bytes);
	}
}

static void test_mib(void)
{
	static const struct {
		const char *text;
		int err;
		uint32_t mib;
	} cases[] = {
		{ "0", 0, 0 }, { "64M", 0, 64 }, { "1.5G", 0, 1536 },
		{ "1024K", 0, 1 }, { "16T", 0, 1 << 24 },
		{ "1000K", -EINVAL, 7 }, { "17T", -ERANGE, 7 },
		{ "64", -EINVAL, 7 }, { "x", -EINVAL, 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t mib = 7;
		int err = units_parse_mib(cases[i].text, &mib);

		ktap_assert(err == cases[i].err && mib == cases[i].mib,
			    "'%s': %d, %u", cases[i].text, err, mib);
	}
}

static void test_ms(void)
{
	uint32_t ms = 7;
	uint64_t long_ms;
	uint64_t number = 7;

	ktap_assert(!units_parse_ms("30s", &ms) && ms == 30000, "%u", ms);
	ktap_assert(!units_parse_ms("250ms", &ms) && ms == 250, "%u", ms);
	ktap_assert(!units_parse_ms("1.5m", &ms) && ms == 90000, "%u", ms);
	ktap_assert(!units_parse_ms("1h", &ms) && ms == 3600000, "%u", ms);
	ktap_assert(units_parse_ms("30", &ms) == -EINVAL, "no unit");
	ktap_assert(units_parse_ms("2000h", &ms) == -ERANGE, "too long");
	ktap_assert(units_parse_ms("2d", &ms) == -EINVAL, "no days");
	ktap_assert(!units_parse_long_ms("60d", &long_ms) &&
		    long_ms == 5184000000, "%llu", (unsigned long long)long_ms);
	ktap_assert(!units_parse_long_ms("8h", &long_ms) &&
		    long_ms == 28800000, "%llu", (unsigned long long)long_ms);
	ktap_assert(units_parse_long_ms("36501d", &long_ms) == -ERANGE,
		    "too long");
	ktap_assert(units_parse_long_ms("8", &long_ms) == -EINVAL, "no unit");
	ktap_assert(ms == 3600000, "changed by a failure: %u", ms);
	ktap_assert(!units_parse_number("10", 1, 10, &number) && number == 10,
		    "bound");
	ktap_assert(units_parse_number("11", 1, 10, &number) == -ERANGE,
		    "above");
	ktap_assert(units_parse_number("0", 1, 10, &number) == -ERANGE,
		    "below");
	ktap_assert(units_parse_number("99999999999999999999", 0, UINT64_MAX,
				       &number) == -ERANGE, "above 2^64");
	ktap_assert(units_parse_number("1x", 1, 10, &number) == -EINVAL,
		    "rest");
}

static void test_percent(void)
{
	static const char * const bad[] = {
		"", "%", "5", "0%", "-1%", "1.5%", "5.0%", "5 %", "5%%", "1e1%",
		"0x5%", "five%",
	};
	uint8_t percent = 77;

	ktap_assert(!units_parse_percent("1%", &percent) && percent == 1, "%u",
		    percent);
	ktap_assert(!units_parse_percent("100%", &percent) && percent == 100,
		    "%u", percent);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ktap_assert(units_parse_percent(bad[i], &percent) == -EINVAL,
			    "%s is accepted", bad[i]);
	ktap_assert(units_parse_percent("101%", &percent) == -ERANGE, "101%%");
	ktap_assert(percent == 100, "refused and stored: %u", percent);
}

static void test_format(void)
{
	char text[UNITS_MAX];

	ktap_assert(!strcmp(units_cpu(text, 1250), "1.25"), "%s", text);
	ktap_assert(!strcmp(units_cpu(text, 1996), "2.00"), "%s", text);
	ktap_assert(!strcmp(units_cpu(text, 0), "0.00"), "%s", text);
	ktap_assert(!strcmp(units_bytes(text, 1023), "1023 B"), "%s", text);
	ktap_assert(!strcmp(units_bytes(text, 1536), "1.5 KiB"), "%s", text);
	ktap_assert(!strcmp(units_bytes(text, 1048575), "1.0 MiB"), "%s",
		    text);
	ktap_assert(!strcmp(units_bytes(text, 3ULL << 40), "3.0 TiB"), "%s",
		    text);
	ktap_assert(!strcmp(units_rate(text, 5 << 20), "5.0 MiB/s"), "%s",
		    text);
	ktap_assert(!strcmp(units_resource(text, PRESWAP_RESOURCE_CPU, 1250),
			    "1.25"), "%s", text);
	ktap_assert(!strcmp(units_resource(text, PRESWAP_RESOURCE_MEMORY, 1536),
			    "1.5 KiB"), "%s", text);
	ktap_assert(!strcmp(units_resource(text, PRESWAP_RESOURCE_IO, 1536),
			    "1.5 KiB/s"), "%s", text);
	ktap_assert(!strcmp(units_ms(text, 999), "999 ms"), "%s", text);
	ktap_assert(!strcmp(units_ms(text, 90000), "1.5 min"), "%s", text);
	units_rate(text, UINT64_MAX);
	units_cpu(text, UINT64_MAX);
	units_ms(text, UINT64_MAX);
}

static void test_names(void)
{
	static const char * const bad[] = {
		"", "none", "nets", "cpu,", ",cpu", "cpu,cpu", "cpu memory",
		"cpu;io", "cpu,,io", "unknown",
	};
	static const char * const no_groups[] = {
		"", "0", "33", "1,1", "web", "1;2", "1 2", "-1", "none,1",
	};
	static const uint32_t some[] = { 0, 1, 5, 1U << 31, ~0U };
	char text[NAMES_GROUPS_MAX];
	uint8_t value = 9;
	uint32_t groups;

	for (uint8_t i = 0; i <= PRESWAP_LEASE_END_MAX; i++)
		ktap_assert(names_lease_end(i) && *names_lease_end(i),
			    "lease end %u has no name", i);
	for (uint8_t i = 0; i <= PRESWAP_EVENT_MAX; i++)
		ktap_assert(names_event(i) && *names_event(i),
			    "event %u has no name", i);
	for (uint8_t i = 0; i <= PRESWAP_SENSITIVITY_MAX; i++)
		ktap_assert(!names_parse_sensitivity(names_sensitivity(i),
						     &value) && value == i,
			    "sensitivity %u", i);
	for (uint8_t i = 0; i <= PRESWAP_LEASE_KIND_MAX; i++)
		ktap_assert(names_lease_kind(i) && *names_lease_kind(i),
			    "lease kind %u has no name", i);
	for (uint8_t i = 1; i <= PRESWAP_GIVES_ALL; i++)
		ktap_assert(!names_parse_gives(names_gives(i), &value) &&
			    value == i, "gives %u: %s", i, names_gives(i));
	ktap_assert(!names_parse_gives("io, memory,net,cpu", &value) &&
		    value == PRESWAP_GIVES_ALL, "any order: %u", value);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ktap_assert(names_parse_gives(bad[i], &value) == -EINVAL,
			    "gives '%s'", bad[i]);
	ktap_assert(!names_parse_receives("none", &value) && !value &&
		    !names_parse_receives("io", &value) && value == 4 &&
		    names_parse_receives("all", &value) == -EINVAL,
		    "receives %u", value);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		ktap_assert(!names_parse_groups(names_groups(text, some[i]),
						&groups) && groups == some[i],
			    "groups %x: %s", some[i], text);
	ktap_assert(!names_parse_groups("32, 1 ,4", &groups) &&
		    groups == (1U << 31 | 9), "groups %x", groups);
	for (size_t i = 0; i < sizeof(no_groups) / sizeof(no_groups[0]); i++)
		ktap_assert(names_parse_groups(no_groups[i], &groups) ==
			    -EINVAL && groups == (1U << 31 | 9),
			    "groups '%s'", no_groups[i]);
	ktap_assert(!strcmp(names_reason(200), "unknown"), "not bounded");
	ktap_assert(!names_parse_resource("memory", &value) &&
		    value == PRESWAP_RESOURCE_MEMORY, "%u", value);
	ktap_assert(!names_parse_resource("io", &value) &&
		    value == PRESWAP_RESOURCE_IO, "%u", value);
	ktap_assert(!names_parse_resource("net", &value) &&
		    value == PRESWAP_RESOURCE_NET, "%u", value);
	ktap_assert(names_parse_resource("gpu", &value) == -EINVAL,
		    "the kernel has none");
	ktap_assert(!names_parse_yes_no("yes", &value) && value == 1, "yes");
	ktap_assert(names_parse_yes_no("true", &value) == -EINVAL, "true");
}

static void test_table(void)
{
	static const char * const heads[] = { "APP", ">N", NULL };
	struct table *table = table_new(heads);
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int err;

	table_cell(table, "a");
	table_cell(table, "%d", 5);
	table_cell(table, "long\033[2J");
	table_cell(table, "%d", 12345);
	table_cell(table, "gr\xc3\xbc\xc3\x9f");
	table_cell(table, "\xe2\x82\xac");
	err = table_print(table, to, false);
	fclose(to);
	table_free(table);
	ktap_assert(!err && !strcmp(text, "APP           N\n"
					  "a             5\n"
					  "long?[2J  12345\n"
					  "gr\xc3\xbc\xc3\x9f          \xe2\x82\xac\n"),
		    "'%s'", text);
	free(text);
}

static void test_text(void)
{
	char name[] = "caf\xc3\xa9\x1b\x7f", csi[] = "a\xc2\x9b" "2J\xc2\xa0";
	char cut[] = "g\xc3\xbc\xc3\x9f";

	text_clean(name);
	ktap_assert(!strcmp(name, "caf\xc3\xa9??"), "%s", name);
	text_ascii(name);
	ktap_assert(!strcmp(name, "caf????"), "%s", name);
	text_clean(csi);
	ktap_assert(!strcmp(csi, "a??2J\xc2\xa0"), "%s", csi);
	text_cut(cut, 2);
	ktap_assert(!strcmp(cut, "g\xc3\xbc"), "%s", cut);
	text_cut(cut, 2);
	ktap_assert(text_width(cut) == 2, "%zu", text_width(cut));
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-51 CPU quantities are parsed or refused", test_cpu },
		{ "R-51 memory quantities are parsed or refused", test_bytes },
		{ "R-51 memory in whole MiB is parsed or refused", test_mib },
		{ "R-51 times and numbers are parsed or refused", test_ms },
		{ "R-51 percentages are parsed or refused", test_percent },
		{ "R-51 quantities are printed in human units", test_format },
		{ "R-51 every enum value has its word", test_names },
		{ "R-51 columns are aligned", test_table },
		{ "R-51 names cannot steer the terminal", test_text },
		{}
	});
}
