/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Minimal KTAP writer for the userspace tests and the kselftests.
 *
 * A test program declares its cases as functions and lists them:
 *
 *	static void test_floor(void) { ktap_assert(x >= y, "x %d y %d", x, y); }
 *	int main(void) { return ktap_run((struct ktap_case[]){
 *		{ "R-23 never below the floor", test_floor }, {} }); }
 *
 * The first failing ktap_assert() ends its case, and the program goes on
 * with the next one. Exit status: 0 all passed, 1 a failure, 4 all skipped.
 */
#ifndef PRESWAP_KTAP_H
#define PRESWAP_KTAP_H

#include <setjmp.h>
#include <stdio.h>

struct ktap_case {
	const char *name;
	void (*run)(void);
};

static jmp_buf ktap_jump;
static char ktap_skip_reason[256];

enum { KTAP_PASS, KTAP_FAIL, KTAP_SKIP };

#define ktap_assert(cond, ...) do {					\
	if (!(cond)) {							\
		printf("# %s:%d: %s:", __FILE__, __LINE__, #cond);	\
		printf(" " __VA_ARGS__);				\
		printf("\n");						\
		longjmp(ktap_jump, KTAP_FAIL);				\
	}								\
} while (0)

#define ktap_skip(...) do {						\
	snprintf(ktap_skip_reason, sizeof(ktap_skip_reason), __VA_ARGS__); \
	longjmp(ktap_jump, KTAP_SKIP);					\
} while (0)

/* On its own: nothing here changes between setjmp() and longjmp(). */
static inline int ktap_run_case(const struct ktap_case *test)
{
	int result = setjmp(ktap_jump);

	if (result == KTAP_PASS)
		test->run();
	return result;
}

static inline int ktap_run(const struct ktap_case *cases)
{
	int count = 0, failed = 0, skipped = 0;

	while (cases[count].name)
		count++;
	printf("TAP version 13\n1..%d\n", count);
	for (int i = 0; i < count; i++) {
		int result = ktap_run_case(&cases[i]);

		failed += result == KTAP_FAIL;
		skipped += result == KTAP_SKIP;
		printf("%sok %d - %s%s%s\n", result == KTAP_FAIL ? "not " : "",
		       i + 1, cases[i].name,
		       result == KTAP_SKIP ? " # SKIP " : "",
		       result == KTAP_SKIP ? ktap_skip_reason : "");
		fflush(stdout);
	}
	if (failed)
		return 1;
	return skipped == count ? 4 : 0;
}

#endif /* PRESWAP_KTAP_H */
