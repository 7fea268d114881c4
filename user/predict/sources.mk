# SPDX-License-Identifier: LGPL-2.1-or-later
# The forecasting library; link with -lm.
PREDICT_SRCS := \
	user/predict/analog.c \
	user/predict/calibrate.c \
	user/predict/copula.c \
	user/predict/day.c \
	user/predict/demand.c \
	user/predict/ets.c \
	user/predict/event.c \
	user/predict/expect.c \
	user/predict/expert.c \
	user/predict/grid.c \
	user/predict/history.c \
	user/predict/horizon.c \
	user/predict/launch.c \
	user/predict/launch_clock.c \
	user/predict/launch_gap.c \
	user/predict/launch_mix.c \
	user/predict/launch_rate.c \
	user/predict/mixture.c \
	user/predict/period.c \
	user/predict/place.c \
	user/predict/pool.c \
	user/predict/profile.c \
	user/predict/recall.c \
	user/predict/recur.c \
	user/predict/ring.c \
	user/predict/series.c \
	user/predict/smooth.c \
	user/predict/walk.c
