// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/log.h"
#include "show/text.h"

static int log_max = LOG_INFO;
static bool log_journal;

void log_init(int max_priority)
{
	log_max = max_priority;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_args(int priority, const char *format, va_list args)
{
	char text[512];

	if (priority > log_max)
		return;
	vsnprintf(text, sizeof(text), format, args);
	/* names of cgroups are in it, which users choose */
	text_clean(text);
	if (log_journal)
		fprintf(stderr, "<%d>%s\n", priority, text);
	else
		fprintf(stderr, "preswapd: %s\n", text);
}

void log_msg(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_args(priority, format, args);
	va_end(args);
}
