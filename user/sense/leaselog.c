// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A line's fields have tabs between them; the first one says what it is, the last one is
 * the checksum of what is before it. Numbers of the ABI's enums stay numbers: they never
 * change, while words may. A later version may add fields before the checksum.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/fnv.h"
#include "sense/leaselog.h"
#include "sense/statefile.h"

#define NUMBER(member) {						\
	offsetof(struct preswap_lease, member),				\
	sizeof(((struct preswap_lease *)0)->member) }

static const struct number {
	size_t offset, size;
} numbers[] = {
	NUMBER(id), NUMBER(kind), NUMBER(reason), NUMBER(ended),
	NUMBER(dry_run), NUMBER(donor_id), NUMBER(receiver_id),
	NUMBER(amount), NUMBER(done), NUMBER(begin_ns), NUMBER(full_ns),
	NUMBER(end_ns), NUMBER(tasks), NUMBER(device), NUMBER(benefit),
	NUMBER(cost), NUMBER(why.median), NUMBER(why.spread),
	NUMBER(why.carried), NUMBER(why.base), NUMBER(why.room),
	NUMBER(why.shortage), NUMBER(why.chance_permille),
	NUMBER(why.threshold_pct), NUMBER(why.give), NUMBER(why.barred),
	NUMBER(why.nested), NUMBER(why.at_floor), NUMBER(why.too_little),
	NUMBER(why.too_dear), NUMBER(why.banned),
};

#define NUMBERS		(sizeof(numbers) / sizeof(*numbers))

static uint64_t number_get(const struct preswap_lease *lease,
			   const struct number *n)
{
	const char *at = (const char *)lease + n->offset;

	switch (n->size) {
	case 1:
		return *(const uint8_t *)at;
	case 4:
		return *(const uint32_t *)at;
	}
	return *(const uint64_t *)at;
}

static int number_set(struct preswap_lease *lease, const struct number *n,
		      uint64_t value)
{
	char *at = (char *)lease + n->offset;

	if (n->size < 8 && value >> 8 * n->size)
		return -EINVAL;
	switch (n->size) {
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		return 0;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		return 0;
	}
	*(uint64_t *)at = value;
	return 0;
}

static uint32_t checksum(const char *text, size_t size)
{
	uint64_t hash = fnv_add(FNV_BEGIN, text, size);

	return (uint32_t)(hash ^ hash >> 32);
}

/* ---- a line ---- */

struct line {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3)))
static void put(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	/* all but the paths is far shorter than the room for it */
	line->size += vsnprintf(line->text + line->size,
				LEASELOG_LINE_MAX - line->size, format, args);
	va_end(args);
}

/* A tab, a newline or a backslash as \t, \n, \\. */
static void put_path(struct line *line, const char *path)
{
	char *to = line->text + line->size;

	*to++ = '\t';
	for (size_t n = 0; *path && n < PATH_MAX; path++, n++) {
		char c = *path == '\t' ? 't' : *path == '\n' ? 'n' : *path;

		if (c != *path || c == '\\')
			*to++ = '\\';
		*to++ = c;
	}
	line->size = to - line->text;
}

static const char *fits(const char *path)
{
	return strlen(path) <= PATH_MAX ? path : "";
}

size_t leaselog_format(const struct leaselog_entry *e, char *text)
{
	struct line line = { .text = text };

	put(&line, "%s\t%llu\t%s\t%llu", e->missed ? "missed" : "lease",
	    (unsigned long long)e->end_ms, e->load,
	    (unsigned long long)e->ended);
	if (e->missed) {
		put(&line, "\t%llu\t%llu", (unsigned long long)e->missed,
		    (unsigned long long)e->from_ms);
	} else {
		put_path(&line, fits(e->donor));
		put_path(&line, fits(e->receiver));
		for (size_t i = 0; i < NUMBERS; i++)
			put(&line, "\t%llu", (unsigned long long)
			    number_get(&e->lease, &numbers[i]));
	}
	put(&line, "\t%08x\n", checksum(text, line.size));
	return line.size;
}

/* The next field, or NULL. */
static char *take(char **rest)
{
	return strsep(rest, "\t");
}

static int take_number(char **rest, uint64_t *value)
{
	char *text = take(rest), *end;

	if (!text || *text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

static int take_path(char **rest, const char **path)
{
	char *from = take(rest), *to = from;

	*path = from;
	if (!from)
		return -EINVAL;
	for (; *from; from++) {
		if (*from == '\\' && from[1])
			from++, *from = *from == 't' ? '\t' :
					*from == 'n' ? '\n' : *from;
		*to++ = *from;
	}
	*to = 0;
	return 0;
}

static int take_lease(char **rest, struct leaselog_entry *e)
{
	uint64_t value;
	int err = take_path(rest, &e->donor) ?: take_path(rest, &e->receiver);

	e->lease.size = sizeof(e->lease);
	for (size_t i = 0; i < NUMBERS && !err; i++)
		err = take_number(rest, &value) ?:
		      number_set(&e->lease, &numbers[i], value);
	return err;
}

/* Whether it is a line as it was written; its checksum is cut off. */
static bool is_whole(char *line)
{
	char *sum = strrchr(line, '\t'), *end;

	if (!sum || strlen(sum + 1) != 8)
		return false;
	*sum++ = 0;
	return strtoul(sum, &end, 16) == checksum(line, strlen(line)) && !*end;
}

int leaselog_parse(char *line, struct leaselog_entry *e)
{
	char *rest = line, *kind, *load;
	int err;

	*e = (struct leaselog_entry){ .donor = "", .receiver = "" };
	if (!is_whole(line))
		return -EINVAL;
	kind = take(&rest);
	err = take_number(&rest, &e->end_ms);
	load = take(&rest);
	if (err || !load || strlen(load) >= sizeof(e->load))
		return -EINVAL;
	strcpy(e->load, load);
	err = take_number(&rest, &e->ended);
	if (err)
		return err;
	if (!strcmp(kind, "lease"))
		return take_lease(&rest, e);
	if (strcmp(kind, "missed"))
		return -EINVAL;
	err = take_number(&rest, &e->missed) ?:
	      take_number(&rest, &e->from_ms);
	return err ?: e->missed ? 0 : -EINVAL;
}

/* ---- the files ---- */

static int open_log(const char *path, struct stat *st)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC |
		      O_NOFOLLOW | O_NONBLOCK, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		err = -errno;
	else if (!S_ISREG(st->st_mode))
		err = -EINVAL;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Power may have failed within the last line: it must not spoil the next one. */
static int end_line(int fd, off_t size)
{
	char last;

	if (!size)
		return 0;
	if (pread(fd, &last, 1, size - 1) != 1)
		return -EIO;
	return last == '\n' ? 0 : statefile_write_all(fd, "\n", 1);
}

static int old_path(char old[PATH_MAX], const char *path)
{
	return snprintf(old, PATH_MAX, "%s" LEASELOG_OLD_SUFFIX, path) <
	       PATH_MAX ? 0 : -ENAMETOOLONG;
}

int leaselog_append(const char *path, const char *lines, size_t size)
{
	char old[PATH_MAX];
	struct stat st;
	int fd = open_log(path, &st), err = old_path(old, path);

	if (fd < 0)
		return fd;
	if (!err && st.st_size &&
	    st.st_size + size + 1 > LEASELOG_BYTES_MAX) {
		close(fd);
		if (rename(path, old) < 0)
			return -errno;
		fd = open_log(path, &st);
		if (fd < 0)
			return fd;
	}
	err = err ?: end_line(fd, st.st_size) ?:
	      statefile_write_all(fd, lines, size);
	if (err && ftruncate(fd, st.st_size) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void read_lines(FILE *from, leaselog_fn fn, void *data,
		       uint64_t *damaged)
{
	struct leaselog_entry entry;
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, from)) > 0) {
		/* one without an end may be about to be written */
		if (line[size - 1] != '\n' && size < LEASELOG_LINE_MAX)
			break;
		line[size - 1] = 0;
		if (leaselog_parse(line, &entry))
			++*damaged;
		else
			fn(data, &entry);
	}
	free(line);
}

static FILE *open_to_read(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = NULL;

	*st = (struct stat){};
	if (fd < 0)
		return NULL;
	if (!fstat(fd, st) && !S_ISREG(st->st_mode))
		errno = EINVAL;
	else
		file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

int leaselog_read(const char *path, leaselog_fn fn, void *data,
		  uint64_t *damaged)
{
	char old[PATH_MAX];
	struct stat st, old_st;
	FILE *file, *old_file;
	int err = old_path(old, path);

	*damaged = 0;
	if (err)
		return err;
	file = open_to_read(path, &st);
	err = file ? 0 : -errno;
	old_file = open_to_read(old, &old_st);
	/* it became the older one just now: what is new is for the next time */
	if (file && old_file && st.st_ino == old_st.st_ino) {
		fclose(file);
		file = NULL;
	}
	if (old_file)
		read_lines(old_file, fn, data, damaged);
	if (file)
		read_lines(file, fn, data, damaged);
	if (old_file)
		fclose(old_file);
	if (file)
		fclose(file);
	return err == -ENOENT && old_file ? 0 : err;
}
