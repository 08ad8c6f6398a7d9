/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blockyaml.h"
#include "delegate-credentials.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *yaml;
	const char *json; /* compact */
} good[] = {
	{ "a: b", "{\"a\":\"b\"}" },
	{ "---\na: b\n", "{\"a\":\"b\"}" },
	{ "# c\n\na: b # c\n  # c\n", "{\"a\":\"b\"}" },
	{ "a: b\r\nc: d\r\n", "{\"a\":\"b\",\"c\":\"d\"}" },
	{ "a: true\nb: false\nc: null\nd: ~\ne:\nf: 1\n",
	  "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":null,"
	  "\"f\":\"1\"}" },
	{ "a: {}\nb: []", "{\"a\":{},\"b\":[]}" },
	{ "a: https://h:1/x#y\n", "{\"a\":\"https://h:1/x#y\"}" },
	{ "a: 'it''s # b: c'\n", "{\"a\":\"it's # b: c\"}" },
	{ "a: \"x\\\"\\\\\\/\\n\\ty\" # c\n", "{\"a\":\"x\\\"\\\\/\\n\\ty\"}" },
	{ "'a b': c\n\"d\": e", "{\"a b\":\"c\",\"d\":\"e\"}" },
	{ "a: \"\"\nb: ''", "{\"a\":\"\",\"b\":\"\"}" },
	{ "- a\n- b: c\n  d: e\n-\n  f: g\n-\n- - h\n  - i\n",
	  "[\"a\",{\"b\":\"c\",\"d\":\"e\"},{\"f\":\"g\"},null,"
	  "[\"h\",\"i\"]]" },
	{ "a:\n- b\n- c\nd: e\n", "{\"a\":[\"b\",\"c\"],\"d\":\"e\"}" },
	{ "a:\n  - b\nc:\n    d:\n        e: f\ng: h\n",
	  "{\"a\":[\"b\"],\"c\":{\"d\":{\"e\":\"f\"}},\"g\":\"h\"}" },
	{ "a:\n- b:\n    c: d\n  e: f\n- g: h\n",
	  "{\"a\":[{\"b\":{\"c\":\"d\"},\"e\":\"f\"},{\"g\":\"h\"}]}" },
	{ "  a: b\n  c: d\n", "{\"a\":\"b\",\"c\":\"d\"}" },
	{ "a: \xc3\xa9", "{\"a\":\"\xc3\xa9\"}" },
	{ "-a: -b", "{\"-a\":\"-b\"}" },
	{ "- -a\n", "[\"-a\"]" },
};

/* In a buffer of just that size, so that a look behind it is seen. */
static json_t *parse(const char *yaml, size_t len, struct err *e)
{
	char *exact = malloc(len ? len : 1);
	json_t *root;

	assert_non_null(exact);
	memcpy(exact, yaml, len);
	root = blockyaml_parse(exact, len, e);
	free(exact);
	return root;
}

static void the_subset_is_read(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		json_t *root = parse(good[i].yaml, strlen(good[i].yaml), &e);
		char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

		if (!text)
			fail_msg("%s: %s", good[i].yaml, e.msg);
		assert_string_equal(text, good[i].json);
		assert_int_equal(e.code, 0);
		free(text);
		json_decref(root);
	}
}

static const struct {
	const char *yaml;
	const char *line;
} bad[] = {
	{ "", "line 1: " },
	{ "---\n", "line 1: " },
	{ "\n# c\n", "line 1: " },
	{ "a", "line 1: " },
	{ "a: b\na: c\n", "line 2: " },
	{ "a: b\n  c: d\n", "line 2: indent this line as those around it" },
	{ "a:\n    b: c\n  d: e\n", "line 3: indent " },
	{ "a: b\n- c\n", "line 2: " },
	{ "- a\nb: c\n", "line 2: " },
	{ "a: b\n---\nc: d\n", "line 2: " },
	{ "a: b\n...\n", "line 2: " },
	{ "a:\n\tb: c\n", "line 2: " },
	{ "a:\tb\n", "line 1: " },
	{ "a: b\tc\n", "line 1: " },
	{ "a: &x b\n", "line 1: " },
	{ "a: *x\n", "line 1: " },
	{ "a: !!str b\n", "line 1: " },
	{ "a: |\n  b\n", "line 1: " },
	{ "a: >\n  b\n", "line 1: " },
	{ "a: {b: c}\n", "line 1: " },
	{ "a: [b]\n", "line 1: " },
	{ "a: - b\n", "line 1: " },
	{ "a: -\n", "line 1: " },
	{ "a: b: c\n", "line 1: " },
	{ "a: b \"c # d\"\n", "line 1: " },
	{ "a: 'b\n", "line 1: " },
	{ "a: \"b\n  c\"\n", "line 1: " },
	{ "a: \"b\" c\n", "line 1: " },
	{ "a: \"\\x41\"\n", "line 1: " },
	{ "a: \"\\", "line 1: " },
	{ "? a\n", "line 1: " },
	{ "%YAML 1.2\n", "line 1: " },
	{ "a: \xff\n", "line 1: " },
	{ "a: \"\xff\"\n", "line 1: " },
	{ "\xff: a\n", "line 1: " },
};

static void all_else_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err e = ERR_INIT;

		if (parse(bad[i].yaml, strlen(bad[i].yaml), &e))
			fail_msg("read: %s", bad[i].yaml);
		assert_int_equal(e.code, DC_CODE_CONFIG);
		if (strncmp(e.msg, bad[i].line, strlen(bad[i].line)))
			fail_msg("%s: %s", bad[i].yaml, e.msg);
	}
}

static void a_refusal_never_quotes(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(parse("token: {s3cret}", 15, &e));
	assert_null(strstr(e.msg, "s3cret"));
}

static void a_nul_is_refused(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(parse("a: b\0c\n", 7, &e));
	assert_int_equal(e.code, DC_CODE_CONFIG);
}

static void depth_is_bounded(void **state)
{
	char text[4 * BLOCKYAML_MAX_DEPTH] = "";
	struct err e = ERR_INIT;
	json_t *root;

	(void)state;
	for (int i = 0; i < BLOCKYAML_MAX_DEPTH; i++)
		strcat(text, "- ");
	root = parse(text, strlen(text), &e);
	assert_non_null(root);
	json_decref(root);
	strcat(text, "- a");
	assert_null(parse(text, strlen(text), &e));
	assert_string_equal(e.msg, "line 1: nest less deeply");
}

static void size_is_bounded(void **state)
{
	char *text = malloc(BLOCKYAML_MAX_BYTES + 1);
	struct err e = ERR_INIT;
	json_t *root;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', BLOCKYAML_MAX_BYTES + 1);
	memcpy(text, "a: b", 4);
	root = blockyaml_parse(text, BLOCKYAML_MAX_BYTES, &e);
	assert_non_null(root);
	json_decref(root);
	assert_null(blockyaml_parse(text, BLOCKYAML_MAX_BYTES + 1, &e));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_subset_is_read),
		cmocka_unit_test(all_else_is_refused_with_its_line),
		cmocka_unit_test(a_refusal_never_quotes),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
