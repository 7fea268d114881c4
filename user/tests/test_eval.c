// SPDX-License-Identifier: GPL-2.0-or-later
/* What preswap-eval makes of folders as people have them. */
#include <stdlib.h>
#include <sys/stat.h>

#include "told.h"

#define HEAD	"series,method,origin,horizon,q5,q10,q25,q50,q75,q90,q95,seconds\n"

static char folder[] = "/tmp/test_eval.XXXXXX";

static FILE *file(const char *name)
{
	char path[4096];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "w");
	ktap_assert(to, "%s: %s", path, strerror(errno));
	return to;
}

/* The series 0, 1, 2, ... , of @n values with @end after each. */
static void put_series(const char *name, int n, const char *end)
{
	FILE *to = file(name);

	for (int i = 0; i < n; i++)
		fprintf(to, "%d%s", i, end);
	fclose(to);
}

/* Its exit status; what it says to where @redirect leaves it is in @said. */
static int tell(const char *options, const char *redirect)
{
	char line[8192 + 64];

	snprintf(line, sizeof(line), "%s/preswap-eval %s %s", programs, options,
		 redirect);
	return tell_line(line);
}

#define OUTPUT	"2>/dev/null"
#define ERRORS	"2>&1 >/dev/null"

static int tell_folder(const char *redirect)
{
	return tell(folder, redirect);
}

/* Empties it. */
static void begin(void)
{
	char line[64];

	snprintf(line, sizeof(line), "rm -rf %s/*", folder);
	ktap_assert(!system(line), "%s", line);
}

static unsigned int count(const char *text)
{
	unsigned int n = 0;

	for (const char *at = said; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/*
 * round(seq(n/2, n - 12, length.out = 20)) of 40: from 20 to 28, each once, at
 * three horizons; R rounds 12.5 of n = 25 to 12.
 */
static void test_origins(void)
{
	char line[64];

	begin();
	put_series("forty", 40, "\n");
	put_series("least", 25, "\n");
	ktap_assert(!tell_folder(OUTPUT), "%s", said);
	ktap_assert(!strncmp(said, HEAD, strlen(HEAD)), "%s", said);
	ktap_assert(count("forty,preswap,") == 27, "%u", count("forty,"));
	for (int origin = 20; origin <= 28; origin++) {
		snprintf(line, sizeof(line), "\nforty,preswap,%d,12,", origin);
		says(line);
	}
	ktap_assert(count("least,preswap,") == 6, "%u", count("least,"));
	says("\nleast,preswap,12,1,");
	says("\nleast,preswap,13,1,");
}

static void test_lines(void)
{
	char plain[sizeof(said)];

	begin();
	put_series("a", 40, "\n");
	ktap_assert(!tell_folder(OUTPUT), "%s", said);
	/* what follows the quantiles is a time */
	snprintf(plain, sizeof(plain), "%.60s", strstr(said, "a,preswap,28,12,"));
	put_series("a", 40, " \r\n\n# a remark, 5\n");
	ktap_assert(!tell_folder(OUTPUT), "%s", said);
	*strrchr(plain, ',') = '\0';
	says(plain);
}

static void test_short(void)
{
	begin();
	put_series("empty", 0, "");
	put_series("short", 23, "\n");
	ktap_assert(!tell_folder(OUTPUT) && !strcmp(said, HEAD), "%s", said);
	ktap_assert(!tell_folder(ERRORS), "%s", said);
	says("/empty: left out, 0 values");
	says("/short: left out, 23 values are fewer than 24\n");
}

/* A time before each value would be forecast in its place. */
static void test_two_columns(void)
{
	begin();
	put_series("good", 40, "\n");
	put_series("table", 40, ",7\n");
	ktap_assert(tell_folder(OUTPUT) == 1, "%s", said);
	ktap_assert(count("good,preswap,") == 27 && !count("table,"), "%s", said);
	ktap_assert(tell_folder(ERRORS) == 1, "%s", said);
	says("/table:1: more than one value in a line\n");
}

static void test_names(void)
{
	char path[4096];

	begin();
	put_series("a,\"b\"", 24, "\n");
	ktap_assert(!tell_folder(OUTPUT), "%s", said);
	says("\n\"a,\"\"b\"\"\",preswap,12,1,");
	snprintf(path, sizeof(path), "%s/inner", folder);
	ktap_assert(!mkdir(path, 0700), "%s", strerror(errno));
	ktap_assert(tell_folder(ERRORS) == 1, "%s", said);
	says("/inner: Is a directory\n");
}

static void test_arguments(void)
{
	begin();
	put_series("a", 40, "\n");
	ktap_assert(tell("/nowhere", ERRORS) == 1, "%s", said);
	says("preswap-eval: /nowhere: No such file or directory\n");
	ktap_assert(tell("", ERRORS) == 2 && count("usage: "), "%s", said);
	ktap_assert(tell("--expert /tmp", ERRORS) == 2, "%s", said);
	ktap_assert(!tell("--help", OUTPUT) && count("usage: "), "%s", said);
	ktap_assert(tell_folder("2>&1 >/dev/full") == 1, "%s", said);
	says("preswap-eval: writing: No space left on device\n");
}

int main(void)
{
	int status;

	if (!find_programs() || !mkdtemp(folder)) {
		perror("test_eval");
		return 1;
	}
	status = ktap_run((struct ktap_case[]){
		{ "R-16 origins are those of the protocol", test_origins },
		{ "R-16 remarks, blank lines and ends of lines are no values",
		  test_lines },
		{ "R-16 a series that is too short is told", test_short },
		{ "R-16 a table is no series", test_two_columns },
		{ "R-16 a name may have commas; a folder is no series",
		  test_names },
		{ "R-16 wrong arguments and a full disk are told",
		  test_arguments },
		{} });
	begin();
	rmdir(folder);
	return status;
}
