// SPDX-License-Identifier: GPL-2.0-or-later
/* Snapshots from text. Nothing of it is trusted: it may be cut, old, or made up. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/decide/number.h"
#include "plan/snapshot.h"
#include "show/text.h"
#include "show/units.h"

enum { KIND_NODE = 1, KIND_LIMITS = 2, KIND_ANSWER = 4 };

__attribute__((format(printf, 2, 3)))
static int fail(struct snapshot_reader *r, const char *format, ...)
{
	va_list args;
	int n = snprintf(r->error, sizeof(r->error), "line %llu: ",
			 (unsigned long long)r->line);

	va_start(args, format);
	vsnprintf(r->error + n, sizeof(r->error) - (size_t)n, format, args);
	va_end(args);
	text_ascii(r->error);
	return -EINVAL;
}

static int fail_hard(struct snapshot_reader *r, int err)
{
	fail(r, "cannot be read: %s", err == -EBADMSG ?
	     "the compressed file is damaged or cut off" : strerror(-err));
	return err;
}

/*
 * The array with room for one more, doubled as they come: a count in a file
 * proves nothing. NULL: no memory; the array is as it was.
 */
static void *grow(struct snapshot_reader *r, void *array, uint32_t *room,
		  uint32_t count, size_t size)
{
	uint32_t more = *room ? 2 * *room : 16;

	if (count < *room)
		return array;
	array = reallocarray(array, more, size);
	if (array)
		*room = more;
	else
		fail_hard(r, -ENOMEM);
	return array;
}

/* --- lines --- */

/* Return: 1, 0 at the end of the file, -errno. */
static int read_line(struct snapshot_reader *r)
{
	size_t n = 0;
	int c;

	if (r->again) {
		r->again = false;
		return 1;
	}
	r->line++;
	errno = 0;
	while ((c = getc_unlocked(r->from)) != EOF && c != '\n') {
		if (!c)
			c = 1;		/* in no word */
		if (n < sizeof(r->text) - 1)
			r->text[n] = (char)c;
		n++;
	}
	if (ferror(r->from))
		return fail_hard(r, errno ? -errno : -EIO);
	if (c == EOF && !n)
		return 0;
	if (n >= sizeof(r->text)) {
		r->text[0] = '\0';
		return fail(r, "%zu bytes are too long for a line", n);
	}
	r->text[n] = '\0';
	if (c == EOF)
		return fail(r, "the file ends within a line");
	return 1;
}

/* The next word of the line, or NULL. */
static char *next_word(char **text)
{
	char *word = *text;

	if (!word || !*word)
		return NULL;
	*text = strchr(word, ' ');
	if (*text)
		*(*text)++ = '\0';
	return word;
}

static int parse_number(struct snapshot_reader *r, const char *name,
			const char *text, uint64_t max, uint64_t *value)
{
	int err = text ? units_parse_number(text, 0, max, value) : -EINVAL;

	if (err == -ERANGE)
		return fail(r, "%.40s is %.40s, at most %llu", name, text,
			    (unsigned long long)max);
	if (err)
		return fail(r, "%.40s: '%.40s' is no number", name,
			    text ?: "");
	return 0;
}

/* "key=number" as the next word; the key must be this one. */
static int take_number(struct snapshot_reader *r, char **text,
		       const char *name, uint64_t max, uint64_t *value)
{
	char *word = next_word(text);
	size_t n = strlen(name);

	if (!word || strncmp(word, name, n) || word[n] != '=')
		return fail(r, "'%.40s' where %s= must be", word ?: "", name);
	return parse_number(r, name, word + n + 1, max, value);
}

static void field_set(const struct decide_field *field, void *to,
		      unsigned int k, uint64_t value)
{
	char *at = (char *)to + field->offset + k * field->width;

	if (field->width == sizeof(uint64_t))
		*(__u64 *)at = value;
	else
		*(__u32 *)at = (uint32_t)value;
}

/* "1,2,3"; return: how many there were, or -EINVAL. */
static int parse_values(struct snapshot_reader *r,
			const struct decide_field *field, char *text, void *to)
{
	uint64_t max = field->width == sizeof(uint64_t) ? UINT64_MAX :
							  UINT32_MAX;
	unsigned int k = 0;
	char *next = text;
	uint64_t value;

	while (next) {
		text = next;
		next = strchr(text, ',');
		if (next)
			*next++ = '\0';
		if (k == field->count)
			return fail(r, "%s has more than %u numbers",
				    field->name, field->count);
		if (parse_number(r, field->name, text, max, &value))
			return -EINVAL;
		field_set(field, to, k++, value);
	}
	return (int)k;
}

static void note_absent(struct snapshot_reader *r, const char *kind,
			const char *name)
{
	if (!*r->to->absent)
		snprintf(r->to->absent, sizeof(r->to->absent), "%s of '%s'",
			 name, kind);
}

/* All that is left of the line. */
static int parse_fields(struct snapshot_reader *r, const char *kind,
			const struct decide_field *fields, char *text, void *to)
{
	uint64_t whole = 0;
	char *word, *value;
	int i, n;

	while ((word = next_word(&text))) {
		value = strchr(word, '=');
		if (!value)
			return fail(r, "'%.40s' is no key=number", word);
		*value++ = '\0';
		for (i = 0; fields[i].name; i++)
			if (!strcmp(fields[i].name, word))
				break;
		if (!fields[i].name)
			return fail(r, "'%s' has no field '%.40s'; is it from a newer version?",
				    kind, word);
		if (whole & 1ULL << i)
			return fail(r, "%s is there twice", word);
		n = parse_values(r, &fields[i], value, to);
		if (n < 0)
			return n;
		whole |= 1ULL << i;
		if (n < fields[i].count)
			note_absent(r, kind, fields[i].name);
	}
	for (i = 0; fields[i].name; i++)
		if (!(whole & 1ULL << i))
			note_absent(r, kind, fields[i].name);
	return 0;
}

/* --- kinds of lines --- */

static int parse_node(struct snapshot_reader *r, char *text)
{
	struct decide_snapshot *saw = &r->to->saw;
	int err;

	if (r->kinds & KIND_NODE)
		return fail(r, "a second 'node'");
	r->kinds |= KIND_NODE;
	err = parse_fields(r, "node", snapshot_node_fields, text, saw);
	if (err)
		return err;
	if (saw->nr_apps > DECIDE_APPS_MAX)
		return fail(r, "nr_apps is %u, at most %u", saw->nr_apps,
			    DECIDE_APPS_MAX);
	if (saw->nr_leases > SNAPSHOT_LEASES_MAX)
		return fail(r, "nr_leases is %u, at most %u", saw->nr_leases,
			    SNAPSHOT_LEASES_MAX);
	return 0;
}

static int parse_limits(struct snapshot_reader *r, char *text)
{
	struct decide_result *limits = &r->to->answered;
	int err;

	if (r->kinds & KIND_LIMITS)
		return fail(r, "a second 'limits'");
	r->kinds |= KIND_LIMITS;
	err = parse_fields(r, "limits", snapshot_limits_fields, text, limits);
	if (err)
		return err;
	if (limits->proposals_max > SNAPSHOT_ANSWERS_MAX ||
	    limits->shortages_max > SNAPSHOT_ANSWERS_MAX)
		return fail(r, "proposals_max, shortages_max: at most %u",
			    SNAPSHOT_ANSWERS_MAX);
	return 0;
}

/*
 * All of the last app's uses must have come, but for those of resources that
 * have no capacity: an older version did not know them.
 */
static int finish_app(struct snapshot_reader *r)
{
	for (unsigned int i = 0; r->nr_apps && i < DECIDE_RESOURCES; i++) {
		if (r->uses & 1U << i)
			continue;
		if (r->to->saw.capacity[i])
			return fail(r, "app %u before it lacks a 'use' (resource %u)",
				    r->nr_apps - 1, i);
		note_absent(r, "app", "a use");
	}
	return 0;
}

/* In place. */
static int unescape(struct snapshot_reader *r, char *path)
{
	const char *from = path;
	char *to = path;

	while (*from) {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		for (int i = 1; i <= 3; i++)
			if (from[i] < '0' || from[i] > (i == 1 ? '3' : '7'))
				return fail(r, "path: '%.4s' is no \\ooo",
					    from);
		*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
			     (from[3] - '0'));
		if (!*to++)
			return fail(r, "path: it has a zero byte");
		from += 4;
	}
	*to = '\0';
	return 0;
}

/* Takes " path=..." off the line's end. */
static int take_path(struct snapshot_reader *r, char *text, char **path)
{
	char *at = strstr(text, " path=");

	*path = NULL;
	if (!at)
		return 0;
	*at = '\0';
	at += strlen(" path=");
	if (strchr(at, ' '))
		return fail(r, "path: it must be the last");
	if (unescape(r, at))
		return -EINVAL;
	if (strlen(at) >= PATH_MAX)
		return fail(r, "path: it is too long");
	*path = strdup(at);
	return *path ? 0 : fail_hard(r, -ENOMEM);
}

static int grow_apps(struct snapshot_reader *r)
{
	struct snapshot *s = r->to;
	uint32_t room = s->apps_room, n;
	void *paths, *apps;

	paths = grow(r, s->paths, &room, r->nr_apps, sizeof(*s->paths));
	if (!paths)
		return -ENOMEM;
	s->paths = paths;
	/* both arrays have as much; what is not used holds no path */
	for (n = s->apps_room; n < room; n++)
		s->paths[n] = NULL;
	apps = grow(r, s->apps, &s->apps_room, r->nr_apps, sizeof(*s->apps));
	if (!apps)
		return -ENOMEM;
	s->apps = apps;
	return 0;
}

static int parse_app(struct snapshot_reader *r, char *text)
{
	struct snapshot *s = r->to;
	struct decide_app *app;
	int err = finish_app(r);

	if (err)
		return err;
	if (r->nr_apps >= s->saw.nr_apps)
		return fail(r, "more apps than nr_apps, %u", s->saw.nr_apps);
	err = grow_apps(r);
	if (err)
		return err;
	free(s->paths[r->nr_apps]);
	err = take_path(r, text, &s->paths[r->nr_apps]);
	if (err)
		return err;
	app = &s->apps[r->nr_apps++];
	memset(app, 0, sizeof(*app));
	r->uses = 0;
	return parse_fields(r, "app", snapshot_app_fields, text, app);
}

static int parse_use(struct snapshot_reader *r, char *text)
{
	uint64_t resource;

	if (!r->nr_apps)
		return fail(r, "'use' before any 'app'");
	if (take_number(r, &text, "resource", DECIDE_RESOURCES - 1, &resource))
		return -EINVAL;
	if (r->uses & 1U << resource)
		return fail(r, "resource %u is there twice",
			    (unsigned int)resource);
	r->uses |= 1U << resource;
	return parse_fields(r, "use", snapshot_use_fields, text,
			    &r->to->apps[r->nr_apps - 1].use[resource]);
}

static int grow_leases(struct snapshot_reader *r)
{
	struct snapshot *s = r->to;
	uint32_t room = s->leases_room;
	void *ids, *leases;

	ids = grow(r, s->lease_ids, &room, r->nr_leases,
		   sizeof(*s->lease_ids));
	if (!ids)
		return -ENOMEM;
	s->lease_ids = ids;
	leases = grow(r, s->leases, &s->leases_room, r->nr_leases,
		      sizeof(*s->leases));
	if (!leases)
		return -ENOMEM;
	s->leases = leases;
	return 0;
}

static int parse_lease(struct snapshot_reader *r, char *text)
{
	struct snapshot *s = r->to;
	struct decide_lease *lease;
	uint64_t id;
	int err;

	if (r->nr_leases >= s->saw.nr_leases)
		return fail(r, "more leases than nr_leases, %u",
			    s->saw.nr_leases);
	err = grow_leases(r) ?: take_number(r, &text, "id", UINT32_MAX, &id);
	if (err)
		return err;
	s->lease_ids[r->nr_leases] = (uint32_t)id;
	lease = &s->leases[r->nr_leases++];
	memset(lease, 0, sizeof(*lease));
	return parse_fields(r, "lease", snapshot_lease_fields, text, lease);
}

static int parse_answer(struct snapshot_reader *r, char *text)
{
	struct decide_result *answer = &r->to->answered;
	int err;

	if (r->kinds & KIND_ANSWER)
		return fail(r, "a second 'answer'");
	r->kinds |= KIND_ANSWER;
	r->to->has_outlook = strstr(text, "outlook[");
	err = parse_fields(r, "answer", snapshot_answer_fields, text, answer);
	if (err)
		return err;
	if (answer->nr_proposals > answer->proposals_max)
		return fail(r, "nr_proposals is %u, proposals_max %u",
			    answer->nr_proposals, answer->proposals_max);
	if (answer->nr_shortages > answer->shortages_max)
		return fail(r, "nr_shortages is %u, shortages_max %u",
			    answer->nr_shortages, answer->shortages_max);
	return 0;
}

static int parse_proposal(struct snapshot_reader *r, char *text)
{
	struct decide_result *answer = &r->to->answered;
	struct decide_proposal *p;

	if (r->nr_proposals >= answer->nr_proposals)
		return fail(r, "more proposals than nr_proposals, %u",
			    answer->nr_proposals);
	p = grow(r, answer->proposals, &r->to->proposals_room, r->nr_proposals,
		 sizeof(*p));
	if (!p)
		return -ENOMEM;
	answer->proposals = p;
	p += r->nr_proposals++;
	memset(p, 0, sizeof(*p));
	return parse_fields(r, "proposal", snapshot_proposal_fields, text, p);
}

static int parse_shortage(struct snapshot_reader *r, char *text)
{
	struct decide_result *answer = &r->to->answered;
	struct decide_shortage *p;

	if (r->nr_shortages >= answer->nr_shortages)
		return fail(r, "more shortages than nr_shortages, %u",
			    answer->nr_shortages);
	p = grow(r, answer->shortages, &r->to->shortages_room, r->nr_shortages,
		 sizeof(*p));
	if (!p)
		return -ENOMEM;
	answer->shortages = p;
	p += r->nr_shortages++;
	memset(p, 0, sizeof(*p));
	return parse_fields(r, "shortage", snapshot_shortage_fields, text, p);
}

static const struct {
	const char *name;
	int (*parse)(struct snapshot_reader *r, char *text);
	uint32_t after;		/* kinds that must have come before */
} kinds[] = {
	{ "node", parse_node, 0 },
	{ "limits", parse_limits, KIND_NODE },
	{ "app", parse_app, KIND_NODE },
	{ "use", parse_use, KIND_NODE },
	{ "lease", parse_lease, KIND_NODE },
	{ "answer", parse_answer, KIND_NODE | KIND_LIMITS },
	{ "proposal", parse_proposal, KIND_ANSWER },
	{ "shortage", parse_shortage, KIND_ANSWER },
	{}
};

static int parse_line(struct snapshot_reader *r, const char *kind, char *text)
{
	for (int i = 0; kinds[i].name; i++) {
		if (strcmp(kinds[i].name, kind))
			continue;
		if ((r->kinds & kinds[i].after) != kinds[i].after)
			return fail(r, "'%s' comes too early", kind);
		return kinds[i].parse(r, text ?: "");
	}
	return fail(r, "'%.40s' is no kind of line", kind);
}

static int counts_hold(struct snapshot_reader *r, const char *what,
		       uint32_t told, uint32_t came)
{
	if (told != came)
		return fail(r, "%u %s, but %u were told", came, what, told);
	return 0;
}

static int parse_end(struct snapshot_reader *r, char *text)
{
	struct snapshot *s = r->to;
	uint64_t seq;

	if (!(r->kinds & KIND_ANSWER))
		return fail(r, "'end' without 'answer'");
	if (parse_number(r, "end", next_word(&text), UINT64_MAX, &seq) ||
	    finish_app(r) ||
	    counts_hold(r, "apps", s->saw.nr_apps, r->nr_apps) ||
	    counts_hold(r, "leases", s->saw.nr_leases, r->nr_leases) ||
	    counts_hold(r, "proposals", s->answered.nr_proposals,
			r->nr_proposals) ||
	    counts_hold(r, "shortages", s->answered.nr_shortages,
			r->nr_shortages))
		return -EINVAL;
	if (seq != s->seq)
		return fail(r, "the end of %llu in %llu",
			    (unsigned long long)seq,
			    (unsigned long long)s->seq);
	s->saw.apps = s->apps;
	s->saw.leases = s->leases;
	return 0;
}

/* "1 SEQ TIME_NS"; later versions are another form. */
static int parse_begin(struct snapshot_reader *r, char *text)
{
	uint64_t version;

	if (parse_number(r, "version", next_word(&text), UINT64_MAX, &version))
		return -EINVAL;
	if (version != DECIDE_RECORD_VERSION)
		return fail(r, "version %llu of a snapshot; this program reads %u",
			    (unsigned long long)version,
			    DECIDE_RECORD_VERSION);
	if (parse_number(r, "number", next_word(&text), UINT64_MAX,
			 &r->to->seq) ||
	    parse_number(r, "time", next_word(&text), UINT64_MAX,
			 &r->to->time_ns))
		return -EINVAL;
	if (next_word(&text))
		return fail(r, "more than version, number and time");
	return 0;
}

static bool begins(const char *text)
{
	return !strncmp(text, "snapshot ", strlen("snapshot "));
}

/* An empty snapshot; what memory it has stays. */
static void begin(struct snapshot_reader *r, struct snapshot *s)
{
	s->saw = (struct decide_snapshot){};
	s->answered = (struct decide_result){
		.proposals = s->answered.proposals,
		.shortages = s->answered.shortages,
	};
	s->absent[0] = '\0';
	r->to = s;
	r->kinds = r->uses = 0;
	r->nr_apps = r->nr_leases = r->nr_proposals = r->nr_shortages = 0;
}

static int read_rest(struct snapshot_reader *r)
{
	char *text, *kind;
	int err;

	for (;;) {
		err = read_line(r);
		if (!err)
			return fail(r, "the file ends within snapshot %llu",
				    (unsigned long long)r->to->seq);
		if (err < 0)
			return err;
		if (begins(r->text)) {
			r->again = true;
			return fail(r, "another snapshot begins within %llu",
				    (unsigned long long)r->to->seq);
		}
		text = r->text;
		kind = next_word(&text);
		if (!kind)
			return fail(r, "an empty line");
		if (!strcmp(kind, "end"))
			return parse_end(r, text);
		err = parse_line(r, kind, text);
		if (err)
			return err;
	}
}

/* After an error: to where the next one begins. */
static int skip(struct snapshot_reader *r)
{
	int err;

	do {
		err = read_line(r);
	} while ((err > 0 && !begins(r->text)) || err == -EINVAL);
	if (err > 0)
		r->again = true;
	return err;
}

int snapshot_read(struct snapshot_reader *r, struct snapshot *s)
{
	char *text;
	int err;

	if (*r->error && !r->again) {
		err = skip(r);
		if (err <= 0)
			return err;
	}
	r->error[0] = '\0';
	begin(r, s);
	err = read_line(r);
	if (err <= 0)
		return err;
	if (!begins(r->text))
		return fail(r, "'%.40s' where a snapshot must begin", r->text);
	text = r->text + strlen("snapshot ");
	err = parse_begin(r, text) ?: read_rest(r);
	return err ?: 1;
}

uint64_t snapshot_by_hand(const struct decide_snapshot *saw, uint32_t donor,
			  uint32_t resource)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < saw->nr_leases; i++)
		if (saw->leases[i].donor == donor &&
		    saw->leases[i].resource == resource &&
		    saw->leases[i].receiver == DECIDE_NONE)
			sum = decide_bound(sum +
					   decide_bound(saw->leases[i].amount));
	return sum;
}

void snapshot_free(struct snapshot *s)
{
	for (uint32_t i = 0; i < s->apps_room; i++)
		free(s->paths[i]);
	free(s->paths);
	free(s->apps);
	free(s->leases);
	free(s->lease_ids);
	free(s->answered.proposals);
	free(s->answered.shortages);
	*s = (struct snapshot){};
}
