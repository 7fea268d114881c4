// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the node has, as the kernel tells it; needs no module.
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "json.h"
#include "sense/inventory.h"
#include "show/units.h"

static json_t *json_cpus(const struct inventory *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->nr_cpus; i++)
		json_array_append_new(array,
			json_pack("{s:i, s:i, s:i, s:i}", "id",
				  from->cpus[i].id, "core", from->cpus[i].core,
				  "llc", from->cpus[i].llc, "node",
				  from->cpus[i].node));
	return array;
}

static json_t *json_nodes(const struct inventory *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->nr_nodes; i++)
		json_array_append_new(array,
			json_pack("{s:i, s:i, s:I}", "id", from->nodes[i].id,
				  "cpus", from->nodes[i].cpus, "mem_bytes",
				  (json_int_t)from->nodes[i].mem_bytes));
	return array;
}

static json_t *json_swaps(const struct inventory *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->nr_swaps; i++) {
		const struct inventory_swap *s = &from->swaps[i];

		json_array_append_new(array,
			json_pack("{s:o, s:s, s:I, s:I, s:i}", "name",
				  json_text(s->name),
				  "speed", inventory_speed_name(s->speed),
				  "size_bytes", (json_int_t)s->size_bytes,
				  "used_bytes", (json_int_t)s->used_bytes,
				  "priority", s->priority));
	}
	return array;
}

static json_t *json_disks(const struct inventory *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->nr_disks; i++) {
		const struct inventory_disk *d = &from->disks[i];

		json_array_append_new(array,
			json_pack("{s:o, s:s, s:I}", "name", json_text(d->name), "speed",
				  inventory_speed_name(d->speed), "size_bytes",
				  (json_int_t)d->size_bytes));
	}
	return array;
}

static json_t *json_links(const struct inventory *from)
{
	json_t *array = json_array();

	for (size_t i = 0; i < from->nr_links; i++) {
		const struct inventory_link *l = &from->links[i];

		json_array_append_new(array,
			json_pack("{s:o, s:b, s:I}", "name", json_text(l->name), "up",
				  l->up, "bytes_per_s",
				  (json_int_t)l->bytes_per_s));
	}
	return array;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_text(const struct inventory *from)
{
	char a[UNITS_MAX], b[UNITS_MAX];

	printf("CPUs      %zu in %u core%s, %u last-level cache%s, %zu NUMA node%s\n",
	       from->nr_cpus, from->nr_cores, plural(from->nr_cores),
	       from->nr_llcs, plural(from->nr_llcs), from->nr_nodes,
	       plural(from->nr_nodes));
	printf("memory    %s\n", units_bytes(a, from->mem_bytes));
	for (size_t i = 0; from->nr_nodes > 1 && i < from->nr_nodes; i++)
		printf("  node %u  %s, %u CPU%s\n", from->nodes[i].id,
		       units_bytes(a, from->nodes[i].mem_bytes),
		       from->nodes[i].cpus, plural(from->nodes[i].cpus));
	if (!from->nr_swaps)
		puts("swap      none: only page cache can be taken from apps");
	for (size_t i = 0; i < from->nr_swaps; i++)
		printf("swap      %s: %s of %s used, speed: %s%s, priority %d\n",
		       from->swaps[i].name,
		       units_bytes(a, from->swaps[i].used_bytes),
		       units_bytes(b, from->swaps[i].size_bytes),
		       inventory_speed_name(from->swaps[i].speed),
		       from->zswap ? " behind zswap" : "",
		       from->swaps[i].priority);
	for (size_t i = 0; i < from->nr_disks; i++)
		printf("disk      %s: %s, speed: %s\n", from->disks[i].name,
		       units_bytes(a, from->disks[i].size_bytes),
		       inventory_speed_name(from->disks[i].speed));
	for (size_t i = 0; i < from->nr_links; i++) {
		const struct inventory_link *l = &from->links[i];

		printf("link      %s: %s, ", l->name, l->up ? "up" : "not up");
		if (l->bytes_per_s)
			printf("%s/s\n", units_bytes(a, l->bytes_per_s));
		else
			puts("speed unknown");
	}
}

static int print_json(const struct inventory *from)
{
	return json_print(json_pack("{s:o, s:i, s:i, s:o, s:I, s:o, s:b, s:o, s:o}",
				    "cpus", json_cpus(from), "cores",
				    from->nr_cores, "llcs", from->nr_llcs,
				    "nodes", json_nodes(from), "mem_bytes",
				    (json_int_t)from->mem_bytes, "swaps",
				    json_swaps(from), "zswap", from->zswap,
				    "disks", json_disks(from), "links",
				    json_links(from)), true);
}

int cmd_inventory(struct ctl *ctl, int argc, char **argv)
{
	int status = ctl_no_args(ctl, argc, argv), err;
	struct inventory *inventory;

	if (status)
		return status;
	err = inventory_read("", &inventory);
	if (err) {
		fprintf(stderr, "preswapctl: reading /proc and /sys: %s\n",
			strerror(-err));
		return CTL_FAILED;
	}
	if (ctl->json)
		status = print_json(inventory);
	else
		print_text(inventory);
	inventory_free(inventory);
	return status;
}
