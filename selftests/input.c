// SPDX-License-Identifier: GPL-2.0-or-later
/* What a user does is counted, and nothing else is kept of it. */
#include <ctype.h>
#include <dirent.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "rawnl.h"

#define BLOB_MAX	(4U << 20)

static struct preswap_ctx *ctx;
static int keyboard = -1, tablet = -1, sensor = -1;

/* Everything that the module lets be read. */
static struct {
	size_t len;
	char bytes[BLOB_MAX];
} blob;

static void emit(int device, int type, int code, int value)
{
	struct input_event event = {
		.type = (__u16)type, .code = (__u16)code, .value = value,
	};

	ktap_assert(write(device, &event, sizeof(event)) == sizeof(event),
		    "uinput: %s", strerror(errno));
}

static void sync_events(int device)
{
	emit(device, EV_SYN, SYN_REPORT, 0);
}

static void press(int code)
{
	emit(keyboard, EV_KEY, code, 1);
	sync_events(keyboard);
	emit(keyboard, EV_KEY, code, 2);
	sync_events(keyboard);
	emit(keyboard, EV_KEY, code, 0);
	sync_events(keyboard);
}

/* @keys: ends with 0. */
static int make_device(const char *name, const int *keys, bool rel, bool abs)
{
	struct uinput_setup setup = { .id.bustype = BUS_VIRTUAL };
	struct uinput_abs_setup axis = { .absinfo.maximum = 1 << 20 };
	int fd = open("/dev/uinput", O_WRONLY | O_CLOEXEC), i;

	if (fd < 0)
		ktap_skip("no /dev/uinput: %s", strerror(errno));
	snprintf(setup.name, sizeof(setup.name), "%s", name);
	ioctl(fd, UI_SET_EVBIT, EV_KEY);
	for (; *keys; keys++)
		ioctl(fd, UI_SET_KEYBIT, *keys);
	if (rel) {
		ioctl(fd, UI_SET_EVBIT, EV_REL);
		ioctl(fd, UI_SET_RELBIT, REL_X);
		ioctl(fd, UI_SET_RELBIT, REL_Y);
	}
	if (abs)
		ioctl(fd, UI_SET_EVBIT, EV_ABS);
	for (i = ABS_X; abs && i <= ABS_Y; i++) {
		axis.code = (__u16)i;
		ktap_assert(!ioctl(fd, UI_ABS_SETUP, &axis), "UI_ABS_SETUP: %s",
			    strerror(errno));
	}
	ktap_assert(!ioctl(fd, UI_DEV_SETUP, &setup) &&
		    !ioctl(fd, UI_DEV_CREATE), "uinput: %s", strerror(errno));
	return fd;
}

static void setup(void)
{
	static const int keys[] = { KEY_A, KEY_B, BTN_LEFT, 613, 627, 641, 659,
				    673, 687, 0 };
	static const int button[] = { BTN_LEFT, 0 }, key[] = { KEY_POWER, 0 };

	if (!ctx)
		ctx = open_preswap();
	if (keyboard >= 0)
		return;
	if (access("/dev/uinput", F_OK) && system("modprobe uinput"))
		ktap_skip("this kernel has no uinput");
	keyboard = make_device("preswap test keyboard", keys, true, false);
	tablet = make_device("preswap test tablet", button, false, true);
	sensor = make_device("preswap test sensor", key, false, true);
}

static struct preswap_info get_info(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(ctx, preswap_info_get(ctx, &info));
	return info;
}

/* What was done is counted up by then. */
static struct preswap_info settled(void)
{
	sleep_ms(1600);
	return get_info();
}

static void test_count(void)
{
	struct preswap_info before, after;
	int i;

	setup();
	before = settled();
	for (i = 0; i < 25; i++)
		press(i % 2 ? KEY_A : KEY_B);
	for (i = 0; i < 40; i++) {
		emit(keyboard, EV_REL, REL_X, 3);
		emit(keyboard, EV_REL, REL_Y, -2);
		sync_events(keyboard);
	}
	after = settled();
	ktap_assert(after.input_presses - before.input_presses == 25, "%llu",
		    (unsigned long long)(after.input_presses -
					 before.input_presses));
	ktap_assert(after.input_moves - before.input_moves == 80, "%llu",
		    (unsigned long long)(after.input_moves -
					 before.input_moves));
}

/* A pointer that tells where it is counts; a thing that measures does not. */
static void test_absolute(void)
{
	struct preswap_info before, after;
	int i;

	setup();
	before = settled();
	for (i = 1; i <= 10; i++) {
		emit(tablet, EV_ABS, ABS_X, 1000 * i);
		sync_events(tablet);
		emit(sensor, EV_ABS, ABS_X, 1000 * i);
		sync_events(sensor);
	}
	after = settled();
	ktap_assert(after.input_moves - before.input_moves == 10, "%llu",
		    (unsigned long long)(after.input_moves -
					 before.input_moves));
	ktap_assert(after.input_presses == before.input_presses, "a press");
}

static void test_idle(void)
{
	struct preswap_info info;

	setup();
	sleep_ms(4000);
	info = get_info();
	ktap_assert(info.input_idle_ms >= 2000, "idle for %llu ms",
		    (unsigned long long)info.input_idle_ms);
	press(KEY_A);
	ktap_assert(wait_until(10000, get_info().input_idle_ms < 1500),
		    "still idle");
}

/* However often somebody looks: within a second nothing is to be seen. */
static void test_moments(void)
{
	uint64_t begin, end, last, now;
	unsigned int changes = 0, presses = 0;

	setup();
	last = settled().input_presses;
	begin = now_ms();
	for (end = begin + 4000; now_ms() < end; presses++) {
		press(KEY_A);
		now = get_info().input_presses;
		changes += now != last;
		last = now;
		sleep_ms(20);
	}
	ktap_assert(presses >= 20, "only %u presses", presses);
	ktap_assert(changes >= 1 && changes <= (now_ms() - begin) / 1000 + 1,
		    "%u presses, seen at %u times", presses, changes);
}

/* ---- nothing else ---- */

static void keep(const void *bytes, size_t len)
{
	ktap_assert(blob.len + len < BLOB_MAX, "more than %u bytes", BLOB_MAX);
	memcpy(blob.bytes + blob.len, bytes, len);
	blob.len += len;
}

static void keep_file(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, text, sizeof(text))) > 0)
		keep(text, (size_t)n);
	close(fd);
	keep("\n", 1);
}

static void keep_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char at[512];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(at, sizeof(at), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			keep_folder(at);
		else if (entry->d_type == DT_REG)
			keep_file(at);
	}
	closedir(dir);
}

static void keep_part(void *data, const struct nlmsghdr *part)
{
	(void)data;
	keep(part, part->nlmsg_len);
}

static void gather(void)
{
	static const struct {
		uint8_t cmd;
		uint16_t flags;
	} asks[] = {
		{ PRESWAP_CMD_INFO_GET, 0 },
		{ PRESWAP_CMD_APP_GET, NLM_F_DUMP },
		{ PRESWAP_CMD_TASK_GET, NLM_F_DUMP },
		{ PRESWAP_CMD_POLICY_GET, NLM_F_DUMP },
		{ PRESWAP_CMD_FORECAST_GET, NLM_F_DUMP },
		{ PRESWAP_CMD_LEASE_GET, NLM_F_DUMP },
	};
	static struct raw_msg m;
	struct raw_answer answer;
	struct raw_sock sock;
	unsigned int i;

	blob.len = 0;
	ktap_assert(!raw_open(&sock), "no preswap family");
	for (i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		raw_begin(&m, sock.family, asks[i].cmd, asks[i].flags);
		answer = raw_ask_each(&sock, &m, keep_part, NULL);
		ktap_assert(!answer.error, "command %u: %d", asks[i].cmd,
			    answer.error);
	}
	raw_close(&sock);
	keep_folder("/sys/kernel/preswap");
	keep_folder("/sys/module/preswap");
	keep_folder("/sys/kernel/debug/preswap");
	keep_file("/sys/kernel/tracing/trace");
}

/* Is this a number in the text, and not a part of one? */
static bool is_written(const char *digits)
{
	const char *at = blob.bytes, *end = blob.bytes + blob.len;
	size_t n = strlen(digits);

	while ((at = memmem(at, (size_t)(end - at), digits, n))) {
		if ((at == blob.bytes || !isxdigit((unsigned char)at[-1])) &&
		    (at + n == end || !isxdigit((unsigned char)at[n])))
			return true;
		at++;
	}
	return false;
}

/* As a number of this width, or in digits. */
static bool is_there(uint32_t value, size_t width)
{
	char decimal[16], hex[16];

	snprintf(decimal, sizeof(decimal), "%u", value);
	snprintf(hex, sizeof(hex), "%x", value);
	return memmem(blob.bytes, blob.len, &value, width) ||
	       is_written(decimal) || is_written(hex);
}

/*
 * A code is a short number, which may be there by chance: but not each time
 * another one. Distances are long enough to be there never.
 */
static void test_private(void)
{
	static const int codes[] = { 613, 627, 641, 659, 673, 687 };
	uint32_t distance, count = sizeof(codes) / sizeof(codes[0]), found = 0;
	uint64_t presses;
	uint32_t i;
	int fd;

	setup();
	/* only ours, and not what other tests have left on */
	must_write("/sys/kernel/tracing/events/enable", "0");
	fd = open("/sys/kernel/tracing/trace", O_WRONLY | O_TRUNC | O_CLOEXEC);
	ktap_assert(fd >= 0, "the trace: %s", strerror(errno));
	close(fd);
	must_write("/sys/kernel/tracing/events/preswap/enable", "1");
	presses = settled().input_presses;
	for (i = 0; i < count; i++) {
		press(codes[i]);
		press(codes[i]);
		distance = 0x4b1d5ee0 + 0x01010101 * i;
		emit(keyboard, EV_REL, REL_X, (int)distance);
		sync_events(keyboard);
		ktap_assert(settled().input_presses == presses + 2,
			    "was not counted");
		presses += 2;
		gather();
		ktap_assert(is_there(presses, 4), "the count was not found");
		ktap_assert(blob.len > 2048, "only %zu bytes", blob.len);
		ktap_assert(!is_there(distance, 4), "a distance: %u", distance);
		found += is_there((uint32_t)codes[i], 2);
	}
	must_write("/sys/kernel/tracing/events/preswap/enable", "0");
	ktap_assert(found < count, "key codes can be read");
}

/* A device comes and goes while it is listened to. */
static void test_unplug(void)
{
	struct preswap_info before;

	setup();
	close(keyboard);
	close(tablet);
	close(sensor);
	keyboard = -1;
	before = settled();
	setup();
	press(KEY_A);
	ktap_assert(settled().input_presses == before.input_presses + 1,
		    "the new keyboard is not heard");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-4 presses and moves are counted", test_count },
		{ "R-4 a tablet moves, a sensor does not", test_absolute },
		{ "R-4 idle until something is done", test_idle },
		{ "R-4 the moments of presses cannot be read", test_moments },
		{ "R-4 no key and no distance can be read", test_private },
		{ "R-4 devices come and go", test_unplug },
		{}
	});
}
