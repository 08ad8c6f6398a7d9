/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOW_H
#define NOW_H

#include <time.h>

#include "schedule.h"

static inline int64_t now_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline struct schedule_clock now_read(void)
{
	struct schedule_clock now = { .wall = now_of(CLOCK_REALTIME),
				      .steady = now_of(CLOCK_BOOTTIME) };

	return now;
}

#endif
