/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CTL_FORECAST_H
#define CTL_FORECAST_H

#include <preswap/preswap.h>

/*
 * HORIZON:MEAN[:Q05:Q50:Q95] in the resource's unit, appended to @forecast;
 * without quantiles all three are the mean. 0, or -EINVAL, -ERANGE.
 */
int forecast_parse_point(const char *text, struct preswap_forecast *forecast);

#endif /* CTL_FORECAST_H */
