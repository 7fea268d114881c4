// SPDX-License-Identifier: GPL-2.0-or-later
/* calendars, crontabs and timers as one list of coming events. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "sense/agenda.h"
#include "sense/crontab.h"
#include "sense/ical.h"
#include "sense/timers.h"

#define MONDAY		1767571200	/* 5 January 2026, 0:00 UTC */
#define HOUR		3600
#define DAY		86400

static struct agenda *agenda;

static void begin(const char *zone, time_t from, time_t span)
{
	setenv("TZ", zone, 1);
	tzset();
	agenda_free(agenda);
	agenda = agenda_new(from, from + span);
	ktap_assert(agenda);
}

static const char *first_problem(void)
{
	return agenda->nr_problems ? agenda->problems[0] : "";
}

/* ---- cron ---- */

static void cron(const char *line, time_t from, time_t span)
{
	begin("UTC", from, span);
	crontab_read(agenda, "tab", line, "joe");
}

/* The starts after @from, in minutes; -1 ends them. */
static void starts_are(const char *what, const int *minutes)
{
	size_t i;

	for (i = 0; minutes[i] >= 0; i++)
		ktap_assert(i < agenda->count &&
			    agenda->entries[i].start ==
			    agenda->from + 60 * minutes[i],
			    "%s: %zu of %zu: %ld, %s", what, i, agenda->count,
			    i < agenda->count ?
			    (long)(agenda->entries[i].start - agenda->from) /
			    60 : -1, first_problem());
	ktap_assert(agenda->count == i, "%s: %zu entries", what,
		    agenda->count);
}

#define STARTS(what, ...) starts_are(what, (const int[]){ __VA_ARGS__, -1 })

static void test_cron(void)
{
	cron("*/20 3 * * * x", MONDAY, DAY);
	STARTS("steps", 180, 200, 220);
	cron("*/60 */24 * * * x", MONDAY, DAY);
	STARTS("steps beyond the field: its first value", 0);
	cron("5,10-12 1-2/1 * * * x", MONDAY, DAY);
	STARTS("lists and ranges", 65, 70, 71, 72, 125, 130, 131, 132);
	cron("0 12 * * mon x", MONDAY, 8 * DAY);
	STARTS("names", 720, 720 + 7 * 1440);
	cron("0 12 * JAN Sun x", MONDAY, 8 * DAY);
	STARTS("names", 720 + 6 * 1440);
	cron("0 12 * * 7 x", MONDAY, 8 * DAY);
	STARTS("Sunday is 0 and 7", 720 + 6 * 1440);
	cron("0 12 * * 5-7 x", MONDAY, 7 * DAY);
	STARTS("up to 7", 720 + 4 * 1440, 720 + 5 * 1440, 720 + 6 * 1440);
	cron("0 12 7 * tue x", MONDAY, 4 * DAY);
	STARTS("either day", 720 + 1440, 720 + 2 * 1440);
	cron("0 12 */2 * tue x", MONDAY, 9 * DAY);
	STARTS("both, as a field begins with *", 720 + 8 * 1440);
	cron("@daily x", MONDAY, 2 * DAY);
	STARTS("@daily", 0, 1440);
	cron("@HOURLY x", MONDAY, 2 * HOUR);
	STARTS("@hourly", 0, 60);
	cron("@reboot x", MONDAY, DAY);
	ktap_assert(!agenda->count && !agenda->nr_problems);
	cron("  30\t4 * * *   a command % with input\r\n", MONDAY, DAY);
	STARTS("blanks", 270);
	ktap_assert(!strcmp(agenda->entries[0].label,
			    "a command % with input") &&
		    !strcmp(agenda->entries[0].user, "joe"));
}

static void test_cron_wrong(void)
{
	static const char * const lines[] = {
		"60 * * * * x", "* 24 * * * x", "* * 0 * * x", "* * * 13 * x",
		"* * * * 8 x", "5-1 * * * * x", "*/0 * * * * x", "5/2 * * * * x",
		"a * * * * x", "* * * * monday x", "* * * * *", "@never x",
		"* * *", ", * * * * x", "1, * * * * x", "1-* * * * * x",
		"99999999999999 * * * * x", "-1 * * * * x", "*5 * * * * x",
	};
	char text[64];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text), "# one\n\n%s\n", lines[i]);
		cron(text, MONDAY, DAY);
		ktap_assert(!agenda->count && agenda->nr_problems == 1 &&
			    !strncmp(first_problem(), "tab:3: ", 7),
			    "%s: %zu, %s", lines[i], agenda->count,
			    first_problem());
	}
	/* a bad line takes no other with it */
	cron("x\n0 1 * * * good\nCRON_TZ=Asia/Tokyo\nPATH=/bin\nA = \"b c\"\n0 2 * * * too\n",
	     MONDAY, DAY);
	STARTS("the others stand", 60, 120);
	ktap_assert(agenda->nr_problems == 2 &&
		    strstr(agenda->problems[1], "tab:3: CRON_TZ"), "%s",
		    first_problem());
}

static void test_cron_system(void)
{
	begin("UTC", MONDAY, DAY);
	crontab_read(agenda, "tab",
		     "17 * * * * root cd / && run-parts /etc/cron.hourly\n"
		     "25 6 * * * \n", NULL);
	ktap_assert(agenda->count == 24 &&
		    !strcmp(agenda->entries[0].user, "root") &&
		    !strcmp(agenda->entries[0].app,
			    "system.slice/cron.service") &&
		    !strcmp(agenda->entries[0].label,
			    "cd / && run-parts /etc/cron.hourly"));
	ktap_assert(agenda->nr_problems == 1, "%s", first_problem());
}

/* Berlin: 29 March 2026 2:00 becomes 3:00; 25 October 3:00 becomes 2:00. */
static void test_cron_summer(void)
{
	const time_t spring = 1774738800, autumn = 1792879200;

	begin("Europe/Berlin", spring, DAY);
	crontab_read(agenda, "tab", "30 2 * * * fixed\n", "joe");
	STARTS("the hour left out: right after it", 120);
	begin("Europe/Berlin", spring, 4 * HOUR);
	crontab_read(agenda, "tab", "30 * * * * by the clock\n", "joe");
	STARTS("hourly", 30, 90, 150, 210);
	begin("Europe/Berlin", autumn, DAY);
	crontab_read(agenda, "tab", "30 2 * * * fixed\n", "joe");
	STARTS("the hour that comes twice: once", 150);
	begin("Europe/Berlin", autumn, 5 * HOUR);
	crontab_read(agenda, "tab", "30 * * * * by the clock\n", "joe");
	STARTS("hourly", 30, 90, 150, 210, 270);
}

static void test_bounded(void)
{
	char *text = calloc(1, 200 * 32);

	for (int i = 0; i < 200; i++)
		sprintf(text + strlen(text), "* * * * * job %d\n", i);
	cron(text, MONDAY, DAY);
	free(text);
	ktap_assert(agenda->count <= 2 * AGENDA_MAX, "%zu", agenda->count);
	ktap_assert(agenda->cut + agenda->count == 200 * 1440, "%zu left out",
		    agenda->cut);
}

/* ---- calendars ---- */

#define ICAL(body)							\
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x\r\n" body	\
	"END:VCALENDAR\r\n"
#define EVENT(body)							\
	"BEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Sale\r\n" body "END:VEVENT\r\n"

static void calendar(const char *zone, const char *text, time_t span)
{
	begin(zone, MONDAY, span);
	ical_read(agenda, "cal.ics", text);
}

static long length(size_t i)
{
	return agenda->entries[i].end - agenda->entries[i].start;
}

static void test_ical(void)
{
	calendar("UTC", ICAL(EVENT("DTSTART:20260105T100000Z\r\n"
		"DTEND:20260105T113000Z\r\n"
		"X-PRESWAP-APP:/system.slice/shop.service\r\n"
		"X-PRESWAP-CPU:2.5\r\nX-PRESWAP-MEMORY:512M\r\n"
		"X-PRESWAP-IO:20M\r\n")), DAY);
	STARTS("one", 600);
	ktap_assert(length(0) == 90 * 60);
	ktap_assert(!strcmp(agenda->entries[0].label, "Sale") &&
		    !strcmp(agenda->entries[0].app,
			    "system.slice/shop.service") &&
		    agenda->entries[0].cpu_milli == 2500 &&
		    agenda->entries[0].mem_bytes == 512 << 20 &&
		    agenda->entries[0].io_bytes == 20 << 20);
	calendar("UTC", ICAL(EVENT("DTSTART:20260105T100000Z\r\n"
		"DURATION:PT45M\r\n")), DAY);
	STARTS("duration", 600);
	ktap_assert(length(0) == 45 * 60 && isnan(agenda->entries[0].cpu_milli));
	calendar("UTC", ICAL(EVENT("DTSTART:20251201T100000Z\r\n"
		"DTEND:20251201T103000Z\r\n"
		"RRULE:FREQ=DAILY;BYHOUR=10,15\r\n"
		"EXDATE:20260105T150000Z\r\n")), 2 * DAY);
	STARTS("rule and exception", 600, 1440 + 600, 1440 + 900);
	ktap_assert(length(2) == 30 * 60);
	calendar("UTC", ICAL(EVENT("DTSTART:20251201T100000Z\r\n"
		"RDATE:20260105T120000Z\r\n")), DAY);
	STARTS("more dates", 720);
	/* a year has passed: nothing */
	calendar("UTC", ICAL(EVENT("DTSTART:20250105T100000Z\r\n")), DAY);
	ktap_assert(!agenda->count && !agenda->nr_problems);
}

static void test_ical_zones(void)
{
	/* 10:00 in New York is 15:00 UTC in January */
	calendar("Europe/Berlin", ICAL(EVENT(
		"DTSTART;TZID=America/New_York:20260105T100000\r\n"
		"DTEND;TZID=America/New_York:20260105T110000\r\n")), DAY);
	STARTS("zone of the system", 900);
	/* floating: 10:00 here, which is 9:00 UTC */
	calendar("Europe/Berlin", ICAL(EVENT("DTSTART:20260105T100000\r\n"
		"DTEND:20260105T103000\r\n")), DAY);
	STARTS("local", 540);
	ktap_assert(length(0) == 1800);
	calendar("Europe/Berlin", ICAL(EVENT("DTSTART:20251229T100000\r\n"
		"RRULE:FREQ=WEEKLY\r\n")), DAY);
	STARTS("local, by rule", 540);
	/* whole days: from midnight here */
	calendar("Europe/Berlin", ICAL(EVENT(
		"DTSTART;VALUE=DATE:20260106\r\n")), 2 * DAY);
	STARTS("a whole day", 1440 - 60);
	ktap_assert(length(0) == DAY, "%ld", length(0));
	calendar("Europe/Berlin", ICAL(EVENT(
		"DTSTART;VALUE=DATE:20251201\r\nDTEND;VALUE=DATE:20251203\r\n"
		"RRULE:FREQ=DAILY\r\n")), 2 * DAY);
	STARTS("each two days long", 1440 - 60, 2 * 1440 - 60);
	ktap_assert(length(0) == 2 * DAY, "%ld", length(0));
	/* a zone that the file defines: 5 h west, without summer */
	calendar("UTC", ICAL("BEGIN:VTIMEZONE\r\nTZID:Mine\r\nBEGIN:STANDARD\r\n"
		"DTSTART:19700101T000000\r\nTZOFFSETFROM:-0500\r\n"
		"TZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		EVENT("DTSTART;TZID=Mine:20251229T100000\r\n"
		"RRULE:FREQ=WEEKLY\r\n")), DAY);
	STARTS("zone of the file", 900);
}

static void test_ical_changed(void)
{
	calendar("UTC", ICAL(
		EVENT("DTSTART:20251201T100000Z\r\nRRULE:FREQ=DAILY\r\n")
		EVENT("RECURRENCE-ID:20260105T100000Z\r\n"
		      "DTSTART:20260105T140000Z\r\n")), 2 * DAY);
	STARTS("one moved", 1440 + 600, 840);
	calendar("UTC", ICAL(
		EVENT("DTSTART:20251201T100000Z\r\nRRULE:FREQ=DAILY\r\n")
		EVENT("RECURRENCE-ID:20260105T100000Z\r\n"
		      "STATUS:CANCELLED\r\nDTSTART:20260105T100000Z\r\n")),
		2 * DAY);
	STARTS("one cancelled", 1440 + 600);
}

static void test_ical_wrong(void)
{
	calendar("UTC", "no calendar", DAY);
	ktap_assert(agenda->nr_problems == 1 &&
		    !strncmp(first_problem(), "cal.ics:1: ", 11), "%s",
		    first_problem());
	calendar("UTC", ICAL(
		EVENT("DTSTART:20260105T100000Z\r\n")
		EVENT("DTSTART:20260105T110000Z\r\nX-PRESWAP-APP:a\r\n"
		      "X-PRESWAP-CPU:many\r\n")
		EVENT("DESCRIPTION:no start\r\n")
		EVENT("DTSTART:20260105T120000Z\r\n")), DAY);
	STARTS("the others stand", 600, 660, 720);
	ktap_assert(agenda->nr_problems == 2, "%zu", agenda->nr_problems);
	ktap_assert(!strcmp(agenda->problems[0],
			    "cal.ics:14: X-PRESWAP-CPU cannot be 'many'"), "%s",
		    agenda->problems[0]);
	ktap_assert(!strcmp(agenda->problems[1],
			    "cal.ics:16: an event without a start"), "%s",
		    agenda->problems[1]);
	calendar("UTC", ICAL(EVENT("DTSTART:20260105T100000Z\r\n"
		"RRULE:FREQ=SOMETIMES\r\n")), DAY);
	ktap_assert(agenda->count == 1 && agenda->nr_problems == 1 &&
		    !strncmp(first_problem(), "cal.ics:8: ", 11), "%zu %s",
		    agenda->count, first_problem());
}

/* A rule without an end, and one that never comes true. */
static void test_ical_endless(void)
{
	calendar("UTC", ICAL(EVENT("DTSTART:20200101T000000Z\r\n"
		"RRULE:FREQ=MINUTELY\r\n")), DAY);
	ktap_assert(agenda->count == AGENDA_EACH_MAX &&
		    agenda->cut == 1440 - AGENDA_EACH_MAX, "%zu %zu",
		    agenda->count, agenda->cut);
	calendar("UTC", ICAL(EVENT("DTSTART:20200101T000000Z\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31\r\n")), DAY);
	ktap_assert(!agenda->count);
	/* each second since 1970: begun shortly before, not then */
	calendar("UTC", ICAL(EVENT("DTSTART:19700101T000000Z\r\n"
		"RRULE:FREQ=SECONDLY\r\n")), HOUR);
	ktap_assert(agenda->count == AGENDA_EACH_MAX &&
		    agenda->cut == 3600 - AGENDA_EACH_MAX &&
		    !agenda->nr_problems, "%zu %zu %s", agenda->count,
		    agenda->cut, first_problem());
	/* one that counts is followed from its beginning, but not for ever */
	calendar("UTC", ICAL(EVENT("DTSTART:20251201T060000Z\r\n"
		"RRULE:FREQ=DAILY;COUNT=36\r\n")), 3 * DAY);
	STARTS("the 36th is the last", 360);
	calendar("UTC", ICAL(EVENT("DTSTART:19700101T000000Z\r\n"
		"RRULE:FREQ=SECONDLY;COUNT=2000000000\r\n")), HOUR);
	ktap_assert(!agenda->count && agenda->nr_problems == 1 &&
		    strstr(first_problem(), "cal.ics:8: a rule with more"),
		    "%zu %s", agenda->count, first_problem());
	/* what a rule and a date both give is there once */
	calendar("UTC", ICAL(EVENT("DTSTART:20260105T060000Z\r\n"
		"RDATE:20260105T070000Z,20260105T080000Z\r\n"
		"RRULE:FREQ=HOURLY;INTERVAL=2;UNTIL=20260105T100000Z\r\n")),
		 DAY);
	STARTS("once", 360, 420, 480, 600);
	/* an exception for a whole day */
	calendar("UTC", ICAL(EVENT("DTSTART:20260101T060000Z\r\n"
		"RRULE:FREQ=DAILY\r\nEXDATE;VALUE=DATE:20260105\r\n")),
		 2 * DAY);
	STARTS("the day after", 1440 + 360);
}

/* @count times @part, in one calendar. */
static char *many(const char *part, int count, size_t *len)
{
	FILE *to;
	char *text;

	to = open_memstream(&text, len);
	ktap_assert(to, "no memory");
	fputs("BEGIN:VCALENDAR\r\n", to);
	for (int i = 0; i < count; i++)
		fputs(part, to);
	fputs("END:VCALENDAR\r\n", to);
	ktap_assert(!fclose(to));
	return text;
}

static void large(const char *part, int count)
{
	size_t len;
	char *text = many(part, count, &len);

	ktap_assert(len <= AGENDA_FILE_MAX, "%zu bytes", len);
	calendar("UTC", text, DAY);
	free(text);
}

/*
 * As large as a file may be, and all of it bad: it ends. What grew with the square
 * of that took a quarter of an hour, and preswap-agenda has 20 s for all files.
 */
static void test_ical_large(void)
{
	large("BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:x\r\nEND:VEVENT\r\n", 170000);
	ktap_assert(!agenda->count && agenda->nr_problems == 64 &&
		    agenda->problems_more == 170000 - 64 &&
		    !strcmp(agenda->problems[63],
			    "cal.ics:254: an event without a start"), "%s",
		    agenda->problems[63]);
	large("BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260105T060000Z\r\n"
	      "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\n", 60000);
	ktap_assert(agenda->count + agenda->cut == 60000 &&
		    !agenda->nr_problems, "%zu %zu %s", agenda->count,
		    agenda->cut, first_problem());
	/* many rules that each go on for long */
	large("BEGIN:VEVENT\r\nUID:1\r\nDTSTART:19700101T000000Z\r\n"
	      "RRULE:FREQ=SECONDLY;COUNT=2000000000\r\nEND:VEVENT\r\n", 5000);
	ktap_assert(agenda->problems_more == 5000 - 64 &&
		    strstr(agenda->problems[63], "all rules have more than"),
		    "%s", agenda->problems[63]);
}

/* libical would use up the stack. */
static void test_ical_nested(void)
{
	large("BEGIN:A\r\n", 800000);
	ktap_assert(agenda->nr_problems == 1 &&
		    strstr(first_problem(), "cal.ics:17: more than 16"), "%s",
		    first_problem());
	large("beg\r\n\tin\r\n ;X=1:A\r\n", 300000);
	ktap_assert(agenda->nr_problems == 1 &&
		    strstr(first_problem(), "cal.ics:47: more than 16"), "%s",
		    first_problem());
	/* one after the other is not in each other */
	large("BEGIN:VEVENT\r\nDTSTART:20260105T060000Z\r\n"
	      "BEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT\r\n", 20);
	ktap_assert(agenda->count == 20 && !agenda->nr_problems, "%zu %s",
		    agenda->count, first_problem());
}

static void test_cron_large(void)
{
	const char *line = "* * * * * true\n";
	size_t len = strlen(line), count = 500000;
	char *text = malloc(count * len + 1);

	ktap_assert(text, "no memory");
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, line, len + 1);
	cron(text, MONDAY, DAY);
	free(text);
	ktap_assert(agenda->count + agenda->cut == 10000 * 1440 &&
		    agenda->nr_problems == 1 &&
		    strstr(first_problem(), "tab:10001: "), "%zu %zu %s",
		    agenda->count, agenda->cut, first_problem());
}

/* ---- files ---- */

static char folder[] = "/tmp/preswap-agenda-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	ktap_assert(file, "%s", path);
	fputs(text, file);
	fclose(file);
}

static void make_folder(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	mkdir(path, 0755);
}

static int forget(const char *path, const struct stat *st, int type,
		  struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void test_files(void)
{
	struct agenda_opts opts = {
		.root = folder, .cron = true, .from = MONDAY, .span_s = DAY,
		.nr_calendars = 2,
	};
	char cal[256], missing[256];
	struct agenda *read = NULL;

	setenv("TZ", "UTC", 1);
	tzset();
	ktap_assert(mkdtemp(folder));
	make_folder("etc");
	make_folder("etc/cron.d");
	make_folder("var");
	make_folder("var/spool");
	make_folder("var/spool/cron");
	make_folder("var/spool/cron/crontabs");
	make_folder("cal");
	write_file("etc/crontab", "0 6 * * * root six\n");
	write_file("etc/cron.d/php", "0 5 * * * www-data five\n");
	write_file("etc/cron.d/php.dpkg-old", "0 4 * * * www-data four\n");
	write_file("var/spool/cron/crontabs/ann", "0 3 * * * three\nx\n");
	write_file("cal/b.ics", ICAL(EVENT("DTSTART:20260105T020000Z\r\n")));
	write_file("cal/b.txt", "no calendar");
	snprintf(cal, sizeof(cal), "%s/cal", folder);
	snprintf(missing, sizeof(missing), "%s/missing.ics", folder);
	opts.calendars[0] = cal;
	opts.calendars[1] = missing;
	ktap_assert(!agenda_read(&opts, &read));
	agenda_free(agenda);
	agenda = read;
	STARTS("sorted, of all files", 120, 180, 300, 360);
	ktap_assert(agenda->nr_problems == 2 &&
		    strstr(agenda->problems[0], "missing.ics: No such file") &&
		    strstr(agenda->problems[1], "crontabs/ann:2: bad minute"),
		    "%s, %s", agenda->problems[0], agenda->problems[1]);
	nftw(folder, forget, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- as text, from preswap-agenda to the daemon ---- */

static void test_text(void)
{
	struct agenda *again = NULL;
	char *text = NULL;
	size_t size;
	FILE *file;

	begin("UTC", MONDAY, DAY);
	crontab_read(agenda, "tab", "0 1 * * * a\tcommand\n0 2 * * * b\nx\n",
		     "joe");
	ical_read(agenda, "cal.ics", ICAL(EVENT("DTSTART:20260105T100000Z\r\n"
		"DURATION:PT5M\r\nX-PRESWAP-APP:a.slice\r\n"
		"X-PRESWAP-CPU:250m\r\n")));
	file = open_memstream(&text, &size);
	ktap_assert(file && !agenda_write(agenda, file));
	fclose(file);
	/* a part of it is refused, wherever it ends */
	for (size_t i = 0; i + 1 < size; i++) {
		char *part = strndup(text, i);
		int err = agenda_parse(part, &again);

		free(part);
		ktap_assert(err == -EINVAL, "%zu of %zu: %d", i, size, err);
	}
	ktap_assert(!agenda_parse(text, &again));
	free(text);
	agenda_free(agenda);
	agenda = again;
	ktap_assert(agenda->count == 3 && agenda->nr_problems == 1);
	ktap_assert(!strcmp(agenda->problems[0], "tab:3: bad minute"));
	ktap_assert(!strcmp(agenda->entries[0].label, "a command") &&
		    !strcmp(agenda->entries[0].user, "joe") &&
		    agenda->entries[0].start == MONDAY + HOUR);
	ktap_assert(agenda->entries[2].source == AGENDA_CALENDAR &&
		    agenda->entries[2].cpu_milli == 250 &&
		    isnan(agenda->entries[2].mem_bytes) && length(2) == 300 &&
		    !strcmp(agenda->entries[2].app, "a.slice"));
}

/* ---- timers: a systemd of our own ---- */

static void test_cgroup(void)
{
	char path[64];

	ktap_assert(timers_cgroup("system.slice", "a.service", path, 64) &&
		    !strcmp(path, "system.slice/a.service"), "%s", path);
	ktap_assert(timers_cgroup("a-b-c.slice", "d.service", path, 64) &&
		    !strcmp(path, "a.slice/a-b.slice/a-b-c.slice/d.service"),
		    "%s", path);
	ktap_assert(timers_cgroup("-.slice", "d.service", path, 64) &&
		    !strcmp(path, "d.service"), "%s", path);
	ktap_assert(!timers_cgroup("system.slice", "a.service", path, 20));
}

static int on_list(sd_bus_message *m, void *data, sd_bus_error *error)
{
	sd_bus_message *reply;

	(void)data;
	(void)error;
	sd_bus_message_new_method_return(m, &reply);
	sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
	for (int i = 0; i < 3; i++) {
		static const char * const objects[] = {
			"/t/real", "/t/mono", "/t/never",
		};

		sd_bus_message_append(reply, "(ssssssouso)", objects[i] + 3,
				      "", "loaded", "active", "waiting", "",
				      objects[i], 0, "", "/");
	}
	sd_bus_message_close_container(reply);
	sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return 1;
}

static int on_load(sd_bus_message *m, void *data, sd_bus_error *error)
{
	const char *unit;

	(void)data;
	(void)error;
	sd_bus_message_read(m, "s", &unit);
	return sd_bus_reply_method_return(m, "o", !strcmp(unit, "here.service") ?
					  "/u/here" : "/u/later");
}

static int get_time(sd_bus *bus, const char *path, const char *interface,
		    const char *property, sd_bus_message *reply, void *data,
		    sd_bus_error *error)
{
	uint64_t value = UINT64_MAX;
	struct timespec now;

	(void)bus;
	(void)interface;
	(void)data;
	(void)error;
	clock_gettime(CLOCK_MONOTONIC, &now);
	/* two have both, and the sooner counts */
	if (!strcmp(path, "/t/real"))
		value = strstr(property, "Realtime") ?
			(MONDAY + 600) * 1000000ULL :
			(now.tv_sec + 2000) * 1000000ULL;
	if (!strcmp(path, "/t/mono"))
		value = strstr(property, "Realtime") ?
			(time(NULL) + 2000) * 1000000ULL :
			(now.tv_sec + 1000) * 1000000ULL;
	if (strstr(property, "Accuracy"))
		value = 60000000;
	return sd_bus_message_append(reply, "t", value);
}

static int get_string(sd_bus *bus, const char *path, const char *interface,
		      const char *property, sd_bus_message *reply, void *data,
		      sd_bus_error *error)
{
	const char *value = "";

	(void)bus;
	(void)interface;
	(void)data;
	(void)error;
	if (!strcmp(property, "Unit"))
		value = !strcmp(path, "/t/real") ? "here.service" :
						   "later.service";
	if (!strcmp(property, "ControlGroup") && !strcmp(path, "/u/here"))
		value = "/system.slice/here.service";
	if (!strcmp(property, "Slice"))
		value = "system-later.slice";
	return sd_bus_message_append(reply, "s", value);
}

static const sd_bus_vtable manager[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("ListUnitsByPatterns", "asas", "a(ssssssouso)", on_list,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("LoadUnit", "s", "o", on_load,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static const sd_bus_vtable timer[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("NextElapseUSecRealtime", "t", get_time, 0, 0),
	SD_BUS_PROPERTY("NextElapseUSecMonotonic", "t", get_time, 0, 0),
	SD_BUS_PROPERTY("AccuracyUSec", "t", get_time, 0, 0),
	SD_BUS_PROPERTY("Unit", "s", get_string, 0, 0),
	SD_BUS_VTABLE_END
};

static const sd_bus_vtable service[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("ControlGroup", "s", get_string, 0, 0),
	SD_BUS_PROPERTY("Slice", "s", get_string, 0, 0),
	SD_BUS_VTABLE_END
};

static void *serve(void *data)
{
	static const char * const timers[] = {
		"/t/real", "/t/mono", "/t/never",
	};
	int fd = *(int *)data;
	sd_bus *bus;
	sd_id128_t id;

	sd_id128_randomize(&id);
	sd_bus_new(&bus);
	sd_bus_set_fd(bus, fd, fd);
	sd_bus_set_server(bus, 1, id);
	sd_bus_set_anonymous(bus, 1);
	sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/systemd1",
				 "org.freedesktop.systemd1.Manager", manager,
				 NULL);
	for (int i = 0; i < 3; i++)
		sd_bus_add_object_vtable(bus, NULL, timers[i],
			"org.freedesktop.systemd1.Timer", timer, NULL);
	sd_bus_add_object_vtable(bus, NULL, "/u/here",
				 "org.freedesktop.systemd1.Service", service,
				 NULL);
	sd_bus_add_object_vtable(bus, NULL, "/u/later",
				 "org.freedesktop.systemd1.Service", service,
				 NULL);
	if (sd_bus_start(bus) >= 0)
		while (sd_bus_process(bus, NULL) >= 0)
			sd_bus_wait(bus, 100000);
	sd_bus_unref(bus);
	return NULL;
}

static void test_timers(void)
{
	pthread_t thread;
	sd_bus *bus;
	int fds[2];

	begin("UTC", MONDAY, DAY);
	agenda->to = time(NULL) + DAY;
	ktap_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	ktap_assert(!pthread_create(&thread, NULL, serve, &fds[0]));
	ktap_assert(sd_bus_new(&bus) >= 0 &&
		    sd_bus_set_fd(bus, fds[1], fds[1]) >= 0 &&
		    sd_bus_start(bus) >= 0);
	timers_read_bus(agenda, bus);
	sd_bus_flush_close_unref(bus);
	pthread_join(thread, NULL);
	ktap_assert(agenda->count == 2, "%zu, %s", agenda->count,
		    first_problem());
	ktap_assert(agenda->entries[0].start == MONDAY + 600 &&
		    agenda->entries[0].late_s == 60 &&
		    !strcmp(agenda->entries[0].label, "real") &&
		    !strcmp(agenda->entries[0].app,
			    "system.slice/here.service"), "%s",
		    agenda->entries[0].app);
	ktap_assert(labs(agenda->entries[1].start - time(NULL) - 1000) <= 2 &&
		    !strcmp(agenda->entries[1].app,
			    "system.slice/system-later.slice/later.service"),
		    "%s", agenda->entries[1].app);
}

/* Starts it with this output, as the daemon under its unit would. */
static pid_t start_helper(int output)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	FILE *score;
	pid_t pid;

	ktap_assert(n > 0);
	path[n] = 0;
	/* tests/ is beside it */
	*strrchr(path, '/') = 0;
	strcpy(strrchr(path, '/'), "/preswap-agenda");
	if (access(path, X_OK))
		ktap_skip("no preswap-agenda");
	pid = fork();
	if (pid)
		return pid;
	score = fopen("/proc/self/oom_score_adj", "w");
	if (score) {
		fputs("0\n", score);
		fclose(score);
	}
	dup2(output, STDOUT_FILENO);
	execl(path, path, "--from", "1", "--span", "1", NULL);
	_exit(1);
}

/*
 * What a calendar makes of it, no other program is killed for. It waits with its
 * answer, as nobody takes it.
 */
static void test_oom(void)
{
	char path[64], line[16] = "";
	int ends[2], tries;
	FILE *score;
	pid_t pid;

	ktap_assert(!pipe2(ends, O_NONBLOCK | O_CLOEXEC));
	while (write(ends[1], "x", 1) == 1)
		;
	fcntl(ends[1], F_SETFL, 0);
	pid = start_helper(ends[1]);
	ktap_assert(pid > 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	for (tries = 0; tries < 1200 && strcmp(line, "500\n"); tries++) {
		usleep(50000);
		score = fopen(path, "r");
		if (!score)
			break;
		if (!fgets(line, sizeof(line), score))
			*line = 0;
		fclose(score);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	ktap_assert(!strcmp(line, "500\n"), "%s", line);
}

int main(void)
{
	int status = ktap_run((struct ktap_case[]){
		{ "R-9 cron: the grammar", test_cron },
		{ "R-9 cron: bad lines are told, and only they",
		  test_cron_wrong },
		{ "R-9 cron: lines with a user", test_cron_system },
		{ "R-9 cron: summer time", test_cron_summer },
		{ "R-9 the list is bounded", test_bounded },
		{ "R-9 iCalendar: rules, exceptions, durations", test_ical },
		{ "R-9 iCalendar: zones and whole days", test_ical_zones },
		{ "R-9 iCalendar: changed occurrences", test_ical_changed },
		{ "R-9 iCalendar: bad events are told, and only they",
		  test_ical_wrong },
		{ "R-9 iCalendar: rules without an end", test_ical_endless },
		{ "R-9 iCalendar: very many bad events", test_ical_large },
		{ "R-9 iCalendar: endless nesting", test_ical_nested },
		{ "R-9 cron: very many lines", test_cron_large },
		{ "R-9 files of all kinds", test_files },
		{ "R-9 from one program to another, whole or not at all",
		  test_text },
		{ "R-9 the program that reads it is the first to be killed",
		  test_oom },
		{ "R-9 timers: slices to cgroups", test_cgroup },
		{ "R-9 timers: next elapse and cgroup, over D-Bus",
		  test_timers },
		{}
	});

	agenda_free(agenda);
	return status;
}
