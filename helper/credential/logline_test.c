/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "logline.h"

static const struct storemeta held = { .issued = 1700000000,
				       .expires = 1700003600,
				       .jti = "5c5ba5d5-0000" };

static void assert_request(const struct fetch_result *r,
			   const struct storemeta *m, int64_t wait,
			   const char *expected)
{
	char line[1024];

	logline_request("userspace", r, m, wait, line, sizeof(line));
	assert_string_equal(line, expected);
}

static void a_renewal(void **state)
{
	struct fetch_result r = { .outcome = FETCH_DONE };
	struct storemeta opaque = held, none = { .issued = 1700000000 };

	(void)state;
	assert_request(&r, &held, 2880 * 1000,
		       "rule userspace: renewed, jti 5c5ba5d5-0000, "
		       "expires 2023-11-14T23:13:20Z, next in 2880 s");
	opaque.jti[0] = '\0';
	assert_request(&r, &opaque, 1,
		       "rule userspace: renewed, jti -, "
		       "expires 2023-11-14T23:13:20Z, next in 1 s");
	assert_request(&r, &none, 600 * 1000,
		       "rule userspace: renewed, no token, next in 600 s");
	strcpy(r.warning, "shortened");
	assert_request(&r, &none, 600 * 1000,
		       "rule userspace: renewed, no token, next in 600 s, "
		       "the API server warns: shortened");
}

static void a_failure(void **state)
{
	struct fetch_result r = { .outcome = FETCH_RETRY,
				  .err = { 11, "wait: no answer" } };

	(void)state;
	assert_request(&r, &held, 1500,
		       "rule userspace: failed, again in 2 s: wait: no answer");
	r.outcome = FETCH_REFUSED;
	assert_request(&r, &held, 30000,
		       "rule userspace: refused, again in 30 s: "
		       "wait: no answer");
}

static void one_that_was_found(void **state)
{
	char line[1024];

	(void)state;
	logline_found("userspace", &held, 2880 * 1000, line, sizeof(line));
	assert_string_equal(line, "rule userspace: in the store, "
				  "jti 5c5ba5d5-0000, "
				  "expires 2023-11-14T23:13:20Z, "
				  "next in 2880 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_renewal),
		cmocka_unit_test(a_failure),
		cmocka_unit_test(one_that_was_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
