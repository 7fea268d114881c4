// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said where the module is not loaded, on machines that are made here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "show/absent.h"

static char root[] = "/tmp/test_absent.XXXXXX";
static char said[ABSENT_MAX];
static struct utsname name;

/* Writes a file of that name under the root, and the folders it is in. */
static void file(const char *path, const char *text)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "mkdir -p \"$(dirname %s/%s)\" && echo '%s' >%s/%s", root, path,
		 text, root, path);
	ktap_assert(!system(command), "%s", command);
}

static void begin(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s/*", root);
	ktap_assert(!system(command), "%s", command);
}

static void modules(const char *line)
{
	char path[256];

	snprintf(path, sizeof(path), "lib/modules/%s/modules.dep", name.release);
	file(path, line);
}

static void say(void)
{
	absent_next(root, said);
	ktap_assert(!strncmp(said, "load it: modprobe preswap", 25), "%s", said);
}

static void test_plain(void)
{
	begin();
	say();
	ktap_assert(!said[25], "nothing known: %s", said);
	modules("updates/dkms/preswap.ko.xz:");
	file("sys/module/module/parameters/sig_enforce", "N");
	file("sys/kernel/security/lockdown", "[none] integrity confidentiality");
	say();
	ktap_assert(!said[25], "nothing against it: %s", said);
}

static void test_not_installed(void)
{
	begin();
	modules("kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz");
	file("sys/module/module/parameters/sig_enforce", "Y");
	say();
	ktap_assert(strstr(said, "dkms autoinstall") &&
		    strstr(said, name.release), "%s", said);
}

static void test_signature(void)
{
	static const char *const locked[] = {
		"none [integrity] confidentiality",
		"none integrity [confidentiality]",
	};

	for (int i = 0; i < 3; i++) {
		begin();
		modules("updates/dkms/preswap.ko.xz:");
		if (i < 2)
			file("sys/kernel/security/lockdown", locked[i]);
		else
			file("sys/module/module/parameters/sig_enforce", "Y");
		say();
		ktap_assert(strstr(said, "mokutil --import /var/lib/dkms/mok.pub"),
			    "%d: %s", i, said);
	}
}

int main(void)
{
	int status;

	if (uname(&name) || !mkdtemp(root)) {
		perror("test_absent");
		return 1;
	}
	status = ktap_run((struct ktap_case[]){
		{ "R-55 nothing stands against loading it", test_plain },
		{ "R-55 it is not installed for this kernel",
		  test_not_installed },
		{ "R-55 the kernel wants a signature: how to enrol the key",
		  test_signature },
		{} });
	begin();
	rmdir(root);
	return status;
}
