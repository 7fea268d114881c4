/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to stderr; with journald's priority prefix when it reads them.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdarg.h>
#include <syslog.h>

/* Messages above @max_priority (LOG_INFO, LOG_DEBUG) are left out. */
void log_init(int max_priority);
__attribute__((format(printf, 2, 3)))
void log_msg(int priority, const char *format, ...);
__attribute__((format(printf, 2, 0)))
void log_args(int priority, const char *format, va_list args);

#endif /* DAEMON_LOG_H */
