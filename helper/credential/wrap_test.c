/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "wrap.h"

static const struct {
	const char *text;
	size_t columns;
	size_t len;
} lines[] = {
	{ "", 5, 0 },
	{ "abcde", 5, 5 },
	{ "abcdef", 5, 5 },
	{ "ab cdef", 5, 2 },
	{ "ab cd ef", 5, 5 },
	{ "ab cde f", 5, 2 },
	{ " abcdef", 5, 5 }, /* nothing in front of the blank */
	{ "abcd\xc3\xa9", 5, 4 },
	{ "abc\xc3\xa9xyz", 5, 5 },
	{ "ab\xf0\x9f\x98\x80", 5, 2 },
};

static void takes_whole_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(wrap_line(lines[i].text, lines[i].columns),
				 lines[i].len);
}

#define FORTY "0123456789012345678901234567890123456789"

static void indents_what_follows(void **state)
{
	char out[512] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	assert_non_null(f);
	wrap_print(FORTY " " FORTY FORTY " x", 2, 4, f);
	wrap_print("", 2, 4, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(out, "  " FORTY "\n"
				 "    " FORTY
				 "012345678901234567890123456789012345\n"
				 "    6789 x\n"
				 "  \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_whole_words),
		cmocka_unit_test(indents_what_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
