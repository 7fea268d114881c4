/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that outlive the daemon: whole or not at all, and checked. */
#ifndef SENSE_STATEFILE_H
#define SENSE_STATEFILE_H

#include <stddef.h>
#include <stdint.h>

#define STATE_BYTES_MAX	(256u << 20)	/* a larger file is none of ours */

/* FNV-1a of words; @size is a multiple of 8, @data aligned so. */
uint64_t statefile_checksum(const void *data, size_t size);

/*
 * Keeps other processes from taking @path until this one ends, by a lock on
 * @path.lock. 0, -EWOULDBLOCK: another has it, -EINVAL: there is something that
 * is no regular file, or another -errno: it could not be locked.
 */
int statefile_take(const char *path);
/* In place of the old file, or not at all. 0 or -errno. */
int statefile_write(const char *path, const void *data, size_t size);
/*
 * The whole file, to be freed; aligned as by malloc(). 0, -ENOENT, -EINVAL (too
 * large), another -errno.
 */
int statefile_read(const char *path, void **data, size_t *size);
/* All of it, also onto the disk. 0 or -errno. */
int statefile_write_all(int fd, const char *data, size_t size);
/* It cannot be used: move it to @path.bad, where a person may look at it. */
void statefile_set_aside(const char *path);

#endif /* SENSE_STATEFILE_H */
