/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mediatype.h"

static void json_is_json(void **state)
{
	static const char *const json[] = {
		"application/json",
		"Application/JSON",
		"application/json;charset=utf-8",
		"application/json; charset=\"utf-8\"",
		"application/json \t; charset=utf-8",
		"application/json;",
		"application/json ",
		NULL,
	};

	(void)state;
	for (size_t i = 0; json[i]; i++)
		if (!mediatype_is_json(json[i]))
			fail_msg("'%s'", json[i]);
}

static void nothing_else_is(void **state)
{
	static const char *const others[] = {
		"",
		"json",
		"text/html",
		"text/json",
		"application/jsonp",
		"application/json-patch+json",
		"application/json charset=utf-8",
		"application/json, text/html",
		"application",
		" application/json",
		"application/vnd.kubernetes.protobuf",
		"text/html; x=\"application/json\"",
		NULL,
	};

	(void)state;
	assert_false(mediatype_is_json(NULL));
	for (size_t i = 0; others[i]; i++)
		if (mediatype_is_json(others[i]))
			fail_msg("'%s'", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_json),
		cmocka_unit_test(nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
