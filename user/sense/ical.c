// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libical names no lines, so the file is looked through beforehand: the n-th
 * BEGIN:VEVENT is the n-th event that libical gives.
 */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libical/ical.h>

#include "sense/ical.h"
#include "show/units.h"

#define DAY_S		86400
/* Of one rule: each second for two days is within it. */
#define STEPS_MAX	200000
/* Of all rules of an agenda: some seconds. */
#define STEPS_ALL	2000000
#define PROPERTIES_MAX	1024
/* VALARM in VEVENT in VCALENDAR; libical frees them by recursion. */
#define NESTED_MAX	16

/* An occurrence that an event of its own takes the place of. */
struct replacement {
	const char *uid;
	time_t at;
};

struct reader {
	struct agenda *agenda;
	const char *name, *text;
	icalcomponent *calendar;
	struct replacement *replaced;	/* sorted */
	size_t nr_replaced;
};

/* One event while its occurrences are listed. */
struct listing {
	struct reader *r;
	icalcomponent *event;
	struct agenda_entry entry;
	time_t length;
	int index;
	int stored;
	time_t at[AGENDA_EACH_MAX];	/* those that are stored */
};

/* ---- lines ---- */

static bool begins(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncasecmp(line, word, len) &&
	       strchr(":;\r\n", line[len]) != NULL;
}

/*
 * The line of property @name in the @index-th event; that of its BEGIN if the
 * property is not found or NULL.
 */
static unsigned int line_of(const struct reader *r, int index,
			    const char *name)
{
	unsigned int line = 0, first = 0;
	const char *text = r->text;

	for (int event = -1; *text; text += strcspn(text, "\n")) {
		text += *text == '\n';
		line++;
		if (!strncasecmp(text, "BEGIN:VEVENT", 12) &&
		    ++event == index)
			first = line;
		if (!first)
			continue;
		if (name && begins(text, name))
			return line;
		if (!name || !strncasecmp(text, "END:VEVENT", 10))
			break;
	}
	return first ?: 1;
}

/* The whole file is looked through for a line: not for what is only counted. */
#define problem(r, index, property, format, ...)			\
	agenda_problem((r)->agenda, "%s:%u: " format, (r)->name,	\
		       agenda_tells((r)->agenda) ?			\
		       line_of(r, index, property) : 0, ##__VA_ARGS__)

/* The next character of a line, past where it is folded. */
static const char *unfolded(const char *at)
{
	for (;;) {
		size_t end = at[0] == '\r' && at[1] == '\n' ? 2 :
			     at[0] == '\n';

		if (!end || (at[end] != ' ' && at[end] != '\t'))
			return at;
		at += end + 1;
	}
}

/* Whether the line is of property @name; *@at: where that is known. */
static bool is_property(const char **at, const char *name)
{
	for (; *name; name++, ++*at) {
		*at = unfolded(*at);
		if (toupper((unsigned char)**at) != *name)
			return false;
	}
	*at = unfolded(*at);
	return **at == ':' || **at == ';';
}

/* The line at which components are nested too deeply; 0: none. */
static unsigned int nested_at(const char *text)
{
	unsigned int line = 1, depth = 0;

	while (*text) {
		const char *at = text;

		if (is_property(&at, "BEGIN") && ++depth > NESTED_MAX)
			return line;
		at = text;
		if (is_property(&at, "END") && depth)
			depth--;
		do {
			text += strcspn(text, "\n");
			text += *text == '\n';
			line++;
		} while (*text == ' ' || *text == '\t');
	}
	return 0;
}

/* What libical could not read, it keeps as properties that say so. */
static void tell_errors(struct reader *r, icalcomponent *event, int index)
{
	icalproperty *p;
	const char *text, *name;
	char property[32];
	size_t len;

	for (p = icalcomponent_get_first_property(event,
						  ICAL_XLICERROR_PROPERTY);
	     p; p = icalcomponent_get_next_property(event,
						    ICAL_XLICERROR_PROPERTY)) {
		text = icalproperty_get_xlicerror(p) ?: "not understood";
		/* "Can't parse as X value in Y property. Removing ..." */
		name = strstr(text, " value in ");
		len = name ? strcspn(name += 10, " ") : 0;
		snprintf(property, sizeof(property), "%.*s", (int)len,
			 name ?: "");
		problem(r, index, len ? property : NULL, "%s", text);
	}
}

/* ---- values ---- */

static const char *x_value(icalcomponent *event, const char *name)
{
	icalproperty *p;

	for (p = icalcomponent_get_first_property(event, ICAL_X_PROPERTY); p;
	     p = icalcomponent_get_next_property(event, ICAL_X_PROPERTY))
		if (icalproperty_get_x_name(p) &&
		    !strcasecmp(icalproperty_get_x_name(p), name))
			return icalproperty_get_x(p);
	return NULL;
}

static double declared(struct reader *r, icalcomponent *event, int index,
		       const char *name,
		       int (*parse)(const char *text, uint64_t *value))
{
	const char *text = x_value(event, name);
	uint64_t value;

	if (!text)
		return NAN;
	if (!parse(text, &value))
		return value;
	problem(r, index, name, "%s cannot be '%s'", name, text);
	return NAN;
}

/* A time in UTC whose fields are meant as local ones. */
static time_t as_local(time_t at)
{
	struct tm tm;

	gmtime_r(&at, &tm);
	tm.tm_isdst = -1;
	return mktime(&tm);
}

static bool is_local(struct icaltimetype at)
{
	return icaltime_is_date(at) ||
	       (!icaltime_is_utc(at) && !icaltime_get_timezone(at));
}

static time_t to_time(struct icaltimetype at)
{
	icaltimezone *utc = icaltimezone_get_utc_timezone();
	const icaltimezone *zone = icaltime_get_timezone(at);

	if (is_local(at))
		return as_local(icaltime_as_timet_with_zone(at, utc));
	return icaltime_as_timet_with_zone(at, zone ? (icaltimezone *)zone :
						      utc);
}

static time_t length_of(icalcomponent *event, struct icaltimetype start)
{
	struct icaltimetype end;
	time_t length = icaltime_is_date(start) ? DAY_S : 0;

	if (icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY)) {
		end = icalcomponent_get_dtend(event);
		if (!icaltime_is_null_time(end))
			length = to_time(end) - to_time(start);
	} else if (icalcomponent_get_first_property(event,
						ICAL_DURATION_PROPERTY)) {
		length = icaldurationtype_as_int(
				icalcomponent_get_duration(event));
	}
	return length > 0 ? length : 0;
}

/* ---- occurrences ---- */

static int by_uid(const void *a, const void *b)
{
	const struct replacement *x = a, *y = b;

	return strcmp(x->uid, y->uid) ?: (x->at > y->at) - (x->at < y->at);
}

/* Looked up for each occurrence: a walk over all events would be too slow. */
static void find_replaced(struct reader *r, icalcomponent **events, int count)
{
	r->nr_replaced = 0;
	for (int i = 0; i < count; i++) {
		const char *uid = icalcomponent_get_uid(events[i]);

		if (!uid || !icalcomponent_get_first_property(events[i],
						ICAL_RECURRENCEID_PROPERTY))
			continue;
		r->replaced[r->nr_replaced++] = (struct replacement){
			.uid = uid,
			.at = to_time(icalcomponent_get_recurrenceid(
							events[i])),
		};
	}
	qsort(r->replaced, r->nr_replaced, sizeof(*r->replaced), by_uid);
}

/* An occurrence that another event of the calendar takes the place of. */
static bool is_replaced(const struct listing *l, time_t start)
{
	struct replacement key = {
		.uid = icalcomponent_get_uid(l->event), .at = start,
	};

	return key.uid && bsearch(&key, l->r->replaced, l->r->nr_replaced,
				  sizeof(key), by_uid);
}

static void store(struct listing *l, time_t start)
{
	struct agenda *agenda = l->r->agenda;

	if (start < agenda->from || start >= agenda->to)
		return;
	if (l->stored >= AGENDA_EACH_MAX) {
		agenda->cut++;
		return;
	}
	l->at[l->stored++] = start;
	l->entry.start = start;
	l->entry.end = start + l->length;
	agenda_add(agenda, &l->entry);
}

/* Whether an EXDATE takes it out: the same moment, or its whole day. */
static bool is_excepted(const struct listing *l, struct icaltimetype start)
{
	struct icaltimetype except;
	icalproperty *p;

	for (p = icalcomponent_get_first_property(l->event,
						  ICAL_EXDATE_PROPERTY);
	     p; p = icalcomponent_get_next_property(l->event,
						    ICAL_EXDATE_PROPERTY)) {
		except = icalproperty_get_datetime_with_component(p, l->event);
		if (icaltime_is_date(except) ?
		    !icaltime_compare_date_only(except, start) :
		    to_time(except) == to_time(start))
			return true;
	}
	return false;
}

static void occurs(struct listing *l, struct icaltimetype start)
{
	time_t at = to_time(start);

	if (at < l->r->agenda->from || at >= l->r->agenda->to ||
	    is_excepted(l, start) || is_replaced(l, at))
		return;
	/* a rule may give again what DTSTART or RDATE gave */
	for (int i = 0; i < l->stored; i++)
		if (l->at[i] == at)
			return;
	store(l, at);
}

/* What a rule gives from shortly before the time that is asked for. */
static void list_rule(struct listing *l, icalproperty *p,
		      struct icaltimetype start)
{
	struct icalrecurrencetype rule = icalproperty_get_rrule(p);
	icalrecur_iterator *it = icalrecur_iterator_new(rule, start);
	const icaltimezone *zone = icaltime_get_timezone(start) ?:
				   icaltimezone_get_utc_timezone();
	time_t from = l->r->agenda->from - DAY_S;
	struct icaltimetype at;
	int steps = 0;

	if (!it) {
		problem(l->r, l->index, "RRULE", "a rule that has no meaning");
		return;
	}
	/* a rule that counts must be followed from its beginning */
	if (!rule.count && from > to_time(start)) {
		at = icaltime_from_timet_with_zone(from,
				icaltime_is_date(start), (void *)zone);
		at.zone = start.zone;
		icalrecur_iterator_set_start(it, at);
	}
	for (at = icalrecur_iterator_next(it); !icaltime_is_null_time(at);
	     at = icalrecur_iterator_next(it)) {
		if (to_time(at) >= l->r->agenda->to)
			break;
		if (++steps > STEPS_MAX) {
			problem(l->r, l->index, "RRULE",
				"a rule with more than %d repetitions: left out from there",
				STEPS_MAX);
			break;
		}
		if (l->r->agenda->steps++ >= STEPS_ALL) {
			problem(l->r, l->index, "RRULE",
				"all rules have more than %d repetitions: left out from there",
				STEPS_ALL);
			break;
		}
		occurs(l, at);
	}
	icalrecur_iterator_free(it);
}

/* A component is walked by one at a time, so its properties as a list first. */
static int properties(icalcomponent *event, icalproperty_kind kind,
		      icalproperty **out)
{
	icalproperty *p;
	int count = 0;

	for (p = icalcomponent_get_first_property(event, kind);
	     p && count < PROPERTIES_MAX;
	     p = icalcomponent_get_next_property(event, kind))
		out[count++] = p;
	return count;
}

static void tell_cut(const struct listing *l, int count, const char *property)
{
	if (count == PROPERTIES_MAX)
		problem(l->r, l->index, property,
			"%d or more of %s: those beyond are left out", count,
			property);
}

static void list_date(struct listing *l, icalproperty *p)
{
	struct icaldatetimeperiodtype more = icalproperty_get_rdate(p);

	if (icaltime_is_null_time(more.time))
		more.time = more.period.start;
	else
		more.time = icalproperty_get_datetime_with_component(p,
								l->event);
	if (!icaltime_is_null_time(more.time))
		occurs(l, more.time);
}

static void list(struct listing *l, struct icaltimetype start)
{
	icalproperty *found[PROPERTIES_MAX];
	int count;

	if (icalcomponent_get_first_property(l->event,
					     ICAL_RECURRENCEID_PROPERTY)) {
		store(l, to_time(start));
		return;
	}
	occurs(l, start);
	count = properties(l->event, ICAL_RDATE_PROPERTY, found);
	tell_cut(l, count, "RDATE");
	for (int i = 0; i < count; i++)
		list_date(l, found[i]);
	count = properties(l->event, ICAL_RRULE_PROPERTY, found);
	tell_cut(l, count, "RRULE");
	for (int i = 0; i < count; i++)
		list_rule(l, found[i], start);
	if (icalcomponent_get_first_property(l->event, ICAL_EXRULE_PROPERTY))
		problem(l->r, l->index, "EXRULE", "EXRULE is not read");
}

static void read_event(struct reader *r, icalcomponent *event, int index)
{
	struct icaltimetype start = icalcomponent_get_dtstart(event);
	const char *summary = icalcomponent_get_summary(event);
	const char *app = x_value(event, "X-PRESWAP-APP");
	struct listing l = { .r = r, .event = event, .index = index };

	tell_errors(r, event, index);
	if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
		return;
	if (icaltime_is_null_time(start) || !icaltime_is_valid_time(start)) {
		problem(r, index, "DTSTART", "an event without a start");
		return;
	}
	l.entry = (struct agenda_entry){
		.source = AGENDA_CALENDAR,
		.label = (char *)(summary ?: icalcomponent_get_uid(event)),
		.app = (char *)(app && *app == '/' ? app + 1 : app),
		.cpu_milli = declared(r, event, index, "X-PRESWAP-CPU",
				      units_parse_cpu),
		.mem_bytes = declared(r, event, index, "X-PRESWAP-MEMORY",
				      units_parse_bytes),
		.io_bytes = declared(r, event, index, "X-PRESWAP-IO",
				     units_parse_bytes),
	};
	if (!app && (!isnan(l.entry.cpu_milli) || !isnan(l.entry.mem_bytes) ||
		     !isnan(l.entry.io_bytes)))
		problem(r, index, NULL,
			"a demand is declared, but no X-PRESWAP-APP");
	l.length = length_of(event, start);
	list(&l, start);
}

/* All of one VCALENDAR; libical has one walk a component, so a list first. */
static int read_calendar(struct reader *r, int index)
{
	int count = icalcomponent_count_components(r->calendar,
						   ICAL_VEVENT_COMPONENT);
	icalcomponent **events = calloc(count + 1, sizeof(*events)), *c;
	int i = 0;

	r->replaced = calloc(count + 1, sizeof(*r->replaced));
	if (!events || !r->replaced) {
		r->agenda->no_memory = true;
		free(r->replaced);
		free(events);
		return index;
	}
	for (c = icalcomponent_get_first_component(r->calendar,
						   ICAL_VEVENT_COMPONENT);
	     c && i < count;
	     c = icalcomponent_get_next_component(r->calendar,
						  ICAL_VEVENT_COMPONENT))
		events[i++] = c;
	find_replaced(r, events, count);
	for (i = 0; i < count; i++)
		read_event(r, events[i], index++);
	free(r->replaced);
	free(events);
	return index;
}

void ical_read(struct agenda *agenda, const char *name, const char *text)
{
	struct reader r = { .agenda = agenda, .name = name, .text = text };
	unsigned int line = nested_at(text);
	icalcomponent *root, *c;
	int index = 0;

	if (line) {
		agenda_problem(agenda, "%s:%u: more than %d components in each other",
			       name, line, NESTED_MAX);
		return;
	}
	/* a bad file is no reason to abort */
	icalerror_set_errors_are_fatal(0);
	root = icalparser_parse_string(text);
	if (!root) {
		agenda_problem(agenda, "%s:1: no iCalendar", name);
		return;
	}
	if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT) {
		r.calendar = root;
		read_calendar(&r, 0);
	} else if (icalcomponent_isa(root) == ICAL_XROOT_COMPONENT) {
		for (c = icalcomponent_get_first_component(root,
						ICAL_VCALENDAR_COMPONENT);
		     c; c = icalcomponent_get_next_component(root,
						ICAL_VCALENDAR_COMPONENT)) {
			r.calendar = c;
			index = read_calendar(&r, index);
		}
	} else {
		agenda_problem(agenda, "%s:1: no VCALENDAR", name);
	}
	icalcomponent_free(root);
}
