// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/learned.h"
#include "sense/statefile.h"

#define MAGIC		0x4452414c50525350ULL
#define FORMAT		4u
#define USED_MAX	1e11	/* seconds: what a date can be made of */
#define HEX_MIN		8	/* digits of what is an identifier */

struct header {
	uint64_t magic;
	uint32_t format, launch_version;
	uint32_t program_size, event_size;
	uint32_t nr_programs, nr_events;
	uint64_t checksum;		/* of what follows */
};

struct learned *learned_new(void)
{
	return calloc(1, sizeof(struct learned));
}

void learned_free(struct learned *learned)
{
	if (!learned)
		return;
	for (size_t i = 0; i < learned->nr_programs; i++)
		free(learned->programs[i].program);
	for (size_t i = 0; i < learned->nr_events; i++)
		free(learned->events[i].event);
	free(learned);
}

/* ---- keys ---- */

/* How long the identifier at @text is; 0: it is part of a name. */
static size_t identifier(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	size_t hex = strspn(text, "0123456789abcdef");
	bool has_digit = strcspn(text, "0123456789") < hex;

	/* not the "5" in "k5start", nor the "add" in "add-on" */
	if (hex >= HEX_MIN && has_digit && !isalnum((unsigned char)text[hex]))
		return hex;
	return digits && !isalnum((unsigned char)text[digits]) ? digits : 0;
}

static bool users_own(const char *component)
{
	return !strncmp(component, "user-", 5) ||
	       !strncmp(component, "user@", 5);
}

/* systemd-run's: "run-u12", "run-r0123...", "run-p12-i34" */
static size_t transient(const char *component, const char *text)
{
	size_t len;

	if (strncmp(component, "run-", 4) || !strchr("ruip", *text))
		return 0;
	len = strspn(text + 1, "0123456789abcdef");
	return len && !isalnum((unsigned char)text[1 + len]) ? 1 + len : 0;
}

void learned_key(const char *path, char *key)
{
	const char *component, *text;
	char whole[PATH_MAX];
	size_t used = 0, len;
	bool boundary = true;

	text = path + (*path == '/');
	component = text;
	while (*text && used < sizeof(whole) - 1) {
		len = boundary && !users_own(component) ?
		      identifier(text) ?: transient(component, text) : 0;
		boundary = !isalnum((unsigned char)*text);
		if (*text == '/')
			component = text + 1;
		whole[used++] = len ? '#' : *text;
		if (len)
			boundary = false;
		text += len ?: 1;
	}
	whole[used] = 0;
	text = used >= LEARNED_KEY ? whole + used - LEARNED_KEY + 1 : whole;
	memcpy(key, text, strlen(text) + 1);
}

/* ---- the tables ---- */

/* Both records begin with these. */
struct start {
	char key[LEARNED_KEY];
	double used;
};

static struct learned_slot *find(struct learned_slot *slots, size_t count,
				 const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(((struct start *)slots[i].program)->key, key))
			return &slots[i];
	return NULL;
}

/* The longest unused of those that nobody keeps; NULL: all are in use. */
static struct learned_slot *oldest(struct learned_slot *slots, size_t count)
{
	struct learned_slot *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (!slots[i].refs &&
		    (!found || ((struct start *)slots[i].program)->used <
			       ((struct start *)found->program)->used))
			found = &slots[i];
	return found;
}

/* A slot with room for @size zeroed bytes under this key. */
static struct learned_slot *make(struct learned_slot *slots, size_t *count,
				 size_t max, size_t size, const char *key)
{
	struct learned_slot *slot;

	if (*count < max) {
		slot = &slots[*count];
		*slot = (struct learned_slot){ .program = malloc(size) };
		if (!slot->program)
			return NULL;
		++*count;
	} else {
		slot = oldest(slots, max);
		if (!slot)
			return NULL;
	}
	memset(slot->program, 0, size);
	snprintf(((struct start *)slot->program)->key, LEARNED_KEY, "%s", key);
	return slot;
}

struct learned_program *learned_program_get(struct learned *l,
					    const char *key, double now,
					    int32_t offset_s)
{
	struct learned_slot *slot = find(l->programs, l->nr_programs, key);

	if (!slot) {
		slot = make(l->programs, &l->nr_programs, LEARNED_PROGRAMS_MAX,
			    sizeof(*slot->program), key);
		if (!slot)
			return NULL;
		launch_init(&slot->program->launch, now, offset_s);
		event_init(&slot->program->effect);
	}
	slot->refs++;
	slot->program->used = now;
	return slot->program;
}

struct learned_event *learned_event_get(struct learned *l, const char *key,
					double now)
{
	struct learned_slot *slot = find(l->events, l->nr_events, key);

	if (!slot) {
		slot = make(l->events, &l->nr_events, LEARNED_EVENTS_MAX,
			    sizeof(*slot->event), key);
		if (!slot)
			return NULL;
		event_init(&slot->event->effect);
	}
	slot->refs++;
	slot->event->used = now;
	return slot->event;
}

void learned_program_put(struct learned *l, struct learned_program *program)
{
	for (size_t i = 0; program && i < l->nr_programs; i++)
		if (l->programs[i].program == program)
			l->programs[i].refs--;
}

void learned_event_put(struct learned *l, struct learned_event *event)
{
	for (size_t i = 0; event && i < l->nr_events; i++)
		if (l->events[i].event == event)
			l->events[i].refs--;
}

/* ---- the file ---- */

int learned_pack(const struct learned *l, void **out, size_t *size)
{
	size_t body = l->nr_programs * sizeof(struct learned_program) +
		      l->nr_events * sizeof(struct learned_event);
	struct header *header = malloc(sizeof(*header) + body);
	char *at;

	if (!header)
		return -ENOMEM;
	*header = (struct header){
		.magic = MAGIC, .format = FORMAT,
		.launch_version = LAUNCH_VERSION,
		.program_size = sizeof(struct learned_program),
		.event_size = sizeof(struct learned_event),
		.nr_programs = l->nr_programs, .nr_events = l->nr_events,
	};
	at = (char *)(header + 1);
	for (size_t i = 0; i < l->nr_programs; i++) {
		memcpy(at, l->programs[i].program,
		       sizeof(struct learned_program));
		at += sizeof(struct learned_program);
	}
	for (size_t i = 0; i < l->nr_events; i++) {
		memcpy(at, l->events[i].event, sizeof(struct learned_event));
		at += sizeof(struct learned_event);
	}
	header->checksum = statefile_checksum(header + 1, body);
	*out = header;
	*size = sizeof(*header) + body;
	return 0;
}

static bool start_valid(const char *key, double used)
{
	return memchr(key, 0, LEARNED_KEY) && fabs(used) < USED_MAX;
}

static int unpack_records(const struct header *header, const char *at,
			  struct learned *l)
{
	for (uint32_t i = 0; i < header->nr_programs; i++) {
		struct learned_program *p = malloc(sizeof(*p));

		if (!p)
			return -ENOMEM;
		memcpy(p, at, sizeof(*p));
		at += header->program_size;
		l->programs[l->nr_programs++].program = p;
		if (!start_valid(p->key, p->used) ||
		    !launch_valid(&p->launch) || !event_valid(&p->effect))
			return -EINVAL;
	}
	for (uint32_t i = 0; i < header->nr_events; i++) {
		struct learned_event *e = malloc(sizeof(*e));

		if (!e)
			return -ENOMEM;
		memcpy(e, at, sizeof(*e));
		at += header->event_size;
		l->events[l->nr_events++].event = e;
		if (!start_valid(e->key, e->used) || !event_valid(&e->effect))
			return -EINVAL;
	}
	return 0;
}

int learned_unpack(const void *data, size_t size, struct learned **out)
{
	struct header header;
	struct learned *l;
	size_t body;
	int err;

	if (size < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	if (header.magic != MAGIC ||
	    header.format != FORMAT ||
	    header.launch_version != LAUNCH_VERSION ||
	    header.program_size != sizeof(struct learned_program) ||
	    header.event_size != sizeof(struct learned_event) ||
	    header.nr_programs > LEARNED_PROGRAMS_MAX ||
	    header.nr_events > LEARNED_EVENTS_MAX)
		return -EINVAL;
	body = (size_t)header.nr_programs * header.program_size +
	       (size_t)header.nr_events * header.event_size;
	data = (const char *)data + sizeof(header);
	if (size != sizeof(header) + body ||
	    statefile_checksum(data, body) != header.checksum)
		return -EINVAL;
	l = learned_new();
	if (!l)
		return -ENOMEM;
	err = unpack_records(&header, data, l);
	if (err)
		learned_free(l);
	else
		*out = l;
	return err;
}

int learned_peek(const char *path, struct learned **out)
{
	void *data;
	size_t size;
	int err = statefile_read(path, &data, &size);

	if (err)
		return err;
	err = learned_unpack(data, size, out);
	free(data);
	return err;
}

int learned_read(const char *path, struct learned **out)
{
	int err = learned_peek(path, out);

	/* what could not be read is not to be overwritten either */
	if (err && err != -ENOENT)
		statefile_set_aside(path);
	return err;
}
