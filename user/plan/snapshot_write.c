// SPDX-License-Identifier: GPL-2.0-or-later
/* The same text as kmod/snapshot.c. */
#include <string.h>

#include "plan/snapshot.h"

static void put_fields(FILE *to, const struct decide_field *field,
		       const void *from)
{
	for (; field->name; field++) {
		fprintf(to, " %s", field->name);
		for (unsigned int k = 0; k < field->count; k++)
			fprintf(to, "%c%llu", k ? ',' : '=',
				(unsigned long long)decide_field_get(field,
								     from, k));
	}
}

static void put_line(FILE *to, const char *kind,
		     const struct decide_field *fields, const void *from)
{
	fputs(kind, to);
	put_fields(to, fields, from);
	putc('\n', to);
}

static void put_path(FILE *to, const char *path)
{
	fputs(" path=", to);
	for (; *path; path++) {
		if (strchr(" \t\r\n\\", *path))
			fprintf(to, "\\%03o", (unsigned char)*path);
		else
			putc(*path, to);
	}
}

static void put_app(FILE *to, const struct decide_app *app, const char *path)
{
	fputs("app", to);
	put_fields(to, snapshot_app_fields, app);
	if (path)
		put_path(to, path);
	putc('\n', to);
	for (unsigned int r = 0; r < DECIDE_RESOURCES; r++) {
		fprintf(to, "use resource=%u", r);
		put_fields(to, snapshot_use_fields, &app->use[r]);
		putc('\n', to);
	}
}

void snapshot_write(const struct snapshot *s, FILE *to)
{
	const struct decide_result *answered = &s->answered;

	fprintf(to, "snapshot %u %llu %llu\n", DECIDE_RECORD_VERSION,
		(unsigned long long)s->seq, (unsigned long long)s->time_ns);
	put_line(to, "node", snapshot_node_fields, &s->saw);
	put_line(to, "limits", snapshot_limits_fields, answered);
	for (uint32_t i = 0; i < s->saw.nr_apps; i++)
		put_app(to, &s->apps[i], s->paths[i]);
	for (uint32_t i = 0; i < s->saw.nr_leases; i++) {
		fprintf(to, "lease id=%u", s->lease_ids[i]);
		put_fields(to, snapshot_lease_fields, &s->leases[i]);
		putc('\n', to);
	}
	put_line(to, "answer", snapshot_answer_fields, answered);
	for (uint32_t i = 0; i < answered->nr_proposals; i++)
		put_line(to, "proposal", snapshot_proposal_fields,
			 &answered->proposals[i]);
	for (uint32_t i = 0; i < answered->nr_shortages; i++)
		put_line(to, "shortage", snapshot_shortage_fields,
			 &answered->shortages[i]);
	fprintf(to, "end %llu\n", (unsigned long long)s->seq);
}
