// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "absent.h"

#define PATH	512

/* Whether a line of the file has the text; no file, no line. */
static bool file_has(const char *path, const char *text)
{
	FILE *from = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!from)
		return false;
	while (!found && getline(&line, &room, from) > 0)
		found = strstr(line, text);
	free(line);
	fclose(from);
	return found;
}

/* Where depmod has left no list, nothing is known of what is installed. */
static bool not_installed(const char *root, const char *release)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/lib/modules/%s/modules.dep", root,
		 release);
	return file_has(path, ".ko") && !file_has(path, "/preswap.ko");
}

/* By its command line, or locked down, as it is under Secure Boot. */
static bool wants_signature(const char *root)
{
	char enforce[PATH], lockdown[PATH];

	snprintf(enforce, sizeof(enforce),
		 "%s/sys/module/module/parameters/sig_enforce", root);
	snprintf(lockdown, sizeof(lockdown), "%s/sys/kernel/security/lockdown",
		 root);
	return file_has(enforce, "Y") || file_has(lockdown, "[integrity]") ||
	       file_has(lockdown, "[confidentiality]");
}

void absent_next(const char *root, char *text)
{
	static const char load[] = "load it: modprobe preswap";
	struct utsname name;

	if (!uname(&name) && not_installed(root, name.release))
		snprintf(text, ABSENT_MAX,
			 "%s (none is installed for kernel %.64s: install linux-headers-%.64s, then dkms autoinstall)",
			 load, name.release, name.release);
	else if (wants_signature(root))
		snprintf(text, ABSENT_MAX,
			 "%s (this kernel takes signed modules only; if it says \"Key was rejected\", enrol the key: mokutil --import /var/lib/dkms/mok.pub, and reboot)",
			 load);
	else
		snprintf(text, ABSENT_MAX, "%s", load);
}
