// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/log.h"
#include "daemon/swap.h"

_Static_assert(INVENTORY_MEMORY == 1 && INVENTORY_FLASH == 2 &&
	       INVENTORY_ROTATING == 3, "the numbers of swap_speed");

int swap_tell(const char *root, struct swap_told *told)
{
	enum inventory_speed is = inventory_swap_speed(root);
	char path[PATH_MAX];
	unsigned int now;
	struct stat st;
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "%s/sys/kernel/preswap/swap_speed", root);
	if (!stat(path, &st) && st.st_ino != told->file)
		*told = (struct swap_told){ .file = st.st_ino };
	if (is == told->speed)
		return 0;
	file = fopen(path, "r+e");
	if (!file)
		return -errno;
	if (fscanf(file, "%u", &now) != 1)
		err = -EBADMSG;
	else if (now == told->speed) {
		rewind(file);
		fprintf(file, "%u\n", is);
	}
	if (fclose(file) && !err)
		err = -errno;
	/* a daemon before this one has told it */
	if (!err && now == is && !told->speed)
		told->speed = is;
	if (err || now != told->speed || told->speed == is)
		return err;
	log_msg(LOG_INFO, "swap is %s", inventory_speed_name(is));
	told->speed = is;
	return 0;
}
