/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boundedjson.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* n brackets, a text, and n brackets: parsed in a buffer of just their size. */
static json_t *parse_nested(size_t n, const char *text)
{
	size_t len = 2 * n + strlen(text);
	char *buf = malloc(len ? len : 1);
	json_t *root;

	assert_non_null(buf);
	memset(buf, '[', n);
	memcpy(buf + n, text, strlen(text));
	memset(buf + n + strlen(text), ']', n);
	root = boundedjson_parse(buf, len);
	free(buf);
	return root;
}

static void depth_is_bounded(void **state)
{
	json_t *root = parse_nested(BOUNDEDJSON_MAX_DEPTH, "1");

	(void)state;
	assert_non_null(root);
	json_decref(root);
	assert_null(parse_nested(BOUNDEDJSON_MAX_DEPTH + 1, "1"));
	assert_null(parse_nested(1000000, "1"));
	assert_null(parse_nested(BOUNDEDJSON_MAX_DEPTH, "{\"a\":1}"));
}

/* A list with n values in it, of 3 bytes and a comma each. */
static json_t *parse_many(size_t n, const char *value)
{
	char *buf = malloc(4 * n + 1);
	json_t *root;

	assert_non_null(buf);
	for (size_t i = 0; i < n; i++) {
		buf[4 * i] = i ? ',' : '[';
		memcpy(buf + 4 * i + 1, value, 3);
	}
	buf[4 * n] = ']';
	root = boundedjson_parse(buf, 4 * n + 1);
	free(buf);
	return root;
}

static void values_are_bounded(void **state)
{
	json_t *root = parse_many(BOUNDEDJSON_MAX_VALUES - 1, "123");

	(void)state;
	assert_non_null(root);
	json_decref(root);
	assert_null(parse_many(BOUNDEDJSON_MAX_VALUES, "123"));
	assert_null(parse_many(BOUNDEDJSON_MAX_VALUES, "{ }"));
	root = parse_many(BOUNDEDJSON_MAX_VALUES / 2 - 1, "[ ]");
	assert_non_null(root);
	json_decref(root);
	assert_null(parse_many(BOUNDEDJSON_MAX_VALUES / 2 + 1, "[ ]"));
}

static void brackets_that_do_not_nest_are_free(void **state)
{
	char text[600] = "\"";
	json_t *root;

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "[{\\\"");
	strcat(text, "\\\\\"");
	root = parse_nested(1, text);
	assert_non_null(root);
	json_decref(root);
	strcpy(text, "1");
	for (int i = 0; i < 100; i++)
		strcat(text, ",[{}]");
	root = parse_nested(1, text);
	assert_non_null(root);
	json_decref(root);
}

static const char *const bad[] = {
	"",	    "x",	   "{}x",	      "{\"a\":1,\"a\":2}",
	"\"a\\u0000\"", "\"\xff\"", "[\"", "\\", "{\"a\":1e999}", "]]]]",
};

static void what_is_no_json_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (parse_nested(0, bad[i]))
			fail_msg("parsed: %s", bad[i]);
}

static void strings_are_found(void **state)
{
	json_t *root = parse_nested(0, "{\"a\":\"b\",\"c\":1}");

	(void)state;
	assert_string_equal(boundedjson_string(root, "a"), "b");
	assert_null(boundedjson_string(root, "c"));
	assert_null(boundedjson_string(root, "d"));
	assert_null(boundedjson_string(json_object_get(root, "a"), "a"));
	assert_null(boundedjson_string(NULL, "a"));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(brackets_that_do_not_nest_are_free),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(strings_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
