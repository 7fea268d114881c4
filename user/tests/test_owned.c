// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which policies are the daemon's own: over its end, and over the module's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/apply.h"
#include "daemon/owned.h"
#include "sense/statefile.h"

static struct series_table *new_table(void)
{
	struct series_limits limits = { .max_apps = 10 };
	struct series_table *table;

	ktap_assert(!series_new(&limits, &table));
	return table;
}

static struct series_app *see(struct series_table *table, uint64_t id)
{
	struct preswap_app app = { .id = id, .path = "a" };
	struct series_app *known;

	ktap_assert(!series_sample(table, &app, &known));
	return known;
}

/* All fields count: a person may have changed any. */
static void test_hash(void)
{
	struct preswap_policy p[16] = {
		[1].priority = 1, [2].sensitivity = 1, [3].swap_eligible = 1,
		[4].floor_cpu_milli = 1, [5].floor_mem_bytes = 1,
		[6].floor_io_bytes = 1, [7].floor_net_bytes = 1,
		[8].gives = 1, [9].receives = 1, [10].groups = 1,
		[11].never_to = 1, [12].max_stall_pct = 1,
		[13].max_downtime_ms = 1, [14].needs_approval = 1,
		[15].reserve_mem_mib = 1,
	};

	for (int i = 0; i < 16; i++)
		for (int k = 0; k < 16; k++)
			ktap_assert((owned_hash(&p[i]) == owned_hash(&p[k])) ==
				    (i == k), "%d %d", i, k);
	p[1].app_id = 7;
	p[2].priority = 1;
	p[2].sensitivity = 0;
	ktap_assert(owned_hash(&p[1]) == owned_hash(&p[2]), "the app's id");
}

/* A daemon ends, the section is removed, and another daemon starts. */
static void test_restart(void)
{
	struct preswap_policy set = { .priority = 3 };
	struct preswap_app now = { .id = 1, .has_policy = true, .policy = set };
	struct series_table *table = new_table();
	struct owned old = {}, owned = {};
	struct series_app *known;
	size_t size;
	void *data;

	ktap_assert(owned_connect(&old, table, "boot-1"), "the first module");
	see(table, 1)->policy_set = owned_hash(&set);
	see(table, 2)->policy_set = owned_hash(&set);
	see(table, 3);
	ktap_assert(!owned_pack(&old, table, &data, &size));
	ktap_assert(size == 56 + 2 * 16, "%zu bytes", size);
	series_free(table);

	table = new_table();
	ktap_assert(!owned_unpack(data, size, &owned) && owned.count == 2);
	ktap_assert(!owned_connect(&owned, table, "boot-1"), "the same module");
	known = see(table, 1);
	known->policy_set = owned_take(&owned, 1);
	ktap_assert(apply_decide(NULL, known, &now) == APPLY_DELETE,
		    "the daemon before set it");
	now.policy.priority = 4;
	ktap_assert(apply_decide(NULL, known, &now) == APPLY_NOTHING,
		    "a person changed it since");
	ktap_assert(!owned_take(&owned, 1), "it is taken once");
	ktap_assert(!owned_take(&owned, 3), "it set none of that");
	/* of one that is not seen yet it is kept over another end */
	ktap_assert(!owned_pack(&owned, table, &data, &size));
	ktap_assert(size == 56 + 2 * 16, "%zu bytes", size);
	owned_settle(&owned);
	ktap_assert(!owned_unpack(data, size, &owned) && owned.count == 2 &&
		    owned_take(&owned, 2) == owned_hash(&set));
	/* for as long as all that live are seen */
	owned_settle(&owned);
	ktap_assert(!owned.count && !owned_take(&owned, 1));
	series_free(table);
}

/* It has no policies: what the file says is set again, and nothing is taken back. */
static void test_module(void)
{
	struct preswap_policy set = { .priority = 3 };
	struct preswap_app now = { .id = 1 };
	struct series_table *table = new_table();
	struct series_app *known = see(table, 1);
	struct owned owned = {};
	size_t size;
	void *data;

	owned_connect(&owned, table, "boot-1");
	known->policy_set = owned_hash(&set);
	known->policy_checked = true;
	ktap_assert(!owned_pack(&owned, table, &data, &size));
	/* a daemon that is there */
	ktap_assert(!owned_connect(&owned, table, "boot-1"));
	ktap_assert(apply_decide(&set, known, &now) == APPLY_NOTHING,
		    "a person deleted it");
	ktap_assert(owned_connect(&owned, table, "boot-2"));
	ktap_assert(!known->policy_set &&
		    apply_decide(&set, known, &now) == APPLY_SET);
	/* one that was away */
	ktap_assert(!owned_unpack(data, size, &owned));
	ktap_assert(owned_connect(&owned, table, "boot-2"));
	ktap_assert(!owned_take(&owned, 1));
	owned_settle(&owned);
	series_free(table);
}

static void test_file(void)
{
	char folder[] = "/tmp/preswap-owned-XXXXXX", path[64], bad[80];
	struct series_table *table = new_table();
	struct owned owned = {};
	size_t size;
	char *data;

	ktap_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/l.policies", folder);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	ktap_assert(owned_read(path, &owned) == -ENOENT);
	owned_connect(&owned, table, "boot-1");
	see(table, 1)->policy_set = 5;
	ktap_assert(!owned_pack(&owned, table, (void **)&data, &size));
	ktap_assert(!statefile_write(path, data, size));
	ktap_assert(!owned_read(path, &owned) && owned_take(&owned, 1) == 5 &&
		    !strcmp(owned.load, "boot-1"));
	owned_settle(&owned);
	/* damaged anywhere, or cut off anywhere */
	for (size_t i = 0; i < size; i++) {
		char *copy = malloc(size);

		memcpy(copy, data, size);
		copy[i] ^= 4;
		ktap_assert(owned_unpack(copy, size, &owned) == -EINVAL,
			    "byte %zu", i);
		ktap_assert(owned_unpack(data, i, &owned) == -EINVAL,
			    "%zu bytes", i);
		free(copy);
	}
	data[50] ^= 1;
	ktap_assert(!statefile_write(path, data, size));
	ktap_assert(owned_read(path, &owned) == -EINVAL && !owned.count);
	ktap_assert(access(path, F_OK) && !access(bad, F_OK), "set aside");
	unlink(bad);
	rmdir(folder);
	free(data);
	series_free(table);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-25 a policy that was changed is another one", test_hash },
		{ "R-17 a daemon takes back what the one before it set",
		  test_restart },
		{ "R-8 a module that was reloaded has all of them again",
		  test_module },
		{ "R-17 the file is whole, or set aside", test_file },
		{}
	});
}
