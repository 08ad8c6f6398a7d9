/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rfc3339.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void times_are_read(void **state)
{
	int64_t at;

	(void)state;
	assert_int_equal(rfc3339_parse("1970-01-01T00:00:00Z", &at), 0);
	assert_int_equal(at, 0);
	assert_int_equal(rfc3339_parse("2024-02-29T23:59:59Z", &at), 0);
	assert_int_equal(at, 1709251199);
	assert_int_equal(rfc3339_parse("9999-12-31T23:59:59Z", &at), 0);
	assert_int_equal(at, 253402300799);
}

static const char *const bad[] = {
	"", "2024", "2024-02-29", "2023-02-29T00:00:00Z",
	"2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
	"2024-01-01T00:00:00", "2024-01-01T00:00:00z",
	"2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00.5Z",
	"2024-01-01 00:00:00Z", "2024-1-1T0:0:0Z", " 2024-01-01T00:00:00Z",
	"2024-01-01T00:00:00Zx", "99999-01-01T00:00:00Z", "1764067237",
};

static void all_else_is_refused(void **state)
{
	int64_t at;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (rfc3339_parse(bad[i], &at) == 0)
			fail_msg("read: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(all_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
