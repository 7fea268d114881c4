/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is learned for longer than an app lives, by name: each program's
 * launches and what follows them (R-13), and what follows each known event
 * (R-9). Bounded; the longest unused makes room. One file holds all of it
 * (R-17).
 *
 * The file is a header with a checksum and records as they are in memory: for
 * one machine and one version. Any other is refused, whole.
 */
#ifndef SENSE_LEARNED_H
#define SENSE_LEARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "predict/event.h"
#include "predict/launch.h"

#define LEARNED_PROGRAMS_MAX	256
#define LEARNED_EVENTS_MAX	256
#define LEARNED_KEY		224
#define LEARNED_DIR		"/var/lib/preswap"
#define LEARNED_PATH		LEARNED_DIR "/learned"

/* @used: seconds since 1970 of the last start. @effect: of a launch. */
struct learned_program {
	char key[LEARNED_KEY];
	double used;
	struct launch launch;
	struct event_effect effect;
};

struct learned_event {
	char key[LEARNED_KEY];
	double used;
	struct event_effect effect;
};

struct learned_slot {
	unsigned int refs;		/* somebody keeps a pointer to it */
	union {
		struct learned_program *program;
		struct learned_event *event;
	};
};

struct learned {
	struct learned_slot programs[LEARNED_PROGRAMS_MAX];
	struct learned_slot events[LEARNED_EVENTS_MAX];
	size_t nr_programs, nr_events;
};

struct learned *learned_new(void);
void learned_free(struct learned *learned);

/*
 * The program and user of a cgroup's path: what differs from launch to launch
 * (numbers and hexadecimal identifiers of scopes, services and containers)
 * becomes "#", the user's own stays: "user.slice/user-1000.slice/session-7.scope"
 * is "user.slice/user-1000.slice/session-#.scope". @key has LEARNED_KEY bytes;
 * a longer path loses its beginning.
 */
void learned_key(const char *path, char *key);

/*
 * Found, or begun at @now (seconds since 1970); with one reference more. NULL:
 * no memory, or all are in use.
 */
struct learned_program *learned_program_get(struct learned *learned,
					    const char *key, double now,
					    int32_t offset_s);
struct learned_event *learned_event_get(struct learned *learned,
					const char *key, double now);
/* NULL is allowed. */
void learned_program_put(struct learned *learned,
			 struct learned_program *program);
void learned_event_put(struct learned *learned, struct learned_event *event);

/* A copy as it goes into the file, to be freed. 0 or -ENOMEM. */
int learned_pack(const struct learned *learned, void **out, size_t *size);
/* 0, -ENOMEM, -EINVAL: not of this version, or damaged. */
int learned_unpack(const void *data, size_t size, struct learned **out);

/*
 * 0 or -errno (-ENOENT: there is none; -EINVAL: not of this version, or damaged).
 * One that cannot be used is moved to @path.bad.
 */
int learned_read(const char *path, struct learned **out);
/* The same, for those who only look: the file stays. */
int learned_peek(const char *path, struct learned **out);

#endif /* SENSE_LEARNED_H */
