/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mistakes.h"

static struct config_mistakes a, b;

static void note(struct config_mistakes *m, size_t count)
{
	memset(m, 0, sizeof(*m));
	m->count = count;
	for (size_t i = 0; i < count && i < CONFIG_MAX_MISTAKES; i++)
		m->items[i] = (struct config_mistake){ i + 1, 2, "k", "do" };
}

static void each_is_a_line(void **state)
{
	char line[MISTAKES_LINE];
	size_t i = 0;

	(void)state;
	note(&a, 2);
	assert_true(mistakes_next("f", &a, &i, line, sizeof(line)));
	assert_string_equal(line, "f:1:2: k: do");
	assert_true(mistakes_next("f", &a, &i, line, sizeof(line)));
	assert_string_equal(line, "f:2:2: k: do");
	assert_false(mistakes_next("f", &a, &i, line, sizeof(line)));
}

static size_t lines(size_t count, char *ret_last)
{
	size_t n = 0, i = 0;

	note(&a, count);
	while (mistakes_next("f", &a, &i, ret_last, MISTAKES_LINE))
		n++;
	return n;
}

static void what_was_not_noted_is_counted(void **state)
{
	char last[MISTAKES_LINE] = "";

	(void)state;
	assert_int_equal(lines(0, last), 0);
	assert_int_equal(lines(64, last), 64);
	assert_string_equal(last, "f:64:2: k: do");
	assert_int_equal(lines(65, last), 65);
	assert_string_equal(last, "f: and 1 more");
	assert_int_equal(lines(1000, last), 65);
	assert_string_equal(last, "f: and 936 more");
}

static void no_line_is_cut(void **state)
{
	char file[PATH_MAX], line[MISTAKES_LINE];
	struct config_mistake *m = &a.items[0];
	size_t i = 0;

	(void)state;
	memset(file, 'f', sizeof(file));
	file[sizeof(file) - 1] = '\0';
	note(&a, 1);
	m->line = m->column = SIZE_MAX;
	memset(m->key, 'k', sizeof(m->key) - 1);
	memset(m->text, 't', sizeof(m->text) - 1);
	assert_true(mistakes_next(file, &a, &i, line, sizeof(line)));
	assert_non_null(strstr(line, m->text));
}

/* The last that is noted, in all that is said of it. */
static void others_are_others(void **state)
{
	struct config_mistake *last = &b.items[CONFIG_MAX_MISTAKES - 1];
	const struct config_mistake others[] = {
		{ 65, 2, "k", "do" },
		{ 64, 3, "k", "do" },
		{ 64, 2, "l", "do" },
		{ 64, 2, "k", "go" },
	};

	(void)state;
	note(&a, 100);
	note(&b, 100);
	assert_true(mistakes_are_same(&a, &b));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		*last = others[i];
		assert_false(mistakes_are_same(&a, &b));
	}
	note(&b, 101);
	assert_false(mistakes_are_same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_a_line),
		cmocka_unit_test(what_was_not_noted_is_counted),
		cmocka_unit_test(no_line_is_cut),
		cmocka_unit_test(others_are_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
