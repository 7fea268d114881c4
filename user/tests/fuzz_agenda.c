// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes are a crontab, a calendar, or what preswap-agenda
 * printed ("make -C user fuzz").
 */
#include <stdlib.h>
#include <string.h>

#include "sense/agenda.h"
#include "sense/crontab.h"
#include "sense/ical.h"

#define MONDAY	1767571200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agenda *agenda, *parsed;
	char *text;

	if (!size)
		return 0;
	agenda = agenda_new(MONDAY, MONDAY + 86400);
	setenv("TZ", "Europe/Berlin", 1);
	text = strndup((const char *)data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		crontab_read(agenda, "tab", text, "joe");
		break;
	case 1:
		crontab_read(agenda, "tab", text, NULL);
		break;
	case 2:
		ical_read(agenda, "cal.ics", text);
		break;
	default:
		if (!agenda_parse(text, &parsed))
			agenda_free(parsed);
	}
	agenda_sort(agenda);
	for (size_t i = 0; i < agenda->count; i++)
		if (agenda->entries[i].start < agenda->from ||
		    agenda->entries[i].start >= agenda->to ||
		    agenda->entries[i].end < agenda->entries[i].start)
			__builtin_trap();
	agenda_free(agenda);
	free(text);
	return 0;
}
