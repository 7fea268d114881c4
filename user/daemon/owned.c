// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/owned.h"
#include "sense/fnv.h"
#include "sense/statefile.h"

#define MAGIC		0x50454e574f525350ULL
#define FORMAT		1u

struct header {
	uint64_t checksum;		/* of what follows */
	uint64_t magic;
	uint32_t format, count;
	char load[LEASELOG_LOAD_MAX];
};

uint64_t owned_hash(const struct preswap_policy *p)
{
	const uint64_t all[] = {
		p->priority, p->sensitivity, p->swap_eligible,
		p->floor_cpu_milli, p->floor_mem_bytes, p->floor_io_bytes,
		p->floor_net_bytes, p->gives, p->receives, p->groups,
		p->never_to, p->max_stall_pct, p->max_downtime_ms,
		p->needs_approval, p->reserve_mem_mib,
	};

	return fnv_add(FNV_BEGIN, all, sizeof(all)) ?: 1;
}

int owned_unpack(void *data, size_t size, struct owned *owned)
{
	struct header header;

	if (size < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	if (header.magic != MAGIC || header.format != FORMAT ||
	    size != sizeof(header) + header.count * sizeof(*owned->kept) ||
	    statefile_checksum((char *)data + sizeof(header.checksum),
			       size - sizeof(header.checksum)) !=
	    header.checksum ||
	    !memchr(header.load, 0, sizeof(header.load)))
		return -EINVAL;
	memcpy(owned->load, header.load, sizeof(owned->load));
	owned->count = header.count;
	owned->kept = memmove(data, (char *)data + sizeof(header),
			      size - sizeof(header));
	return 0;
}

int owned_read(const char *path, struct owned *owned)
{
	void *data;
	size_t size;
	int err = statefile_read(path, &data, &size);

	if (!err) {
		err = owned_unpack(data, size, owned);
		if (err)
			free(data);
	}
	if (err && err != -ENOENT)
		statefile_set_aside(path);
	return err;
}

int owned_pack(const struct owned *owned, struct series_table *table,
	       void **out, size_t *size)
{
	size_t most = owned->count + series_count(table);
	struct header *header = malloc(sizeof(*header) +
				       most * sizeof(*owned->kept));
	struct owned_policy *at;

	if (!header)
		return -ENOMEM;
	*header = (struct header){ .magic = MAGIC, .format = FORMAT };
	memcpy(header->load, owned->load, sizeof(header->load));
	at = (struct owned_policy *)(header + 1);
	for (size_t i = 0; i < owned->count; i++)
		*at++ = owned->kept[i];
	for (size_t i = 0; i < series_count(table); i++) {
		const struct series_app *app = series_at(table, i);

		if (app->policy_set)
			*at++ = (struct owned_policy){ app->id,
						       app->policy_set };
	}
	header->count = at - (struct owned_policy *)(header + 1);
	*size = (char *)at - (char *)header;
	header->checksum = statefile_checksum(&header->magic,
				*size - sizeof(header->checksum));
	*out = header;
	return 0;
}

void owned_settle(struct owned *owned)
{
	free(owned->kept);
	owned->kept = NULL;
	owned->count = 0;
}

bool owned_connect(struct owned *owned, struct series_table *table,
		   const char *load)
{
	if (!strcmp(owned->load, load))
		return false;
	owned_settle(owned);
	for (size_t i = 0; i < series_count(table); i++) {
		series_at(table, i)->policy_set = 0;
		series_at(table, i)->policy_checked = false;
	}
	memset(owned->load, 0, sizeof(owned->load));
	strncat(owned->load, load, sizeof(owned->load) - 1);
	return true;
}

uint64_t owned_take(struct owned *owned, uint64_t id)
{
	uint64_t hash;

	for (size_t i = 0; i < owned->count; i++) {
		if (owned->kept[i].id != id)
			continue;
		hash = owned->kept[i].hash;
		owned->kept[i] = owned->kept[--owned->count];
		return hash;
	}
	return 0;
}
