// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings are compressed by gzip: one decision is much like the next. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "plan/snapshot.h"

static ssize_t read_some(void *file, char *buf, size_t size)
{
	int n, status;

	errno = 0;
	n = gzread(file, buf, (unsigned int)size);
	if (n > 0)
		return n;
	gzerror(file, &status);
	if (status == Z_OK || status == Z_STREAM_END)
		return n;
	/* damaged or cut off (Z_BUF_ERROR), or the system's own error */
	if (status != Z_ERRNO)
		errno = EBADMSG;
	return -1;
}

static ssize_t write_some(void *file, const char *buf, size_t size)
{
	int n = gzwrite(file, buf, (unsigned int)size);

	if (!n && !errno)
		errno = EIO;
	return n;
}

static int close_file(void *file)
{
	if (gzclose(file) == Z_OK)
		return 0;
	if (!errno)
		errno = EIO;
	return -1;
}

static FILE *wrap(int fd, const char *mode)
{
	static const cookie_io_functions_t functions = {
		.read = read_some,
		.write = write_some,
		.close = close_file,
	};
	gzFile file = gzdopen(fd, mode);
	FILE *stream;

	if (!file) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	stream = fopencookie(file, *mode == 'r' ? "r" : "w", functions);
	if (!stream)
		gzclose(file);
	return stream;
}

FILE *snapshot_open(const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
				     dup(STDIN_FILENO);

	return fd < 0 ? NULL : wrap(fd, "rb");
}

FILE *snapshot_compress(int fd)
{
	return wrap(fd, "wb");
}
