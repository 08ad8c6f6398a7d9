/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h once more: what is refused, and what brings it forward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "schedule_test.h"

/* How long it waits after the last one of so many refusals, one at second 0. */
static double refuse(struct schedule *s, int times)
{
	struct schedule_clock now = at(0);

	for (int i = 0; i < times; i++)
		schedule_refused(s, &now);
	return (double)schedule_wait(s, &now) / 1000;
}

static void tries_a_refused_one_ever_less_often(void **state)
{
	static const double windows[] = { 30,  60,  120, 240,
					  300, 300, 300, 300 };
	double most[8] = { 0 }, least[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		least[i] = 2;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);

		for (int i = 0; i < 8; i++) {
			double share = refuse(&s, 1) / windows[i];

			most[i] = share > most[i] ? share : most[i];
			least[i] = share < least[i] ? share : least[i];
		}
	}
	for (int i = 0; i < 8; i++) {
		assert_within(most[i], 1.98, 2);
		assert_within(least[i], 1, 1.02);
	}
}

static void a_refusal_stays_within_ten_minutes(void **state)
{
	struct schedule s = of_node(1);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_within(refuse(&s, 1), 30, 600);
}

/* A server that has just started may not know its own rules yet. */
static void only_refusals_in_a_row_count(void **state)
{
	struct schedule_clock now = at(0);
	struct schedule s = of_node(1);

	(void)state;
	for (int i = 0; i < 20; i++)
		schedule_failed(&s, 0, &now);
	assert_within(refuse(&s, 1), 30, 60);
	assert_within(refuse(&s, 9), 300, 600);
	schedule_failed(&s, 0, &now);
	assert_within(refuse(&s, 1), 30, 60);
	assert_within(refuse(&s, 9), 300, 600);
	schedule_renewed(&s, EPOCH, EPOCH + 3600, &now);
	assert_within(refuse(&s, 1), 30, 60);
}

static void a_change_brings_a_refused_one_forward(void **state)
{
	(void)state;
	for (int n = 0; n < 1000; n++) {
		struct schedule s = of_node(n);
		struct schedule_clock now = at(10);

		refuse(&s, 9);
		schedule_reconsider(&s, &now);
		assert_within((double)schedule_wait(&s, &now), 20e3, 50e3);
		assert_within(refuse(&s, 1), 30, 60);
		refuse(&s, 9);
		now = at(100);
		schedule_reconsider(&s, &now);
		assert_within((double)schedule_wait(&s, &now), 0, 2e3);
	}
}

/* And one that is due earlier is not put off. */
static void a_change_does_nothing_else(void **state)
{
	struct schedule_clock now = at(1);
	struct schedule s = of_node(1);
	int64_t due;

	(void)state;
	schedule_failed(&s, 300, &now);
	due = s.due;
	schedule_reconsider(&s, &now);
	assert_true(s.due == due);
	schedule_renewed(&s, EPOCH, EPOCH + 3600, &now);
	due = s.due;
	schedule_reconsider(&s, &now);
	assert_true(s.due == due);
	refuse(&s, 1);
	due = s.due;
	for (int i = 0; i < 60; i++) {
		now = at(i);
		s.refusals = 1;
		schedule_reconsider(&s, &now);
		assert_true(s.due <= due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tries_a_refused_one_ever_less_often),
		cmocka_unit_test(a_refusal_stays_within_ten_minutes),
		cmocka_unit_test(only_refusals_in_a_row_count),
		cmocka_unit_test(a_change_brings_a_refused_one_forward),
		cmocka_unit_test(a_change_does_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
