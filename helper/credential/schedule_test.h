/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of schedule.h share. */
#ifndef SCHEDULE_TEST_H
#define SCHEDULE_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

#include "schedule.h"

#define EPOCH INT64_C(1700000000) /* Unix seconds, when a test begins */

static struct schedule_clock at(int64_t seconds)
{
	struct schedule_clock now = { .wall = (EPOCH + seconds) * 1000,
				      .steady = (1000 + seconds) * 1000 };

	return now;
}

static struct schedule of_node(int n)
{
	struct schedule s;
	char node[32];

	snprintf(node, sizeof(node), "node-%d", n);
	schedule_init(&s, node, "rule");
	return s;
}

static void assert_within(double value, double least, double most)
{
	if (value < least || value > most)
		fail_msg("%.3f is not within %.3f to %.3f", value, least, most);
}

#endif
