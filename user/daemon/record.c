// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/log.h"
#include "daemon/record.h"

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* The wall clock's milliseconds at a moment of CLOCK_BOOTTIME, as it is set now. */
static uint64_t wall_ms(uint64_t boot_ns)
{
	return clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) +
	       boot_ns / 1000000;
}

static bool is_known(const struct record *r, const struct preswap_lease *l)
{
	for (int i = 0; i < RECORD_KNOWN; i++)
		if (r->known[i].id == l->id &&
		    r->known[i].begin_ns == l->begin_ns)
			return true;
	return false;
}

static void remember(struct record *r, const struct preswap_lease *l)
{
	r->known[r->next].id = l->id;
	r->known[r->next].begin_ns = l->begin_ns;
	r->next = (r->next + 1) % RECORD_KNOWN;
}

static void on_entry(void *data, const struct leaselog_entry *entry)
{
	struct record *r = data;

	if (!entry->missed)
		remember(r, &entry->lease);
	memcpy(r->load, entry->load, sizeof(r->load));
	r->ended = entry->ended;
	r->last_ms = entry->end_ms;
}

void record_begin(struct record *r, const struct record_ops *ops,
		  const char *path)
{
	uint64_t damaged;
	int err;

	*r = (struct record){ .ops = *ops };
	err = leaselog_read(path, on_entry, r, &damaged);
	if (err && err != -ENOENT)
		log_msg(LOG_WARNING, "%s: %s: what is in it is not known",
			path, strerror(-err));
	if (damaged)
		log_msg(LOG_WARNING, "%s: %llu damaged lines are left out",
			path, (unsigned long long)damaged);
}

void record_load(const char *root, char *load)
{
	char path[PATH_MAX], boot[9] = "";
	struct stat st = {};
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/sys/kernel/random/boot_id", root);
	file = fopen(path, "re");
	if (file && !fgets(boot, sizeof(boot), file))
		*boot = 0;
	if (file)
		fclose(file);
	/* another one each time the module is loaded */
	snprintf(path, sizeof(path), "%s/sys/kernel/preswap", root);
	if (stat(path, &st) < 0)
		st.st_ino = 0;
	snprintf(load, LEASELOG_LOAD_MAX, "%s-%llu", boot,
		 (unsigned long long)st.st_ino);
}

static bool put(struct record *r, struct leaselog_entry *entry)
{
	static char line[LEASELOG_LINE_MAX];

	memcpy(entry->load, r->load, sizeof(entry->load));
	entry->ended = r->ended;
	return r->ops.put(r->ops.data, line, leaselog_format(entry, line));
}

static void tell_lost(uint64_t count)
{
	log_msg(LOG_WARNING, "%llu leases that ended are not in the swap log",
		(unsigned long long)count);
}

void record_tell_missed(struct record *r)
{
	struct leaselog_entry entry = {
		.end_ms = r->last_ms, .missed = r->missed,
		.from_ms = r->from_ms, .donor = "", .receiver = "",
	};

	if (!r->missed || !put(r, &entry))
		return;
	tell_lost(r->missed);
	r->missed = 0;
}

void record_connect(struct record *r, const char *load)
{
	if (!strcmp(r->load, load))
		return;
	/* of the module before, and no place for that line: it is told here at least */
	record_tell_missed(r);
	if (r->missed)
		tell_lost(r->missed);
	r->missed = 0;
	snprintf(r->load, sizeof(r->load), "%s", load);
	r->ended = 0;
	r->last_ms = 0;
}

static void miss(struct record *r, uint64_t count, uint64_t until_ms)
{
	if (!r->missed)
		r->from_ms = r->last_ms;
	r->missed += count;
	r->last_ms = until_ms;
}

static const char *path_of(struct record *r, uint64_t id)
{
	return (id ? r->ops.path(r->ops.data, id) : NULL) ?: "";
}

void record_lease(struct record *r, const struct preswap_lease *lease)
{
	char donor[PATH_MAX + 1];
	struct leaselog_entry entry = {
		.lease = *lease, .end_ms = wall_ms(lease->end_ns),
		.donor = donor,
	};

	if (is_known(r, lease))
		return;
	remember(r, lease);
	record_tell_missed(r);
	r->ended++;
	snprintf(donor, sizeof(donor), "%s", path_of(r, lease->donor_id));
	entry.receiver = path_of(r, lease->receiver_id);
	if (r->missed || !put(r, &entry))
		miss(r, 1, entry.end_ms);
	else
		r->last_ms = entry.end_ms;
}

void record_catch_up(struct record *r, const struct preswap_lease *leases,
		     size_t count, uint64_t ended)
{
	uint64_t fresh = 0;
	size_t i;

	for (i = 0; i < count; i++)
		fresh += !is_known(r, &leases[i]);
	if (ended > r->ended + fresh) {
		miss(r, ended - r->ended - fresh, wall_ms(count ?
		     leases[count - 1].end_ns : clock_ms(CLOCK_BOOTTIME) * 1000000));
		r->ended = ended - fresh;
		record_tell_missed(r);
	}
	for (i = count; i--;)
		record_lease(r, &leases[i]);
}
