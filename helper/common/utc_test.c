/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "utc.h"

static void assert_utc(int64_t seconds, const char *expected)
{
	char text[UTC_SIZE];

	utc_format(seconds, text);
	assert_string_equal(text, expected);
}

static void writes_rfc_3339(void **state)
{
	(void)state;
	assert_utc(0, "1970-01-01T00:00:00Z");
	assert_utc(951826215, "2000-02-29T12:10:15Z");
	assert_utc(4294967296, "2106-02-07T06:28:16Z");
	assert_utc(-1, "1969-12-31T23:59:59Z");
	assert_utc(-60000000000, "0068-09-03T13:20:00Z");
}

static void stays_within_four_digits(void **state)
{
	(void)state;
	assert_utc(INT64_MAX, "9999-12-31T23:59:59Z");
	assert_utc(253402300800, "9999-12-31T23:59:59Z");
	assert_utc(-62167219201, "0000-01-01T00:00:00Z");
	assert_utc(INT64_MIN, "0000-01-01T00:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_rfc_3339),
		cmocka_unit_test(stays_within_four_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
