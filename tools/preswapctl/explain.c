// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: why the module decided as it did, from a snapshot decided again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "json.h"
#include "lease.h"
#include "show/decision.h"
#include "show/names.h"
#include "show/text.h"
#include "show/why.h"
#include "snapshots.h"
#include "state.h"

/*
 * @id: of the lease that is explained; 0: all needs are, and @lease says nothing.
 * @begins: the decision proposes it; it is in force from the next one on.
 * @state: all leases, and the apps' paths; @kept: that lease, with why it began.
 */
struct explain {
	const struct snapshot *snapshot;
	struct decide_result why;
	uint32_t id;
	bool begins;
	struct decide_lease lease;
	struct state state;
	const struct preswap_lease *kept;
};

/* --- the snapshot --- */

static bool find_lease(struct explain *e, const struct snapshot *s)
{
	for (uint32_t i = 0; i < s->saw.nr_leases; i++) {
		if (s->lease_ids[i] != e->id)
			continue;
		e->lease = s->leases[i];
		return true;
	}
	return false;
}

/* The app's place in another snapshot, or DECIDE_NONE. */
static uint32_t find_app(const struct snapshot *s, const struct snapshot *other,
			 uint32_t app)
{
	if (app >= s->saw.nr_apps)
		return DECIDE_NONE;
	for (uint32_t i = 0; i < other->saw.nr_apps; i++)
		if (other->apps[i].id == s->apps[app].id)
			return i;
	return DECIDE_NONE;
}

/* Does the decision before that in which the lease is new propose it? */
static bool proposes(struct explain *e, const struct snapshot *s,
		     const struct snapshot *before)
{
	uint32_t donor = find_app(s, before, e->lease.donor);
	uint32_t receiver = find_app(s, before, e->lease.receiver);

	for (uint32_t i = 0; i < before->answered.nr_proposals; i++) {
		const struct decide_proposal *p =
			&before->answered.proposals[i];

		if (p->donor != donor || p->receiver != receiver ||
		    p->resource != e->lease.resource)
			continue;
		e->lease = (struct decide_lease){
			.donor = donor,
			.receiver = receiver,
			.resource = p->resource,
			.amount = p->amount,
			.gain = p->gain,
		};
		return true;
	}
	return false;
}

/*
 * The decision of a recording that began the lease; if that is not in it, the
 * first in which the lease is in force; without a lease the last of all. @two
 * are to read into, in turns. Return: 1, 0 or -errno, after saying why.
 */
static int find_decision(const char *path, struct explain *e,
			 struct snapshot two[2])
{
	static struct snapshot_reader reader;
	struct snapshot *spare = &two[0], *last = NULL;
	int err;

	reader.from = snapshot_open(path);
	if (!reader.from) {
		err = -errno;
		fprintf(stderr, "preswapctl: %s: %s\n", path, strerror(errno));
		return err;
	}
	while ((err = snapshot_read(&reader, spare))) {
		if (err < 0)
			fprintf(stderr, "preswapctl: %s: %s\n", path,
				reader.error);
		if (err < 0 && err != -EINVAL)
			break;
		if (err < 0)
			continue;
		if (e->id && find_lease(e, spare)) {
			e->begins = last && proposes(e, spare, last);
			e->snapshot = e->begins ? last : spare;
			err = 1;
			break;
		}
		last = spare;
		spare = &two[last == &two[0]];
	}
	fclose(reader.from);
	if (err)
		return err;
	if (e->id) {
		fprintf(stderr, "preswapctl: %s: lease %u is in none of its decisions\n",
			path, e->id);
		return -ENOENT;
	}
	e->snapshot = last;
	return !!last;
}

/* The decision of just now. The same; 0 too: the lease is in force no more. */
static int last_decision(struct explain *e, struct snapshot *now)
{
	int err;

	if (e->kept && e->kept->ended)
		return 0;
	err = snapshots_now(now);
	e->snapshot = now;
	return err > 0 && e->id && !find_lease(e, now) ? 0 : err;
}

/* What the module keeps of the lease, in force or ended; an exit status. */
static int find_kept(struct ctl *ctl, struct explain *e)
{
	int status = state_read_leases(ctl, &e->state) ?:
		     state_read_apps(ctl, &e->state);

	for (size_t i = 0; i < e->state.leases_count; i++)
		if (e->state.leases[i].id == e->id)
			e->kept = &e->state.leases[i];
	if (status || e->kept)
		return status;
	fprintf(stderr, "preswapctl: lease %u is neither in force nor one of those that ended last (preswapctl leases --ended)\n",
		e->id);
	return CTL_FAILED;
}

static bool same_parties(const struct decide_lease *lease, uint32_t receiver,
			 uint32_t resource)
{
	return lease->receiver == receiver && lease->resource == resource;
}

/* --- in words --- */

static void put_path(const struct explain *e, uint64_t id)
{
	char number[24], *copy = strdup(state_path(&e->state, id, number));

	if (copy)
		fputs(text_clean(copy), stdout);
	free(copy);
}

static void put_kept(const struct explain *e)
{
	const struct preswap_lease *lease = e->kept;
	char amount[UNITS_MAX];

	printf("Lease %u: %s %s from ", e->id, names_lease_kind(lease->kind),
	       lease_amount(amount, lease, lease->amount));
	put_path(e, lease->donor_id);
	fputs(" to ", stdout);
	put_path(e, lease->receiver_id);
	printf(", begun %.3f s after boot; %s.\n",
	       (double)lease->begin_ns / 1e9, names_lease_end(lease->ended));
	puts("Why it began:");
	why_put(stdout, lease);
}

static void put_lease(const struct explain *e)
{
	const struct snapshot *s = e->snapshot;
	const struct decide_lease *lease = &e->lease;
	const struct decide_proposal as_proposal = {
		.donor = lease->donor,
		.receiver = lease->receiver,
		.resource = lease->resource,
		.amount = lease->amount,
	};
	char amount[UNITS_MAX];
	uint32_t i;

	if (!e->kept) {
		printf("Lease %u: ", e->id);
		decision_put_proposal(stdout, s, &as_proposal);
		puts(".");
	}
	if (e->begins) {
		puts("This decision began it.");
		return;
	}
	if (lease->receiver == DECIDE_NONE) {
		puts("It was begun by hand, or its receiver has gone; decisions only count what it took.");
		return;
	}
	for (i = 0; i < e->why.nr_proposals; i++) {
		const struct decide_proposal *p = &e->why.proposals[i];

		if (p->donor != lease->donor ||
		    !same_parties(lease, p->receiver, p->resource))
			continue;
		printf("It goes on: %s of it are still needed.\n",
		       decision_amount(amount, p->resource, p->amount));
		return;
	}
	puts("It is not needed any more, and ends when its time is over.");
}

static void put_needs(const struct explain *e)
{
	const struct snapshot *s = e->snapshot;
	const struct decide_lease *lease = e->id ? &e->lease : NULL;
	bool any = false;

	for (uint32_t i = 0; i < e->why.nr_needs; i++) {
		const struct decide_need *need = &e->why.needs[i];

		if (lease && !same_parties(lease, need->receiver,
					   need->resource))
			continue;
		if (!lease)
			putchar('\n');
		decision_put_need(stdout, s, &e->why, need);
		any = true;
	}
	if (any)
		return;
	if (!lease) {
		puts("Nobody will be short within the lead time: nothing is taken.");
	} else if (lease->receiver != DECIDE_NONE) {
		decision_put_app(stdout, s, lease->receiver);
		printf(" is not short of %s.\n",
		       decision_resource(lease->resource));
	}
}

static int print_words(const struct explain *e)
{
	const struct snapshot *s = e->snapshot;

	printf("Decision %llu, %.3f s after boot.\n",
	       (unsigned long long)s->seq, (double)s->time_ns / 1e9);
	decision_put_node(stdout, s, &e->why);
	if (e->id)
		put_lease(e);
	put_needs(e);
	return CTL_OK;
}

/* --- as JSON --- */

static json_t *json_fields(const struct decide_field *field, const void *from)
{
	json_t *o = json_object(), *array;

	for (; field->name; field++) {
		if (field->count == 1) {
			json_object_set_new(o, field->name,
				json_integer((json_int_t)decide_field_get(
					field, from, 0)));
			continue;
		}
		array = json_array();
		for (unsigned int k = 0; k < field->count; k++)
			json_array_append_new(array,
				json_integer((json_int_t)decide_field_get(
					field, from, k)));
		json_object_set_new(o, field->name, array);
	}
	return o;
}

static void set_app(json_t *o, const char *key, const struct snapshot *s,
		    uint32_t index)
{
	json_t *app;

	if (index >= s->saw.nr_apps) {
		json_object_set_new(o, key, json_null());
		return;
	}
	app = json_fields(snapshot_app_fields, &s->apps[index]);
	json_object_set_new(app, "path", s->paths[index] ?
			    json_text(s->paths[index]) : json_null());
	json_object_set_new(o, key, app);
}

static void set_resource(json_t *o, uint32_t resource)
{
	json_object_set_new(o, "resource",
			    json_string(names_resource((uint8_t)resource)));
	json_object_set_new(o, "unit", json_string(json_unit(resource)));
}

static json_t *json_reason(const struct snapshot *s,
			   const struct decide_reason *why)
{
	json_t *o = json_fields(snapshot_reason_fields, why);

	set_app(o, "donor", s, why->donor);
	json_object_del(o, "receiver");
	json_object_del(o, "resource");
	json_object_set_new(o, "verdict",
			    json_string(decision_verdict(why->verdict)));
	return o;
}

static json_t *json_need(const struct explain *e,
			 const struct decide_need *need)
{
	const struct snapshot *s = e->snapshot;
	json_t *o = json_fields(snapshot_need_fields, need);
	json_t *donors = json_array();
	uint64_t taken = 0, missing = 0;
	uint32_t i;

	set_app(o, "receiver", s, need->receiver);
	set_resource(o, need->resource);
	json_object_set_new(o, "source",
			    json_string(decision_source(need->source)));
	for (i = 0; i < e->why.nr_reasons; i++)
		if (e->why.reasons[i].receiver == need->receiver &&
		    e->why.reasons[i].resource == need->resource)
			json_array_append_new(donors,
				json_reason(s, &e->why.reasons[i]));
	for (i = 0; i < e->why.nr_proposals; i++)
		if (e->why.proposals[i].receiver == need->receiver &&
		    e->why.proposals[i].resource == need->resource)
			taken += e->why.proposals[i].amount;
	for (i = 0; i < e->why.nr_shortages; i++)
		if (e->why.shortages[i].receiver == need->receiver &&
		    e->why.shortages[i].resource == need->resource)
			missing = e->why.shortages[i].missing;
	json_object_set_new(o, "taken", json_integer((json_int_t)taken));
	json_object_set_new(o, "missing", json_integer((json_int_t)missing));
	json_object_set_new(o, "donors", donors);
	return o;
}

static json_t *json_lease_seen(const struct explain *e)
{
	const struct snapshot *s = e->snapshot;
	const struct decide_lease *lease = &e->lease;
	json_t *o = json_fields(snapshot_lease_fields, lease);

	json_object_set_new(o, "id", json_integer(e->id));
	json_object_set_new(o, "begins", json_boolean(e->begins));
	set_app(o, "donor", s, lease->donor);
	set_app(o, "receiver", s, lease->receiver);
	set_resource(o, lease->resource);
	return o;
}

static int print_json(const struct explain *e)
{
	const struct snapshot *s = e->snapshot;
	json_t *o = json_object(), *needs = json_array();
	const struct decide_lease *lease = e->id ? &e->lease : NULL;

	json_object_set_new(o, "seq", json_integer((json_int_t)s->seq));
	json_object_set_new(o, "time_ns",
			    json_integer((json_int_t)s->time_ns));
	json_object_set_new(o, "node", json_fields(snapshot_node_fields,
						   &s->saw));
	if (lease)
		json_object_set_new(o, "lease", json_lease_seen(e));
	for (uint32_t i = 0; i < e->why.nr_needs; i++) {
		const struct decide_need *need = &e->why.needs[i];

		if (!lease || same_parties(lease, need->receiver,
					   need->resource))
			json_array_append_new(needs, json_need(e, need));
	}
	if (e->kept)
		json_object_set_new(o, "kept", json_lease(e->kept));
	json_object_set_new(o, "receivers", needs);
	return json_print(o, true);
}

/* --- the command --- */

/* @decision: there is one of it; else what is kept of the lease is all. */
static int explain(struct ctl *ctl, struct explain *e, bool decision)
{
	const struct snapshot *s = e->snapshot;
	int status;

	if (e->kept && !ctl->json)
		put_kept(e);
	if (!decision && e->kept)
		return ctl->json ? json_print(json_pack("{s:o}", "kept",
				   json_lease(e->kept)), true) : CTL_OK;
	if (!decision)
		return CTL_FAILED;
	if (replay_decide(&s->saw, &s->answered, &e->why))
		return ctl_no_memory();
	if (replay_check(s, &e->why, NULL))
		fputs("preswapctl: the module answered otherwise: it is of another version (preswap-replay tells more)\n",
		      stderr);
	status = ctl->json ? print_json(e) : print_words(e);
	replay_free(&e->why);
	return status;
}

static int parse_args(struct ctl *ctl, int argc, char **argv,
		      const char **path, uint64_t *id)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{}
	};
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option != 'f')
			return ctl_bad_option(ctl);
		*path = optarg;
	}
	if (optind < argc &&
	    units_parse_number(argv[optind++], 1, UINT32_MAX, id))
		return ctl_usage(ctl, "'%s' is no lease's number",
				 argv[optind - 1]);
	if (optind < argc)
		return ctl_usage(ctl, "explain takes one lease's number");
	return CTL_OK;
}

int cmd_explain(struct ctl *ctl, int argc, char **argv)
{
	struct snapshot two[2] = {};
	struct explain e = {};
	const char *path = NULL;
	uint64_t id = 0;
	int status = parse_args(ctl, argc, argv, &path, &id), err;

	if (status)
		return status;
	e.id = (uint32_t)id;
	if (id && !path)
		status = find_kept(ctl, &e);
	if (!status) {
		err = path ? find_decision(path, &e, two) :
			     last_decision(&e, two);
		status = explain(ctl, &e, err > 0);
		if (!err && path)
			fprintf(stderr, "preswapctl: %s: no decision of preswapctl record is in it\n",
				path);
		else if (!err && !e.kept)
			fputs("preswapctl: nothing was decided yet\n", stderr);
	}
	state_free(&e.state);
	snapshot_free(&two[0]);
	snapshot_free(&two[1]);
	return status;
}
