/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "delegate-credentials.h"
#include "schedule_test.h"

#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define NODES 10000

/* Seconds until the renewal of what was issued this very moment. */
static double renewal(struct schedule *s, int64_t seconds, int64_t life)
{
	struct schedule_clock now = at(seconds);

	schedule_renewed(s, EPOCH + seconds, EPOCH + seconds + life, &now);
	return (double)schedule_wait(s, &now) / 1000;
}

/* Every twentieth of the range is hit alike: 500 of 10,000, +-5 sigma. */
static void assert_uniform(const double *values, double least, double most)
{
	int hits[20] = { 0 };

	for (int i = 0; i < NODES; i++) {
		int which = (int)((values[i] - least) / (most - least) * 20);

		assert_within(values[i], least, most);
		hits[which < 20 ? which : 19]++;
	}
	for (int i = 0; i < 20; i++)
		assert_within(hits[i], 391, 609);
}

static void renews_at_80_percent_give_or_take_10(void **state)
{
	static double values[NODES];

	(void)state;
	for (int n = 0; n < NODES; n++) {
		struct schedule s = of_node(n);

		renewal(&s, 0, HOUR);
		values[n] = renewal(&s, HOUR, HOUR);
	}
	assert_uniform(values, 0.7 * HOUR, 0.9 * HOUR);
}

/* From a tenth to eight tenths on average: 3/7 of them before four tenths. */
static void the_first_renewal_is_spread_wide(void **state)
{
	int early = 0;

	(void)state;
	for (int n = 0; n < NODES; n++) {
		struct schedule s = of_node(n);
		double wait = renewal(&s, 0, HOUR);

		assert_within(wait, 0.1 * HOUR, 0.9 * HOUR);
		early += wait < 0.4 * HOUR;
	}
	assert_within(early, 0.41 * NODES, 0.45 * NODES);
}

static void the_renewal_after_a_failure_is_spread_wide(void **state)
{
	int early = 0;

	(void)state;
	for (int n = 0; n < NODES; n++) {
		struct schedule s = of_node(n);
		struct schedule_clock now = at(HOUR);

		renewal(&s, 0, HOUR);
		schedule_failed(&s, 0, &now);
		early += renewal(&s, HOUR + 10, HOUR) < 0.4 * HOUR;
		assert_within(renewal(&s, 2 * HOUR, HOUR), 0.7 * HOUR,
			      0.9 * HOUR);
	}
	assert_within(early, 0.41 * NODES, 0.45 * NODES);
}

static void the_same_history_gives_the_same_time(void **state)
{
	struct schedule a = of_node(1), b = of_node(1), c = of_node(2), d;
	double time = renewal(&a, 0, HOUR);

	(void)state;
	schedule_init(&d, "node-1", "other");
	assert_true(time == renewal(&b, 0, HOUR));
	assert_true(time != renewal(&c, 0, HOUR));
	assert_true(time != renewal(&d, 0, HOUR));
	assert_true(renewal(&a, HOUR, HOUR) != renewal(&b, HOUR + 1, HOUR));
	schedule_init(&a, "ab", "c");
	schedule_init(&b, "a", "bc");
	assert_true(a.seed != b.seed);
}

static void a_short_lifetime_leaves_two_minutes(void **state)
{
	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		assert_within(renewal(&s, 0, 600), 60, 480);
		assert_within(renewal(&s, HOUR, 600), 360, 480);
		assert_within(renewal(&s, 2 * HOUR, 1200), 840, 1080);
		/* At the latest when half of what it is good for is over. */
		assert_within(renewal(&s, 3 * HOUR, 120), 12, 12 + 30);
		/* Good for nothing: as one that was refused. */
		assert_within(renewal(&s, 4 * HOUR, 60), 30, 60);
		assert_within(renewal(&s, 5 * HOUR, -HOUR), 30, 60);
	}
}

static void a_long_lifetime_is_renewed_once_a_day(void **state)
{
	struct schedule s = of_node(1);

	(void)state;
	renewal(&s, 0, HOUR);
	assert_within(renewal(&s, HOUR, 365 * DAY), 21 * HOUR, 27 * HOUR);
	assert_within(renewal(&s, HOUR, INT64_C(1) << 32), 21 * HOUR,
		      27 * HOUR);
}

static void config_maps_alone_are_read_every_ten_minutes(void **state)
{
	struct schedule s = of_node(1);

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct schedule_clock now = at(i * HOUR);

		schedule_renewed(&s, EPOCH + i * HOUR, 0, &now);
		if (i > 0)
			assert_within((double)schedule_wait(&s, &now) / 1000,
				      525, 675);
	}
}

static void starts_at_once_where_there_is_nothing(void **state)
{
	struct schedule_clock now = at(0);

	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		schedule_start(&s, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 1999);
		/* What is in the store has expired, or nearly so. */
		schedule_found(&s, EPOCH - HOUR, EPOCH + 59, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 1999);
	}
}

static void starts_later_where_there_is_something(void **state)
{
	struct schedule_clock now = at(0);
	double sum = 0;

	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		schedule_found(&s, EPOCH, EPOCH + HOUR, &now);
		assert_within((double)schedule_wait(&s, &now), 360e3, 3240e3);
		s = of_node(n);
		schedule_found(&s, EPOCH - 2000, EPOCH + 1600, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 1240e3);
		/* Late: within five minutes. */
		s = of_node(n);
		schedule_found(&s, EPOCH - 2950, EPOCH + 650, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 300e3);
		sum += (double)schedule_wait(&s, &now);
	}
	assert_within(sum / 1000, 100e3, 200e3);
}

static void backs_off_up_to_five_minutes(void **state)
{
	static const double windows[] = { 1,  2,   4,	8,   16,  32,
					  64, 128, 256, 300, 300, 300 };
	double most[12] = { 0 }, least[12];
	struct schedule_clock now = at(0);

	(void)state;
	for (int i = 0; i < 12; i++)
		least[i] = 1;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		for (int i = 0; i < 12; i++) {
			double share;

			schedule_failed(&s, 0, &now);
			share = (double)schedule_wait(&s, &now) / 1000 /
				windows[i];
			most[i] = share > most[i] ? share : most[i];
			least[i] = share < least[i] ? share : least[i];
		}
	}
	for (int i = 0; i < 12; i++) {
		assert_within(most[i], 0.98, 1);
		assert_within(least[i], 0, 0.02);
	}
}

static void waits_as_long_as_the_server_says(void **state)
{
	struct schedule_clock now = at(0);

	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		schedule_failed(&s, 32, &now);
		assert_within((double)schedule_wait(&s, &now), 32e3, 33e3);
		schedule_failed(&s, INT64_MAX, &now);
		assert_within((double)schedule_wait(&s, &now), 300e3, 302e3);
		schedule_failed(&s, -1, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 4e3);
	}
}

static void a_token_from_the_future_is_renewed_soon(void **state)
{
	struct schedule_clock now = at(0);

	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		schedule_found(&s, EPOCH + 61, EPOCH + 61 + HOUR, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 60e3);
		assert_true(schedule_is_past(&s, &now));
		schedule_found(&s, EPOCH + 59, EPOCH + 59 + HOUR, &now);
		assert_false(schedule_is_past(&s, &now));
	}
}

/* A clock that stays behind makes ten requests a lifetime, not thousands. */
static void a_wrong_clock_is_no_flood(void **state)
{
	struct schedule s = of_node(1);
	struct schedule_clock now = at(0);
	int requests = 0;

	(void)state;
	schedule_start(&s, &now);
	while (now.steady < at(DAY).steady) {
		int64_t wait = schedule_wait(&s, &now);

		now.wall += wait;
		now.steady += wait;
		schedule_renewed(&s, now.wall / 1000 + 600,
				 now.wall / 1000 + 600 + HOUR, &now);
		requests++;
	}
	assert_within(requests, DAY / 420.0, DAY / 360.0 + 1);
}

/* Our clock is ahead, or its issue is of no use: what is left of it counts. */
static void one_that_is_nearly_over_is_renewed_in_time(void **state)
{
	static const struct {
		int64_t age, left;
	} cases[] = { { 3530, 90 }, { 3300, 300 }, { EPOCH - 1, 3600 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int n = 0; n < 100; n++) {
			struct schedule s = of_node(n);
			struct schedule_clock now = at(0);

			schedule_renewed(&s, EPOCH - cases[i].age,
					 EPOCH + cases[i].left, &now);
			assert_within((double)schedule_wait(&s, &now) / 1000,
				      10, cases[i].left - DC_STORE_MIN_LIFE);
		}
}

static void a_step_of_the_clock_brings_it_forward(void **state)
{
	struct schedule_clock now = at(0);

	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n), back, forth, expired, drift;

		renewal(&s, -HOUR, HOUR);
		renewal(&s, 0, HOUR);
		back = forth = expired = drift = s;
		now = at(1000);
		now.wall -= 7200 * 1000;
		assert_within((double)schedule_wait(&back, &now), 0, 60e3);
		now = at(1000);
		now.wall += 600 * 1000;
		assert_true(schedule_wait(&forth, &now) ==
			    s.due - now.steady - 600 * 1000);
		now.wall = at(3600).wall;
		assert_within((double)schedule_wait(&expired, &now), 0, 2e3);
		now = at(1000);
		now.wall -= 59 * 1000;
		assert_true(schedule_wait(&drift, &now) == s.due - now.steady);
	}
}

static void a_step_of_the_clock_does_not_end_a_pause(void **state)
{
	struct schedule s = of_node(1);
	struct schedule_clock now = at(1);
	int64_t due;

	(void)state;
	renewal(&s, 0, HOUR);
	now.wall -= 7200 * 1000;
	assert_within((double)schedule_wait(&s, &now), 359e3, 419e3);
	schedule_refused(&s, &now);
	due = s.due;
	now.wall += 7200 * 1000;
	schedule_wait(&s, &now);
	assert_true(s.due == due);
}

static void a_step_of_the_clock_does_not_end_a_backoff(void **state)
{
	struct schedule s = of_node(1);
	struct schedule_clock now = at(3000);

	(void)state;
	renewal(&s, 0, HOUR);
	schedule_failed(&s, 300, &now);
	now = at(3100);
	now.wall += 7200 * 1000; /* by which the token has expired */
	assert_within((double)schedule_wait(&s, &now), 200e3, 201e3);
}

static void after_a_step_the_next_one_is_spread(void **state)
{
	int early = 0;

	(void)state;
	for (int n = 0; n < NODES; n++) {
		struct schedule s = of_node(n);
		struct schedule_clock now = at(1000);

		renewal(&s, -HOUR, HOUR);
		renewal(&s, 0, HOUR);
		now.wall += 600 * 1000;
		schedule_wait(&s, &now);
		early += renewal(&s, HOUR, HOUR) < 0.4 * HOUR;
	}
	assert_within(early, 0.41 * NODES, 0.45 * NODES);
}

static void another_process_may_have_renewed_it(void **state)
{
	struct schedule s = of_node(1);
	struct schedule_clock now = at(3000);

	(void)state;
	renewal(&s, 0, HOUR);
	schedule_failed(&s, 0, &now);
	schedule_found(&s, EPOCH + 3000, EPOCH + 3000 + HOUR, &now);
	assert_within((double)schedule_wait(&s, &now), 360e3, 3240e3);
	assert_false(schedule_is_past(&s, &now));
	now = at(3000 + 3240);
	assert_true(schedule_is_past(&s, &now));
}

/* One of a herd: when it makes its requests, the API server being as told. */
static void live(struct schedule *s, int64_t end, int64_t outage,
		 int64_t outage_end, int *hits, int64_t bin)
{
	struct schedule_clock now = at(0);

	schedule_start(s, &now);
	for (;;) {
		int64_t wait = schedule_wait(s, &now), seconds;

		now.wall += wait;
		now.steady += wait;
		seconds = now.wall / 1000 - EPOCH;
		if (seconds >= end)
			return;
		hits[seconds / bin]++;
		if (seconds >= outage && seconds < outage_end)
			schedule_failed(s, 0, &now);
		else
			schedule_renewed(s, EPOCH + seconds,
					 EPOCH + seconds + HOUR, &now);
	}
}

static double peak_to_mean(const int *hits, int64_t from, int64_t to)
{
	int64_t sum = 0;
	int most = 0;

	for (int64_t i = from; i < to; i++) {
		sum += hits[i];
		most = hits[i] > most ? hits[i] : most;
	}
	return (double)most * (double)(to - from) / (double)sum;
}

/*
 * A tenth of the herd that hack/bench/herd.c has, in windows ten times as
 * long: the same number a window. All nodes start in the same moment.
 */
static void a_herd_that_starts_together_spreads(void **state)
{
	static int calm[DAY / 100], outage[DAY / 100];

	(void)state;
	for (int n = 0; n < 1500; n++) {
		struct schedule s = of_node(n);

		live(&s, DAY, DAY, DAY, calm, 100);
		s = of_node(n);
		live(&s, DAY, 12 * HOUR, 13 * HOUR, outage, 100);
	}
	assert_within(peak_to_mean(calm, 1, DAY / 100), 1, 2);
	/* From the ten minutes on in which all of them come back. */
	assert_within(peak_to_mean(outage, (13 * HOUR + 600) / 100, DAY / 100),
		      1, 2);
	/* And those are spread as well, over five minutes. */
	assert_within(outage[13 * HOUR / 100], 1, 1500 * 0.62);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renews_at_80_percent_give_or_take_10),
		cmocka_unit_test(the_first_renewal_is_spread_wide),
		cmocka_unit_test(the_renewal_after_a_failure_is_spread_wide),
		cmocka_unit_test(the_same_history_gives_the_same_time),
		cmocka_unit_test(a_short_lifetime_leaves_two_minutes),
		cmocka_unit_test(a_long_lifetime_is_renewed_once_a_day),
		cmocka_unit_test(config_maps_alone_are_read_every_ten_minutes),
		cmocka_unit_test(starts_at_once_where_there_is_nothing),
		cmocka_unit_test(starts_later_where_there_is_something),
		cmocka_unit_test(backs_off_up_to_five_minutes),
		cmocka_unit_test(waits_as_long_as_the_server_says),
		cmocka_unit_test(a_token_from_the_future_is_renewed_soon),
		cmocka_unit_test(a_wrong_clock_is_no_flood),
		cmocka_unit_test(one_that_is_nearly_over_is_renewed_in_time),
		cmocka_unit_test(a_step_of_the_clock_brings_it_forward),
		cmocka_unit_test(a_step_of_the_clock_does_not_end_a_pause),
		cmocka_unit_test(a_step_of_the_clock_does_not_end_a_backoff),
		cmocka_unit_test(after_a_step_the_next_one_is_spread),
		cmocka_unit_test(another_process_may_have_renewed_it),
		cmocka_unit_test(a_herd_that_starts_together_spreads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
