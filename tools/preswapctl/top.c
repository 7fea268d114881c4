// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The overview again and again. Without a terminal it prints one after the
 * other, and --iterations says how many.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "overview.h"

struct terminal {
	bool screen, keys;		/* output is a terminal, and input, too */
	struct termios before;
};

static volatile sig_atomic_t stop, suspend;

static void on_signal(int signal)
{
	if (signal == SIGTSTP)
		suspend = 1;
	else
		stop = 1;
}

static void terminal_begin(struct terminal *t)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios raw;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGTSTP, &action, NULL);
	t->screen = isatty(STDOUT_FILENO);
	/* a pipe that nobody reads any more ends us, and nobody would reset the keys */
	t->keys = t->screen && isatty(STDIN_FILENO) &&
		  !tcgetattr(STDIN_FILENO, &t->before);
	if (t->keys) {
		raw = t->before;
		raw.c_lflag &= ~(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	if (t->screen) {
		/* a long line is cut off: what goes on below it would move the rest up */
		fputs("\033[?1049h\033[?25l\033[?7l", stdout);
		fflush(stdout);
	}
}

static void terminal_end(const struct terminal *t)
{
	if (t->screen) {
		fputs("\033[?7h\033[?25h\033[?1049l", stdout);
		fflush(stdout);
	}
	if (t->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
}

/* As the shell expects it; and back, once it lets us go on. */
static void terminal_suspend(struct terminal *t)
{
	suspend = 0;
	terminal_end(t);
	raise(SIGSTOP);
	terminal_begin(t);
}

/* What fits below the node's line and the heads; 0: all. */
static size_t rows(const struct terminal *t)
{
	struct winsize size;

	if (!t->screen || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
	    size.ws_row < 4)
		return 0;
	return size.ws_row - 3;
}

/* Until the next picture; false: q was pressed. */
static bool wait_key(struct terminal *t, uint32_t ms)
{
	struct pollfd input = { .fd = t->keys ? STDIN_FILENO : -1,
				.events = POLLIN };
	char key;

	if (!stop && !suspend && poll(&input, 1, ms) > 0)
		return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && !stop;
	if (suspend)
		terminal_suspend(t);
	return !stop;
}

static int refresh(struct ctl *ctl, const struct terminal *t)
{
	struct state state = {};
	int status = state_read(ctl, &state);

	if (!status) {
		fputs(t->screen ? "\033[H\033[J" : "", stdout);
		status = overview_print(ctl, &state, rows(t));
		if (fflush(stdout) || ferror(stdout))
			status = CTL_FAILED;
	}
	state_free(&state);
	return status;
}

int cmd_top(struct ctl *ctl, int argc, char **argv)
{
	uint32_t interval_ms = 1000;
	uint64_t iterations = UINT64_MAX;
	struct terminal terminal;
	int status = ctl_repeat(ctl, argc, argv, &interval_ms, &iterations);

	if (!status && ctl->json)
		status = ctl_usage(ctl, "top has no --json; show and events have");
	if (status)
		return status;
	terminal_begin(&terminal);
	do {
		status = refresh(ctl, &terminal);
	} while (!status && --iterations && wait_key(&terminal, interval_ms));
	terminal_end(&terminal);
	/* what was said of it went with the screen */
	if (status && terminal.screen) {
		struct state state = {};

		status = state_read(ctl, &state);
		state_free(&state);
	}
	return status;
}
