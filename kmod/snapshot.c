// SPDX-License-Identifier: GPL-2.0-only
/*
 * snapshot - the last decision as text: what decide() saw, what it answered.
 *
 * user/plan/snapshot.h has the form; decide/fields.h the keys. It is printed in
 * one go under preswap_lock, from what the engine keeps: apps and leases may be
 * gone meanwhile, so paths are looked up by id.
 */
#include <linux/limits.h>
#include <linux/seq_file.h>

#include "app.h"
#include "decide/fields.h"
#include "engine.h"
#include "snapshot.h"

#define FIELDS(list) { list(DECIDE_FIELD, DECIDE_FIELD_ARRAY) {} }

static const struct decide_field preswap_snapshot_node[] =
	FIELDS(DECIDE_SNAPSHOT_FIELDS);
static const struct decide_field preswap_snapshot_limits[] =
	FIELDS(DECIDE_LIMITS_FIELDS);
static const struct decide_field preswap_snapshot_app[] =
	FIELDS(DECIDE_APP_FIELDS);
static const struct decide_field preswap_snapshot_use[] =
	FIELDS(DECIDE_USE_FIELDS);
static const struct decide_field preswap_snapshot_lease[] =
	FIELDS(DECIDE_LEASE_FIELDS);
static const struct decide_field preswap_snapshot_answer[] =
	FIELDS(DECIDE_ANSWER_FIELDS);
static const struct decide_field preswap_snapshot_proposal[] =
	FIELDS(DECIDE_PROPOSAL_FIELDS);
static const struct decide_field preswap_snapshot_shortage[] =
	FIELDS(DECIDE_SHORTAGE_FIELDS);

static void put_fields(struct seq_file *m, const struct decide_field *field,
		       const void *from)
{
	unsigned int k;

	for (; field->name; field++) {
		seq_putc(m, ' ');
		seq_puts(m, field->name);
		for (k = 0; k < field->count; k++)
			seq_put_decimal_ull(m, k ? "," : "=",
					    decide_field_get(field, from, k));
	}
}

static void put_line(struct seq_file *m, const char *kind,
		     const struct decide_field *fields, const void *from)
{
	seq_puts(m, kind);
	put_fields(m, fields, from);
	seq_putc(m, '\n');
}

/* Left out when the app has gone. */
static void put_path(struct seq_file *m, u64 id)
{
	static char path[PATH_MAX];	/* preswap_lock */
	const struct preswap_app *app = preswap_app_find(id);

	if (!app || preswap_app_path(app, path, sizeof(path)) < 0)
		return;
	seq_puts(m, " path=");
	seq_escape(m, path, " \t\r\n\\");
}

static void put_app(struct seq_file *m, const struct decide_app *app)
{
	unsigned int r;

	seq_puts(m, "app");
	put_fields(m, preswap_snapshot_app, app);
	put_path(m, app->id);
	seq_putc(m, '\n');
	for (r = 0; r < DECIDE_RESOURCES; r++) {
		seq_printf(m, "use resource=%u", r);
		put_fields(m, preswap_snapshot_use, &app->use[r]);
		seq_putc(m, '\n');
	}
}

static void put_decision(struct seq_file *m, const struct preswap_decision *d)
{
	const struct decide_snapshot *saw = &d->saw;
	const struct decide_result *answered = &d->answered;
	u32 i;

	seq_printf(m, "snapshot %u %llu %llu\n", DECIDE_RECORD_VERSION, d->seq,
		   d->time_ns);
	put_line(m, "node", preswap_snapshot_node, saw);
	put_line(m, "limits", preswap_snapshot_limits, answered);
	/* the file is read again from its beginning if its buffer was small */
	for (i = 0; i < saw->nr_apps && !seq_has_overflowed(m); i++)
		put_app(m, &saw->apps[i]);
	for (i = 0; i < saw->nr_leases; i++) {
		seq_printf(m, "lease id=%u", d->lease_ids[i]);
		put_fields(m, preswap_snapshot_lease, &saw->leases[i]);
		seq_putc(m, '\n');
	}
	put_line(m, "answer", preswap_snapshot_answer, answered);
	for (i = 0; i < answered->nr_proposals; i++)
		put_line(m, "proposal", preswap_snapshot_proposal,
			 &answered->proposals[i]);
	for (i = 0; i < answered->nr_shortages; i++)
		put_line(m, "shortage", preswap_snapshot_shortage,
			 &answered->shortages[i]);
	seq_printf(m, "end %llu\n", d->seq);
}

/* Nothing before the first decision. */
int preswap_snapshot_show(struct seq_file *m, void *unused)
{
	const struct preswap_decision *last;

	mutex_lock(&preswap_lock);
	last = preswap_engine_last();
	if (last)
		put_decision(m, last);
	mutex_unlock(&preswap_lock);
	return 0;
}
