// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "daemon/log.h"
#include "daemon/swap.h"

_Static_assert(INVENTORY_MEMORY == 1 && INVENTORY_FLASH == 2 &&
	       INVENTORY_ROTATING == 3, "the numbers of swap_speed");

int swap_tell(const char *root, enum inventory_speed *told)
{
	enum inventory_speed is = inventory_swap_speed(root);
	char path[PATH_MAX];
	unsigned int now;
	FILE *file;
	int err = 0;

	if (is == *told)
		return 0;
	snprintf(path, sizeof(path), "%s/sys/kernel/preswap/swap_speed", root);
	file = fopen(path, "r+e");
	if (!file)
		return -errno;
	if (fscanf(file, "%u", &now) != 1)
		err = -EBADMSG;
	else if (now == *told) {
		rewind(file);
		fprintf(file, "%u\n", is);
	}
	if (fclose(file) && !err)
		err = -errno;
	if (!err && now == *told) {
		log_msg(LOG_INFO, "swap is %s", inventory_speed_name(is));
		*told = is;
	}
	return err;
}
