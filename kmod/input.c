// SPDX-License-Identifier: GPL-2.0-only
/*
 * input - counts what a person at this machine does.
 *
 * A user who comes back from lunch will start something soon. For that, how many
 * keys were pressed and how often a pointer moved is enough: which key and where
 * to are compared at most, and never stored. Nor is when: whoever knows the
 * moments of key presses can guess what is typed, so what may be read is counted
 * up once in a second.
 *
 * A device that a program has grabbed for itself (EVIOCGRAB) is not seen.
 */
#include <linux/atomic.h>
#include <linux/input.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "app.h"
#include "input.h"

#define PRESWAP_INPUT_PERIOD_NS	NSEC_PER_SEC

static bool preswap_input_wanted = true;
module_param_named(input, preswap_input_wanted, bool, 0444);
MODULE_PARM_DESC(input, "count key presses and pointer movements (default: 1)");

struct preswap_activity preswap_activity;

/* Now; only preswap_input_tick() reads them. */
static atomic_long_t preswap_input_presses = ATOMIC_LONG_INIT(0);
static atomic_long_t preswap_input_moves = ATOMIC_LONG_INIT(0);

/* Called with interrupts off, for each event. */
static void preswap_input_event(struct input_handle *handle, unsigned int type,
				unsigned int code, int value)
{
	switch (type) {
	case EV_KEY:
		/* 0 is a release, 2 the keyboard's own repetition */
		if (value == 1)
			atomic_long_inc(&preswap_input_presses);
		break;
	case EV_REL:
		atomic_long_inc(&preswap_input_moves);
		break;
	case EV_ABS:
		/* touchpads and screens; others (sensors) are nobody's doing */
		if (handle->private && (code == ABS_X || code == ABS_Y))
			atomic_long_inc(&preswap_input_moves);
		break;
	}
}

static int preswap_input_connect(struct input_handler *handler,
				 struct input_dev *dev,
				 const struct input_device_id *id)
{
	struct input_handle *handle = kzalloc(sizeof(*handle), GFP_KERNEL);
	int err;

	if (!handle)
		return -ENOMEM;
	handle->dev = dev;
	handle->handler = handler;
	handle->name = handler->name;
	/* not NULL: it is a pointer */
	if (test_bit(BTN_LEFT, dev->keybit) || test_bit(BTN_TOUCH, dev->keybit))
		handle->private = handler;
	err = input_register_handle(handle);
	if (err)
		goto err_free;
	err = input_open_device(handle);
	if (err)
		goto err_unregister;
	return 0;

err_unregister:
	input_unregister_handle(handle);
err_free:
	kfree(handle);
	return err;
}

static void preswap_input_disconnect(struct input_handle *handle)
{
	input_close_device(handle);
	input_unregister_handle(handle);
	kfree(handle);
}

static const struct input_device_id preswap_input_ids[] = {
	{ .flags = INPUT_DEVICE_ID_MATCH_EVBIT, .evbit = { BIT_MASK(EV_KEY) } },
	{ .flags = INPUT_DEVICE_ID_MATCH_EVBIT, .evbit = { BIT_MASK(EV_REL) } },
	{}
};

static struct input_handler preswap_input_handler = {
	.event = preswap_input_event,
	.connect = preswap_input_connect,
	.disconnect = preswap_input_disconnect,
	.name = "preswap",
	.id_table = preswap_input_ids,
};

/* Let be known what the last second has brought. */
void preswap_input_tick(u64 now_ns)
{
	struct preswap_activity *activity = &preswap_activity;
	static u64 last_ns;
	u64 presses, moves;

	lockdep_assert_held(&preswap_lock);
	if (now_ns - last_ns < PRESWAP_INPUT_PERIOD_NS)
		return;
	last_ns = now_ns;
	presses = atomic_long_read(&preswap_input_presses);
	moves = atomic_long_read(&preswap_input_moves);
	if (presses != activity->presses || moves != activity->moves)
		activity->active_ns = now_ns;
	activity->presses = presses;
	activity->moves = moves;
}

int preswap_input_init(void)
{
	preswap_activity.active_ns = ktime_get_boottime_ns();
	return preswap_input_wanted ?
	       input_register_handler(&preswap_input_handler) : 0;
}

void preswap_input_exit(void)
{
	if (preswap_input_wanted)
		input_unregister_handler(&preswap_input_handler);
}
