/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The swap log: leases that ended, a line each, in a file and an older one beside
 * it. Only whole lines are added, each with a checksum, so that what is damaged is one
 * line, not the file.
 */
#ifndef SENSE_LEASELOG_H
#define SENSE_LEASELOG_H

#include <preswap/preswap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Behind the path of what is learned (learned.h). */
#define LEASELOG_SUFFIX		".leases"
/* Behind that of the log. */
#define LEASELOG_OLD_SUFFIX	".old"
/* Of either file: some 15,000 leases. */
#define LEASELOG_BYTES_MAX	(4u << 20)
/* Two whole paths, each byte of which is written as two, and the numbers. */
#define LEASELOG_LINE_MAX	(5 * 4096)
#define LEASELOG_LOAD_MAX	32

/*
 * @end_ms: by the wall clock, since 1970.
 * @load: of the module; a lease's number is its own only within one.
 * @ended: how many leases of it had ended with this one.
 * @missed: 0, or it is no lease: so many that ended between @from_ms (0: not known) and
 *	@end_ms are not in the log; @lease, @donor and @receiver say nothing then.
 * @donor, @receiver: paths; "" is not known, or nobody.
 */
struct leaselog_entry {
	uint64_t end_ms;
	char load[LEASELOG_LOAD_MAX];
	uint64_t ended;
	uint64_t missed, from_ms;
	struct preswap_lease lease;
	const char *donor, *receiver;
};

/*
 * The entry as a line, with its newline, into @line of LEASELOG_LINE_MAX; its length.
 * A path that does not fit is left out.
 */
size_t leaselog_format(const struct leaselog_entry *entry, char *line);
/*
 * The other way, of a line without its newline, which is changed; the paths are in it.
 * -EINVAL: damaged.
 */
int leaselog_parse(char *line, struct leaselog_entry *entry);

/*
 * Adds lines, all of them or none, and has them on the disk; where there would be more
 * than LEASELOG_BYTES_MAX then, the file becomes the older one. 0 or -errno.
 */
int leaselog_append(const char *path, const char *lines, size_t size);

typedef void (*leaselog_fn)(void *data, const struct leaselog_entry *entry);

/*
 * Each entry, from the first of the older file on; *@damaged: lines that were none. 0 or
 * -errno (-ENOENT: there is no log).
 */
int leaselog_read(const char *path, leaselog_fn fn, void *data,
		  uint64_t *damaged);

#endif /* SENSE_LEASELOG_H */
