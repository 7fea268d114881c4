/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policies in the module that are the daemon's own, in a file: a daemon takes back what
 * the one before it set, if it is not in the configuration any more. What a person has set
 * or changed is not its own.
 */
#ifndef DAEMON_OWNED_H
#define DAEMON_OWNED_H

#include "sense/leaselog.h"
#include "sense/series.h"

struct owned_policy {
	uint64_t id, hash;
};

/*
 * @load: the module's that has them.
 * @kept: by the daemon before, of apps that were not reported yet. Of the others it is
 *	in struct series_app.
 */
struct owned {
	char load[LEASELOG_LOAD_MAX];
	struct owned_policy *kept;
	size_t count;
};

/* Of what can be declared; never 0. */
uint64_t owned_hash(const struct preswap_policy *policy);

/* Into a fresh one; as series_read(). */
int owned_read(const char *path, struct owned *owned);
/* As series_pack(). */
int owned_pack(const struct owned *owned, struct series_table *table,
	       void **out, size_t *size);
/* Takes over @data, unless it fails: -EINVAL. */
int owned_unpack(void *data, size_t size, struct owned *owned);

/* The module is that of this load; true: another one, which has no policy yet. */
bool owned_connect(struct owned *owned, struct series_table *table,
		   const char *load);
/* What the daemon before set for this app, once; 0: nothing. */
uint64_t owned_take(struct owned *owned, uint64_t id);
/* All apps were reported: the others are gone. Also at the end. */
void owned_settle(struct owned *owned);

#endif /* DAEMON_OWNED_H */
