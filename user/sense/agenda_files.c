// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files that an agenda is made of.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/agenda.h"

char *agenda_slurp(struct agenda *agenda, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text;
	ssize_t got;
	size_t len = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		agenda_problem(agenda, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > AGENDA_FILE_MAX) {
		agenda_problem(agenda, "%s: %s", path, S_ISREG(st.st_mode) ?
			       "larger than 8 MiB" : "no regular file");
		close(fd);
		return NULL;
	}
	text = malloc(st.st_size + 1);
	if (!text)
		agenda->no_memory = true;
	while (text && len < (size_t)st.st_size) {
		got = read(fd, text + len, st.st_size - len);
		if (got <= 0)
			break;
		len += got;
	}
	close(fd);
	if (text)
		text[len] = 0;
	return text;
}

static int select_ics(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t len = strlen(name);

	return len > 4 && name[0] != '.' && !strcasecmp(name + len - 4, ".ics");
}

void agenda_each_calendar(const char *path,
			  void (*fn)(void *data, const char *path), void *data)
{
	struct dirent **names;
	char file[PATH_MAX];
	int count = scandir(path, &names, select_ics, alphasort);

	if (count < 0) {
		fn(data, path);
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		fn(data, file);
		free(names[i]);
	}
	free(names);
}
