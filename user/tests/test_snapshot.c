// SPDX-License-Identifier: GPL-2.0-or-later
/* Decisions as text: written, read, damaged, decided again. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "drawn.h"

#define ROUNDS	10000

static struct drawn drawn;
static struct snapshot got;
static struct snapshot_reader reader;
static char *text;
static size_t text_size;

static void read_from(FILE *from)
{
	memset(&reader, 0, sizeof(reader));
	reader.from = from;
}

/* To be read, and closed by done(). */
static void read_text(const char *what, size_t size)
{
	FILE *from = fmemopen((void *)what, size, "r");

	ktap_assert(from, "no memory");
	read_from(from);
}

static void done(void)
{
	fclose(reader.from);
	reader.from = NULL;
}

static char *written(const struct snapshot *s, size_t *size)
{
	char *to = NULL;
	FILE *stream = open_memstream(&to, size);

	ktap_assert(stream, "no memory");
	snapshot_write(s, stream);
	fclose(stream);
	return to;
}

static void write_drawn(void)
{
	free(text);
	ktap_assert(drawn_make(&drawn), "no memory");
	text = written(&drawn.snapshot, &text_size);
}

static void check_same(const struct snapshot *a, const struct snapshot *b)
{
	uint32_t i;

	ktap_assert(a->seq == b->seq && a->time_ns == b->time_ns, "begin");
	ktap_assert(a->saw.nr_apps == b->saw.nr_apps &&
		    a->saw.nr_leases == b->saw.nr_leases, "counts");
	ktap_assert(!memcmp(a->saw.capacity, b->saw.capacity,
			    offsetof(struct decide_snapshot, apps)), "node");
	ktap_assert(!a->saw.nr_apps ||
		    !memcmp(a->saw.apps, b->saw.apps,
			    a->saw.nr_apps * sizeof(*a->saw.apps)), "apps");
	ktap_assert(!a->saw.nr_leases ||
		    !memcmp(a->lease_ids, b->lease_ids,
			    a->saw.nr_leases * sizeof(*a->lease_ids)), "ids");
	for (i = 0; i < a->saw.nr_apps; i++)
		ktap_assert(a->paths[i] && b->paths[i] ?
			    !strcmp(a->paths[i], b->paths[i]) :
			    a->paths[i] == b->paths[i], "path %u", i);
	for (i = 0; i < a->saw.nr_leases; i++) {
		const struct decide_lease *x = &a->leases[i];
		const struct decide_lease *y = &b->leases[i];

		ktap_assert(x->donor == y->donor && x->amount == y->amount &&
			    x->receiver == y->receiver && x->gain == y->gain &&
			    x->resource == y->resource, "lease %u", i);
	}
	ktap_assert(b->has_outlook && !replay_check(b, &a->answered, stdout),
		    "answer");
}

static void test_round_trip(void)
{
	char *again;
	size_t size;
	int round;

	draw_seed = 0x5eed;
	for (round = 0; round < ROUNDS; round++) {
		write_drawn();
		read_text(text, text_size);
		ktap_assert(snapshot_read(&reader, &got) == 1, "round %d: %s",
			    round, reader.error);
		check_same(&drawn.snapshot, &got);
		ktap_assert(!*got.absent, "lacks %s", got.absent);
		again = written(&got, &size);
		ktap_assert(size == text_size && !memcmp(again, text, size),
			    "round %d: another text", round);
		free(again);
		ktap_assert(!snapshot_read(&reader, &got), "more");
		done();
		drawn_free(&drawn);
	}
}

/* Read, decided again: the same; and what was changed is found. */
static void test_replay(void)
{
	uint64_t proposals = 0, shortages = 0;
	struct decide_result again;
	int round;

	draw_seed = 0xabcd;
	for (round = 0; round < ROUNDS; round++) {
		write_drawn();
		read_text(text, text_size);
		ktap_assert(snapshot_read(&reader, &got) == 1, "%s",
			    reader.error);
		done();
		ktap_assert(!replay_decide(&got.saw, &got.answered, &again),
			    "no memory");
		ktap_assert(!replay_check(&got, &again, stdout),
			    "round %d", round);
		proposals += again.nr_proposals;
		shortages += again.nr_shortages;
		if (again.nr_proposals) {
			again.proposals[again.nr_proposals - 1].cost ^= 1;
			again.nr_refused ^= 1;
			ktap_assert(replay_differences(&got.answered, &again,
						       NULL) == 2, "unseen");
			again.outlook[DECIDE_NET].chance_permille ^= 1;
			ktap_assert(replay_check(&got, &again, NULL) == 3,
				    "an outlook unseen");
		}
		replay_free(&again);
		drawn_free(&drawn);
	}
	ktap_assert(proposals > ROUNDS / 20 && shortages > ROUNDS / 20,
		    "%llu proposals, %llu shortages: nothing tested",
		    (unsigned long long)proposals,
		    (unsigned long long)shortages);
}

/* Two apps, one of 900 MiB gives to one that needs 200 (decide.c's example). */
static const char example[] =
	"snapshot 1 7 1000000\n"
	"node capacity=4000,1048576000,104857600,10485760 used=0,996147200,0,0 rate=0,0,0,0 noise=0,0,0,0 threshold_pct=80,80,80,80 core_milli=1000 topology=4,4,1,1 correlation_pct=50 min_priority=1 swap_slow_permille=0 swap_free=0 nr_apps=2 nr_leases=1\n"
	"limits proposals_max=64 shortages_max=64\n"
	"app id=100 priority=1 sensitivity=2 eligible=1 parent=4294967295 never_gets=0 groups=0 never_to=0 path=/batch\\040job\n"
	"use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=1 used=943718400 base=943718400 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=2 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=3 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"app id=101 priority=9 sensitivity=0 eligible=0 parent=4294967295 never_gets=0 groups=0 never_to=0\n"
	"use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=1 used=52428800 base=52428800 q50=262144000 q95=262144000 floor=0 had=0 given=0 source=1 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=2 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=3 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"lease id=5 donor=0 receiver=1 resource=1 amount=209715200 gain=209715200\n"
	"answer nr_proposals=1 nr_shortages=0 nr_receivers=1 nr_waiting=0 nr_refused=0 need=0,209715200,0,0 outlook[0].rise=0 outlook[0].spread=0 outlook[0].room=3200 outlook[0].over=0 outlook[0].chance_permille=0 outlook[1].rise=209715200 outlook[1].spread=0 outlook[1].room=0 outlook[1].over=157286400 outlook[1].chance_permille=1000 outlook[2].rise=0 outlook[2].spread=0 outlook[2].room=83886080 outlook[2].over=0 outlook[2].chance_permille=0 outlook[3].rise=0 outlook[3].spread=0 outlook[3].room=8388560 outlook[3].over=0 outlook[3].chance_permille=0\n"
	"proposal donor=0 receiver=1 resource=1 source=1 amount=209715200 gain=209715200 benefit=66355200 cost=204800\n"
	"end 7\n";

/* The same as a version without network recorded it. */
static const char no_net_example[] =
	"snapshot 1 7 1000000\n"
	"node capacity=4000,1048576000,104857600 used=0,996147200,0 rate=0,0,0 noise=0,0,0 threshold_pct=80,80,80 core_milli=1000 correlation_pct=50 min_priority=1 swap_slow_permille=0 swap_free=0 nr_apps=2 nr_leases=1\n"
	"limits proposals_max=64 shortages_max=64\n"
	"app id=100 priority=1 sensitivity=2 eligible=1 parent=4294967295 path=/batch\\040job\n"
	"use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=1 used=943718400 base=943718400 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=2 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"app id=101 priority=9 sensitivity=0 eligible=0 parent=4294967295\n"
	"use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=1 used=52428800 base=52428800 q50=262144000 q95=262144000 floor=0 had=0 given=0 source=1 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"use resource=2 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n"
	"lease id=5 donor=0 receiver=1 resource=1 amount=209715200 gain=209715200\n"
	"answer nr_proposals=1 nr_shortages=0 nr_receivers=1 nr_waiting=0 nr_refused=0 need=0,209715200,0\n"
	"proposal donor=0 receiver=1 resource=1 source=1 amount=209715200 gain=209715200 benefit=66355200 cost=204800\n"
	"end 7\n";

/* And without I/O. */
static const char older_example[] =
	"snapshot 1 7 1000000\n"
	"node capacity=4000,1048576000 used=0,996147200 rate=0,0 noise=0,0 threshold_pct=80,80 core_milli=1000 correlation_pct=50 min_priority=1 swap_slow_permille=0 swap_free=0 nr_apps=2 nr_leases=1\n"
	"limits proposals_max=64 shortages_max=64\n"
	"app id=100 priority=1 sensitivity=2 eligible=1 parent=4294967295 path=/batch\\040job\n"
	"use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0\n"
	"use resource=1 used=943718400 base=943718400 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0\n"
	"app id=101 priority=9 sensitivity=0 eligible=0 parent=4294967295\n"
	"use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0\n"
	"use resource=1 used=52428800 base=52428800 q50=262144000 q95=262144000 floor=0 had=0 given=0 source=1 in_ms=0 bar=0 regret_permille=0 unused_permille=0\n"
	"lease id=5 donor=0 receiver=1 resource=1 amount=209715200 gain=209715200\n"
	"answer nr_proposals=1 nr_shortages=0 nr_receivers=1 nr_waiting=0 nr_refused=0 need=0,209715200\n"
	"proposal donor=0 receiver=1 resource=1 source=1 amount=209715200 gain=209715200 benefit=66355200 cost=204800\n"
	"end 7\n";

static void test_example(void)
{
	struct decide_result again;

	read_text(example, strlen(example));
	ktap_assert(snapshot_read(&reader, &got) == 1, "%s", reader.error);
	done();
	ktap_assert(!strcmp(got.paths[0], "/batch job") && !got.paths[1],
		    "paths");
	ktap_assert(got.lease_ids[0] == 5, "id %u", got.lease_ids[0]);
	ktap_assert(!replay_decide(&got.saw, &got.answered, &again),
		    "no memory");
	ktap_assert(!replay_check(&got, &again, stdout),
		    "another answer");
	ktap_assert(again.nr_needs == 1 &&
		    again.needs[0].shortage == 200 * DRAW_MIB, "needs");
	ktap_assert(again.nr_reasons == 1 &&
		    again.reasons[0].verdict == DECIDE_GIVES, "reasons");
	replay_free(&again);
}

/* @from in the example becomes @to: in the text, freed by the caller. */
static char *damaged(const char *from, const char *to)
{
	char *at = strstr(example, from), *result;

	ktap_assert(at, "no '%s'", from);
	ktap_assert(asprintf(&result, "%.*s%s%s%s", (int)(at - example),
			     example, to, at + strlen(from), example) > 0,
		    "no memory");
	return result;
}

static void check_damage(const char *from, const char *to, const char *error)
{
	char *bad = damaged(from, to);
	int err;

	read_text(bad, strlen(bad));
	err = snapshot_read(&reader, &got);
	ktap_assert(err == -EINVAL, "'%s' -> '%s': %d", from, to, err);
	ktap_assert(strstr(reader.error, error), "'%s' is not '%s'",
		    reader.error, error);
	/* whatever it was, the next one is read */
	err = snapshot_read(&reader, &got);
	ktap_assert(err == 1, "after '%s': %d %s", to, err, reader.error);
	ktap_assert(got.seq == 7 && got.saw.nr_apps == 2, "another");
	ktap_assert(!snapshot_read(&reader, &got), "more");
	done();
	free(bad);
}

static void test_damage(void)
{
	static const char * const cases[][3] = {
		{ "snapshot 1 7", "snapshot 2 7", "line 1: version 2" },
		{ "snapshot 1 7", "snapshot 1 x", "line 1: number: 'x'" },
		{ "snapshot 1 7 1000000", "snapshot 1 7",
		  "line 1: time: '' is no number" },
		{ "snapshot 1 7 1000000", "snapshot 1 7 1 1",
		  "line 1: more than" },
		{ "snapshot 1 7 1000000", "snap",
		  "line 1: 'snap' where a snapshot must begin" },
		{ "node ", "mode ", "line 2: 'mode' is no kind of line" },
		{ "node capacity=4000", "node capacity=40x0",
		  "line 2: capacity: '40x0' is no number" },
		{ "used=0,996147200", "used=0,9,9,9,9",
		  "line 2: used has more than 4 numbers" },
		{ "used=0,996147200", "used=0,",
		  "line 2: used: '' is no number" },
		{ "min_priority=1", "min_priority=4294967296",
		  "line 2: min_priority is 4294967296, at most 4294967295" },
		{ "min_priority=1", "min_priority=-1",
		  "line 2: min_priority: '-1' is no number" },
		{ "min_priority=1", "min_priority",
		  "line 2: 'min_priority' is no key=number" },
		{ "min_priority=1", "min_prioritx=1",
		  "line 2: 'node' has no field 'min_prioritx'" },
		{ "min_priority=1", "min_priority=1 min_priority=1",
		  "line 2: min_priority is there twice" },
		{ "nr_apps=2", "nr_apps=131073",
		  "line 2: nr_apps is 131073, at most 131072" },
		{ "nr_leases=1", "nr_leases=4097",
		  "line 2: nr_leases is 4097, at most 4096" },
		{ "nr_apps=2", "nr_apps=1", "line 9: more apps" },
		{ "nr_apps=2", "nr_apps=3", "line 17: 2 apps, but 3 were told" },
		{ "nr_leases=1", "nr_leases=0", "line 14: more leases" },
		{ "nr_leases=1", "nr_leases=2",
		  "line 17: 1 leases, but 2 were told" },
		{ "limits", "node", "line 3: a second 'node'" },
		{ "limits proposals_max=64", "limits proposals_max=65537",
		  "line 3: proposals_max, shortages_max: at most 65536" },
		{ "limits proposals_max=64 shortages_max=64\n", "",
		  "line 14: 'answer' comes too early" },
		{ "proposals_max=64", "proposals_max=0",
		  "line 15: nr_proposals is 1, proposals_max 0" },
		{ "\\040job", "\\04", "line 4: path: '\\04' is no \\ooo" },
		{ "\\040job", "\\000", "line 4: path: it has a zero byte" },
		{ "\\040job", " job=1", "line 4: path: it must be the last" },
		{ "use resource=0 ", "use resource=4 ",
		  "line 5: resource is 4, at most 3" },
		{ "use resource=0 ", "use ",
		  "line 5: 'used=0' where resource= must be" },
		{ "use resource=1 ", "use resource=0 ",
		  "line 6: resource 0 is there twice" },
		{ "use resource=0 used=0 base=0 q50=0 q95=0 floor=0 had=0 given=0 source=0 in_ms=0 bar=0 regret_permille=0 unused_permille=0 moves=0 zram_permille=0 anon=0\n",
		  "", "line 8: app 0 before it lacks a 'use' (resource 0)" },
		{ "lease id=5 ", "lease ", "line 14: 'donor=0' where id= must" },
		{ "lease id=5", "\n", "line 14: an empty line" },
		{ "answer nr_proposals=1", "answer nr_proposals=2",
		  "line 17: 1 proposals, but 2 were told" },
		{ "proposal donor", "shortage donor",
		  "line 16: more shortages than nr_shortages, 0" },
		{ "answer", "end 7\nanswer", "line 15: 'end' without 'answer'" },
		{ "end 7", "end 8", "line 17: the end of 8 in 7" },
		{ "end 7\n", "",
		  "line 17: another snapshot begins within 7" },
		{ "end 7", "\x1b[2Jend 7", "line 17: '?[2Jend' is no kind" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_damage(cases[i][0], cases[i][1], cases[i][2]);
}

static void test_absent(void)
{
	char *older = damaged(" floor=0 had=0 given=0 source=1", "");
	struct decide_result again;

	read_text(older, strlen(older));
	ktap_assert(snapshot_read(&reader, &got) == 1, "%s", reader.error);
	ktap_assert(!strcmp(got.absent, "floor of 'use'"), "'%s'", got.absent);
	ktap_assert(got.apps[1].use[DECIDE_MEMORY].source == 0 &&
		    got.apps[1].use[DECIDE_MEMORY].bar == 0, "values");
	ktap_assert(snapshot_read(&reader, &got) == 1 && !*got.absent,
		    "the whole one lacks %s", got.absent);
	ktap_assert(got.apps[1].use[DECIDE_MEMORY].source == 1, "source");
	done();
	free(older);
	/* what is expected is compared only if it was recorded */
	older = damaged("outlook[1].rise=209715200", "outlook[1].rise=1");
	read_text(older, strlen(older));
	ktap_assert(snapshot_read(&reader, &got) == 1 && got.has_outlook, "%s",
		    reader.error);
	ktap_assert(!replay_decide(&got.saw, &got.answered, &again),
		    "no memory");
	ktap_assert(replay_check(&got, &again, NULL) == 1, "a lie");
	replay_free(&again);
	done();
	free(older);
}

/* What it does not know has no capacity, and the answer is the same. */
static void check_older(const char *older, uint32_t known)
{
	struct decide_result again;

	read_text(older, strlen(older));
	ktap_assert(snapshot_read(&reader, &got) == 1, "%s", reader.error);
	done();
	ktap_assert(!strcmp(got.absent, "capacity of 'node'"), "'%s'",
		    got.absent);
	ktap_assert(got.saw.capacity[DECIDE_MEMORY] == 1000 * DRAW_MIB,
		    "node");
	for (uint32_t r = 0; r < DECIDE_RESOURCES; r++)
		ktap_assert(!got.saw.capacity[r] == (r >= known) &&
			    !got.saw.threshold_pct[r] == (r >= known),
			    "resource %u", r);
	ktap_assert(!replay_decide(&got.saw, &got.answered, &again),
		    "no memory");
	ktap_assert(!replay_check(&got, &again, stdout),
		    "another answer");
	ktap_assert(again.nr_proposals == 1, "%u", again.nr_proposals);
	replay_free(&again);
}

static void test_older(void)
{
	check_older(older_example, DECIDE_IO);
	check_older(no_net_example, DECIDE_NET);
}

/* Cut after each byte: an error, and only the whole one is a snapshot. */
static void test_cut(void)
{
	size_t size = strlen(example);

	for (size_t n = 1; n < size; n++) {
		read_text(example, n);
		ktap_assert(snapshot_read(&reader, &got) == -EINVAL, "%zu", n);
		ktap_assert(!strncmp(reader.error, "line ", 5), "%s",
			    reader.error);
		ktap_assert(!snapshot_read(&reader, &got), "%zu: more", n);
		done();
	}
}

/* Random damage of any kind: an error or a snapshot, and what is read writes. */
static void test_random_damage(void)
{
	static const char spice[] = "0123456789=, \nsnapuel\\\xff";
	int round, accepted = 0, refused = 0, err;
	struct decide_result again;
	char *copy;
	uint64_t n;

	draw_seed = 0xdead;
	for (round = 0; round < ROUNDS; round++) {
		write_drawn();
		drawn_free(&drawn);
		copy = strndup(text, text_size);
		for (n = 1 + draw(3); n; n--)
			copy[draw(text_size)] = spice[draw(sizeof(spice))];
		read_text(copy, text_size);
		while ((err = snapshot_read(&reader, &got))) {
			refused += err < 0;
			ktap_assert(err == 1 || err == -EINVAL, "%d", err);
			if (err < 0)
				continue;
			accepted++;
			ktap_assert(!replay_decide(&got.saw, &got.answered,
						   &again), "no memory");
			replay_free(&again);
		}
		done();
		free(copy);
	}
	ktap_assert(accepted > ROUNDS / 25 && refused > ROUNDS / 20,
		    "%d accepted, %d refused", accepted, refused);
}

/* What is told of counts takes no memory, and no line more than its most. */
static void test_bounds(void)
{
	size_t size = 1 << 22;
	char *junk = damaged("nr_apps=2", "nr_apps=131072");

	snapshot_free(&got);
	read_text(junk, strlen(junk));
	ktap_assert(snapshot_read(&reader, &got) == -EINVAL, "accepted");
	ktap_assert(got.apps_room == 16, "room for %u", got.apps_room);
	done();
	free(junk);

	junk = malloc(size);
	memset(junk, 'x', size);
	memcpy(junk, "snapshot 1 7 8\n", 15);
	memcpy(junk + size - 1 - strlen(example), "\n", 1);
	memcpy(junk + size - strlen(example), example, strlen(example));
	read_text(junk, size);
	ktap_assert(snapshot_read(&reader, &got) == -EINVAL, "accepted");
	ktap_assert(strstr(reader.error, "line 2: 4") &&
		    strstr(reader.error, "bytes are too long for a line"), "%s",
		    reader.error);
	ktap_assert(snapshot_read(&reader, &got) == 1, "%s", reader.error);
	done();
	free(junk);
}

static int temporary(void)
{
	int fd = memfd_create("snapshots", MFD_CLOEXEC);

	ktap_assert(fd >= 0, "memfd: %s", strerror(errno));
	return fd;
}

static FILE *open_fd(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return snapshot_open(path);
}

/* 100 of a node's decisions in 1/10 of their text, and found cut off if so. */
static void test_compressed(void)
{
	int fd = temporary(), i, n;
	off_t size;
	FILE *to = snapshot_compress(dup(fd));

	ktap_assert(to, "%s", strerror(errno));
	for (i = 0; i < 100; i++)
		fputs(example, to);
	ktap_assert(!fclose(to), "%s", strerror(errno));
	size = lseek(fd, 0, SEEK_END);
	ktap_assert(size > 0 && size < (off_t)strlen(example) * 10, "%lld",
		    (long long)size);
	read_from(open_fd(fd));
	for (n = 0; snapshot_read(&reader, &got) == 1; n++)
		;
	ktap_assert(n == 100 && !*reader.error, "%d %s", n, reader.error);
	done();

	ktap_assert(!ftruncate(fd, size - 20), "%s", strerror(errno));
	read_from(open_fd(fd));
	while ((i = snapshot_read(&reader, &got)) == 1)
		;
	ktap_assert(i == -EBADMSG, "%d", i);
	ktap_assert(strstr(reader.error, "damaged or cut off"), "%s",
		    reader.error);
	done();
	close(fd);
}

static void test_plain(void)
{
	int fd = temporary();

	ktap_assert(write(fd, example, strlen(example)) > 0, "write");
	read_from(open_fd(fd));
	ktap_assert(snapshot_read(&reader, &got) == 1, "%s", reader.error);
	ktap_assert(!snapshot_read(&reader, &got), "more");
	done();
	close(fd);
	ktap_assert(!snapshot_open("/nonexistent") && errno == ENOENT, "%d",
		    errno);
}

static void check_fields(const struct decide_field *fields)
{
	int i, k;

	for (i = 0; fields[i].name; i++)
		for (k = 0; k < i; k++)
			ktap_assert(fields[i].offset > fields[k].offset &&
				    strcmp(fields[i].name, fields[k].name),
				    "%s", fields[i].name);
	ktap_assert(i < 64, "%d fields", i);
}

static void test_fields(void)
{
	check_fields(snapshot_node_fields);
	check_fields(snapshot_app_fields);
	check_fields(snapshot_use_fields);
	check_fields(snapshot_lease_fields);
	check_fields(snapshot_proposal_fields);
	check_fields(snapshot_shortage_fields);
	check_fields(snapshot_need_fields);
	check_fields(snapshot_reason_fields);
}

int main(void)
{
	int status = ktap_run((struct ktap_case[]){
		{ "R-27 a decision's example is read and decided again",
		  test_example },
		{ "R-27 10,000 random snapshots are the same when read again",
		  test_round_trip },
		{ "R-60 10,000 random snapshots decided again: the same, bit for bit",
		  test_replay },
		{ "R-27 damage is named with line and field, the next is read",
		  test_damage },
		{ "R-27 a field that an older recording lacks is told",
		  test_absent },
		{ "R-27 a recording of a version without I/O", test_older },
		{ "R-27 a file that is cut off, after each byte", test_cut },
		{ "R-27 random damage breaks nothing", test_random_damage },
		{ "R-27 bounded memory and lines", test_bounds },
		{ "R-27 recordings are compressed, and found cut off",
		  test_compressed },
		{ "R-27 recordings may be plain text", test_plain },
		{ "R-27 each field is listed once, in order", test_fields },
		{}
	});

	snapshot_free(&got);
	free(text);
	return status;
}
