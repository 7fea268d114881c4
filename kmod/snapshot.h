/* SPDX-License-Identifier: GPL-2.0-only */
/* The last decision as text, to be replayed elsewhere. */
#ifndef PRESWAP_SNAPSHOT_H
#define PRESWAP_SNAPSHOT_H

struct seq_file;

int preswap_snapshot_show(struct seq_file *m, void *unused);

#endif /* PRESWAP_SNAPSHOT_H */
