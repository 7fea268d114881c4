// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/fnv.h"
#include "sense/statefile.h"

uint64_t statefile_checksum(const void *data, size_t size)
{
	const uint64_t *words = data;
	uint64_t hash = FNV_BEGIN;

	for (size_t i = 0; i < size / sizeof(*words); i++) {
		hash ^= words[i];
		hash *= FNV_PRIME;
		/* else a word's high bits would stay among the high ones */
		hash ^= hash >> 32;
	}
	return hash;
}

int statefile_take(const char *path)
{
	char lock[PATH_MAX];
	struct stat st;
	int fd;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return -EINVAL;
	/* not the file itself: each writing puts another in its place */
	snprintf(lock, sizeof(lock), "%s.lock", path);
	/* a link or a pipe in a folder that others write to, too */
	fd = open(lock, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
		  O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

int statefile_write_all(int fd, const char *data, size_t size)
{
	ssize_t done;

	while (size) {
		done = write(fd, data, size);
		if (done < 0)
			return -errno;
		data += done;
		size -= done;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int statefile_write(const char *path, const void *data, size_t size)
{
	char temporary[PATH_MAX];
	int fd, err;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	/* what is there is from a crash, or is another's link to a file of ours */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = statefile_write_all(fd, data, size);
	close(fd);
	if (!err && rename(temporary, path) < 0)
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

static int read_all(int fd, char *data, size_t size, size_t *len)
{
	ssize_t got;

	for (*len = 0; *len < size; *len += got) {
		got = read(fd, data + *len, size - *len);
		if (got < 0)
			return -errno;
		if (!got)
			break;
	}
	return 0;
}

int statefile_read(const char *path, void **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat st;
	char *all = NULL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > STATE_BYTES_MAX)
		err = -EINVAL;
	else if (!(all = malloc(st.st_size + 1)))
		err = -ENOMEM;
	else
		err = read_all(fd, all, st.st_size, size);
	close(fd);
	if (err)
		free(all);
	else
		*data = all;
	return err;
}

void statefile_set_aside(const char *path)
{
	char bad[PATH_MAX];

	snprintf(bad, sizeof(bad), "%s.bad", path);
	rename(path, bad);
}
