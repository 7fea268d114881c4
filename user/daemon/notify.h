/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service manager's protocol, sd_notify(3): one datagram to
 * $NOTIFY_SOCKET. Without a manager nothing happens.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* "READY=1", "STATUS=...", "WATCHDOG=1", separated by newlines. */
void notify_manager(const char *state);

#endif /* DAEMON_NOTIFY_H */
