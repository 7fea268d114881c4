/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open-loop load that follows a plan, whatever the server's protocol: what
 * redis_load and web_load share. See openload.c.
 */
#ifndef PRESWAP_OPENLOAD_H
#define PRESWAP_OPENLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadplan.h"

#define OPENLOAD_CONNS_MAX	64
#define OPENLOAD_OUT_BYTES	(256UL << 10)	/* in one write, at most */
#define OPENLOAD_UPKEEP		UINT8_MAX	/* op that is not measured */

struct openload_conn;

struct openload_request {
	uint64_t due_ns;
	uint32_t key;		/* this and `from` are the program's */
	uint32_t from;
	uint16_t step;
	uint8_t op;
};

struct openload_protocol {
	const char *server;	/* for messages */
	size_t request_max;	/* bytes, at most OPENLOAD_OUT_BYTES */
	/* Writes the request; the same one gives the same bytes each time. */
	char *(*put)(char *p, const struct openload_request *r);
	/*
	 * conn->line is a whole line, with its end. Says what follows (skip,
	 * ends_skipped), or that the answer is complete (openload_answered).
	 */
	void (*line)(struct openload_conn *conn, uint64_t now);
};

/* Requests are kept from when they are due until they are answered. */
struct openload_conn {
	const struct openload_protocol *protocol;
	int fd;
	bool want_write;
	bool touched;		/* has requests that nobody flushed yet */
	uint32_t ring_size;
	uint32_t tail;		/* next to be answered */
	uint32_t sent;		/* next to be sent */
	uint32_t head;		/* next free */
	size_t sent_bytes;	/* of the request at `sent` */
	struct openload_request *ring;
	/* The parser: a partial line, and bytes to skip before the next. */
	size_t line_len;
	char line[256];
	size_t skip;
	bool ends_skipped;	/* the answer is complete when they are */
	/* The protocol's own, from line to line: */
	bool error;
	size_t left;
};

struct openload_number {
	const char *name;
	uint64_t *val, min, max;
};

struct openload_text {
	const char *name;
	const char **val;
};

/* What a program is; the tables end with an empty entry. */
struct openload_program {
	const char *wants;	/* the options that must be there, for a message */
	const struct openload_number *numbers;
	const struct openload_text *texts;	/* all of them must be there */
	const char *const *ops;
	unsigned int nr_ops;
	/*
	 * A request of this step has come: sets op, key and from, and says
	 * which connection it takes.
	 */
	struct openload_conn *(*arrive)(unsigned int step,
					struct openload_request *r);
	/* Optional. One of them has its answer. */
	void (*answered)(const struct openload_request *r);
	/*
	 * Optional. Work beside the load, a little at each call. Returns false
	 * when there is nothing left to do.
	 */
	bool (*upkeep)(void);
};

/* Options are set to their defaults before openload_init. */
extern struct openload {
	const char *plan, *out;
	uint64_t step_ms, rate, tick_us, seed, start_ns;
	uint64_t arrivals_seed, keys_seed;	/* states of rng_next() */
} openload;

void openload_init(const struct openload_program *program, int argc,
		   char **argv);
void openload_connect(struct openload_conn *conn,
		      const struct openload_protocol *protocol,
		      const char *path, uint32_t ring_size);
void openload_become_realtime(void);
void openload_run(void);

void openload_answered(struct openload_conn *conn, bool error, uint64_t now);
double openload_mean_requests(const struct loadplan_step *step);

/* For what is not measured, on a connection that carries nothing else. */
void openload_upkeep_send(struct openload_conn *conn, const char *buf,
			  size_t len);
void openload_upkeep_wait(struct openload_conn *conn, uint32_t at_most);
bool openload_upkeep_busy(const struct openload_conn *conn);

#endif /* PRESWAP_OPENLOAD_H */
