/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program of this build says, for tests that run it. */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../selftests/ktap.h"

static char programs[4096];	/* the folder that they are in */
static char said[65536];

/* Sets @programs: tests/ is beside them. False: it cannot be told. */
static bool find_programs(void)
{
	ssize_t n = readlink("/proc/self/exe", programs, sizeof(programs) - 1);

	if (n < 0)
		return false;
	programs[n] = '\0';
	memmove(programs, dirname(dirname(programs)), strlen(programs) + 1);
	return true;
}

/* A shell's command; its exit status, and in @said what it wrote to standard output. */
static int tell_line(const char *line)
{
	FILE *from = popen(line, "r");
	int status;
	size_t n;

	ktap_assert(from, "popen: %s", strerror(errno));
	n = fread(said, 1, sizeof(said) - 1, from);
	said[n] = '\0';
	status = pclose(from);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#define says(text) ktap_assert(strstr(said, text), "no '%s' in:\n%s", text, said)

#endif /* TESTS_TOLD_H */
