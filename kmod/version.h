/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PRESWAP_VERSION_H
#define PRESWAP_VERSION_H

#define PRESWAP_VERSION	"0.1.0"

#endif /* PRESWAP_VERSION_H */
