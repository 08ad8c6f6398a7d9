/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "json.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A literal with its length, so that it may hold NULs. */
#define DOC(s) s, sizeof(s) - 1

static struct json_scanner scanner;

/* A copy without a NUL and without room, so that ASan sees an over-read. */
static char *exact_copy(const char *doc, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	return memcpy(copy, doc, len);
}

static int scan(const char *doc, size_t len, struct err *e)
{
	char *copy = exact_copy(doc, len);
	struct json_item item;
	int r;

	json_init(&scanner, copy, len);
	do
		r = json_next(&scanner, &item, e);
	while (r == 0 && item.event != JSON_END);
	free(copy);
	return r;
}

static const struct {
	const char *doc;
	size_t len;
} accepted[] = {
	{ DOC("null") },
	{ DOC(" \t\r\n{ \"a\" : [ 1 , 2 ] } \t\r\n") },
	{ DOC("{}") },
	{ DOC("[]") },
	{ DOC("\"\"") },
	{ DOC("0") },
	{ DOC("-0") },
	{ DOC("-0.50e-07") },
	{ DOC("1e400") },
	{ DOC("1E+5") },
	{ DOC("18446744073709551616") },
	{ DOC("\"\\u0000\\ud800\\uDC00\\/\\b\\f\\n\\r\\t\\\\\\\"\"") },
	{ DOC("\"\xff\xc0\x80\xed\xa0\x80\"") },
	{ DOC("\" !\x7f\"") },
	{ DOC("{\"a\":1,\"a\":2,\"\":3}") },
	{ DOC("[[[]],{},[{}]]") },
	{ DOC("[true,false,null]") },
};

static void accepts(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		if (scan(accepted[i].doc, accepted[i].len, &e) < 0)
			fail_msg("%s: %s", accepted[i].doc, e.msg);
	}
}

static const struct {
	const char *doc;
	size_t len;
	const char *msg;
} refused[] = {
	{ DOC(""), "line 1, column 1: expected a value, found the end" },
	{ DOC(" \n "), "line 2, column 2: expected a value, found the end" },
	{ DOC("\xef\xbb\xbf{}"),
	  "line 1, column 1: expected a value, found byte 0xef" },
	{ DOC("\v{}"), "line 1, column 1: expected a value, found byte 0x0b" },
	{ DOC("{}\0"),
	  "line 1, column 3: expected nothing more, found byte 0x00" },
	{ DOC("{} {}"), "line 1, column 4: expected nothing more, found '{'" },
	{ DOC("1 2"), "line 1, column 3: expected nothing more, found '2'" },
	{ DOC("01"), "line 1, column 2: expected nothing more, found '1'" },
	{ DOC("-"), "line 1, column 2: expected a digit, found the end" },
	{ DOC("1."), "line 1, column 3: expected a digit, found the end" },
	{ DOC("1.e1"), "line 1, column 3: expected a digit, found 'e'" },
	{ DOC("1e+"), "line 1, column 4: expected a digit, found the end" },
	{ DOC("+1"), "line 1, column 1: expected a value, found '+'" },
	{ DOC(".5"), "line 1, column 1: expected a value, found '.'" },
	{ DOC("nul"), "line 1, column 4: expected null, found the end" },
	{ DOC("trUe"), "line 1, column 3: expected true, found 'U'" },
	{ DOC("falsey"), "line 1, column 6: expected nothing more, found 'y'" },
	{ DOC("NaN"), "line 1, column 1: expected a value, found 'N'" },
	{ DOC("'a'"), "line 1, column 1: expected a value, found '''" },
	{ DOC("\"a"),
	  "line 1, column 3: expected the rest of a string, found the end" },
	{ DOC("\"\n\""),
	  "line 1, column 2: expected the rest of a string, found byte 0x0a" },
	{ DOC("\"\0\""),
	  "line 1, column 2: expected the rest of a string, found byte 0x00" },
	{ DOC("\"\x1f\""),
	  "line 1, column 2: expected the rest of a string, found byte 0x1f" },
	{ DOC("\"\\x41\""), "line 1, column 3: expected an escape such as \\n "
			    "or \\u0041, found 'x'" },
	{ DOC("\"\\\0\""), "line 1, column 3: expected an escape such as \\n "
			   "or \\u0041, found byte 0x00" },
	{ DOC("\"\\"), "line 1, column 3: expected an escape such as \\n or "
		       "\\u0041, found the end" },
	{ DOC("\"\\u00g0\""),
	  "line 1, column 6: expected four hexadecimal digits, found 'g'" },
	{ DOC("\"\\u00"),
	  "line 1, column 6: expected four hexadecimal digits, found the end" },
	{ DOC("[1,]"), "line 1, column 4: expected a value, found ']'" },
	{ DOC("[,1]"), "line 1, column 2: expected a value, found ','" },
	{ DOC("[1 2]"), "line 1, column 4: expected ',' or ']', found '2'" },
	{ DOC("[1}"), "line 1, column 3: expected ',' or ']', found '}'" },
	{ DOC("["), "line 1, column 2: expected a value, found the end" },
	{ DOC("]"), "line 1, column 1: expected a value, found ']'" },
	{ DOC("{,}"),
	  "line 1, column 2: expected a key in double quotes, found ','" },
	{ DOC("{\"a\":1,}"),
	  "line 1, column 8: expected a key in double quotes, found '}'" },
	{ DOC("{a:1}"),
	  "line 1, column 2: expected a key in double quotes, found 'a'" },
	{ DOC("{1:1}"),
	  "line 1, column 2: expected a key in double quotes, found '1'" },
	{ DOC("{\"a\\x\":1}"), "line 1, column 5: expected an escape such as "
			       "\\n or \\u0041, found 'x'" },
	{ DOC("{\"a\\ \":1}"), "line 1, column 5: expected an escape such as "
			       "\\n or \\u0041, found byte 0x20" },
	{ DOC("{!"),
	  "line 1, column 2: expected a key in double quotes, found '!'" },
	{ DOC("{~"),
	  "line 1, column 2: expected a key in double quotes, found '~'" },
	{ DOC("{\x7f"), "line 1, column 2: expected a key in double quotes, "
			"found byte 0x7f" },
	{ DOC("{\"a\"}"),
	  "line 1, column 5: expected ':' behind the key, found '}'" },
	{ DOC("{\"a\":}"), "line 1, column 6: expected a value, found '}'" },
	{ DOC("{\"a\":1]"),
	  "line 1, column 7: expected ',' or '}', found ']'" },
	{ DOC("{\"a\":1"),
	  "line 1, column 7: expected ',' or '}', found the end" },
	{ DOC("{\n \"a\": 1,\n\tx}"),
	  "line 3, column 2: expected a key in double quotes, found 'x'" },
	{ DOC("{}//"), "line 1, column 3: expected nothing more, found '/'" },
};

static void refuses_and_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = ERR_INIT;

		if (scan(refused[i].doc, refused[i].len, &e) != -1)
			fail_msg("accepted: %s", refused[i].doc);
		assert_string_equal(e.msg, refused[i].msg);
		assert_int_equal(e.code, DC_CODE_UNSAFE_REQUEST);
	}
}

/* LEVELS of [ and as many ], or where closed is false, none of those. */
static int scan_nested(size_t levels, bool closed, struct err *e)
{
	size_t len = closed ? 2 * levels : levels;
	char *doc = malloc(len);
	int r;

	assert_non_null(doc);
	memset(doc, '[', levels);
	memset(doc + levels, ']', len - levels);
	r = scan(doc, len, e);
	free(doc);
	return r;
}

static void nests_as_deep_as_go(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(scan_nested(JSON_MAX_DEPTH, true, &e), 0);
	assert_int_equal(scan_nested(JSON_MAX_DEPTH + 1, true, &e), -1);
	assert_string_equal(e.msg, "line 1, column 10001: "
				   "nested deeper than 10000 levels");
	assert_int_equal(scan_nested(50000, false, &e), -1);
}

/* One event as text: depth, event, type, key, value. */
static void describe(const char *doc, const struct json_item *item, char *out,
		     size_t size)
{
	size_t len = strlen(out);

	if (item->event == JSON_END) {
		snprintf(out + len, size - len, "end");
		return;
	}
	snprintf(out + len, size - len, "%u%c%c %.*s%s%.*s\n", item->depth,
		 "E=+-"[item->event], "{[s#tfn"[item->type],
		 item -> has_key ? (int)item -> key.len : 0,
		 item->has_key ? doc + item->key.off : "",
		 item->has_key ? "=" : "", (int)item->value.len,
		 doc + item->value.off);
}

static void yields_events(void **state)
{
	static const char doc[] =
		"{\"a\" : [1, \"x\", {}, [true]], \"b\": {\"a\":null},"
		"\"a\":false}";
	struct err e = ERR_INIT;
	struct json_item item;
	char got[1024] = "";

	(void)state;
	json_init(&scanner, doc, strlen(doc));
	do {
		assert_int_equal(json_next(&scanner, &item, &e), 0);
		describe(doc, &item, got, sizeof(got));
	} while (item.event != JSON_END);
	assert_string_equal(got, "0+{ {\n"
				 "1+[ \"a\"=[\n"
				 "2=# 1\n"
				 "2=s \"x\"\n"
				 "2+{ {\n"
				 "2-{ {}\n"
				 "2+[ [\n"
				 "3=t true\n"
				 "2-[ [true]\n"
				 "1-[ [1, \"x\", {}, [true]]\n"
				 "1+{ \"b\"={\n"
				 "2=n \"a\"=null\n"
				 "1-{ {\"a\":null}\n"
				 "1=f \"a\"=false\n"
				 "0-{ {\"a\" : [1, \"x\", {}, [true]], "
				 "\"b\": {\"a\":null},\"a\":false}\n"
				 "end");
}

/* Alternating kinds across the bitmap's words, on memory that is not zero. */
static void tells_objects_from_arrays_at_any_depth(void **state)
{
	static const char open[] = "[{\"a\":", close[] = "}]";
	char doc[200 * 8 + 2] = "";
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(doc, open);
	strcat(doc, "1");
	for (int i = 0; i < 200; i++)
		strcat(doc, close);
	memset(&scanner, 0xff, sizeof(scanner));
	assert_int_equal(scan(doc, strlen(doc), &e), 0);
	memset(&scanner, 0, sizeof(scanner));
	assert_int_equal(scan(doc, strlen(doc), &e), 0);
}

/* Pages are touched only as deep as a document is. */
static void touches_no_more_than_the_depth_needs(void **state)
{
	const unsigned char *open_at, *is_object;
	struct err e = ERR_INIT;

	(void)state;
	memset(&scanner, 0xa5, sizeof(scanner));
	assert_int_equal(scan(DOC("{\"a\":[{\"b\":[1,{}]}]}"), &e), 0);
	is_object = (const unsigned char *)scanner.is_object;
	open_at = (const unsigned char *)scanner.open_at;
	for (size_t i = sizeof(uint64_t); i < sizeof(scanner.is_object); i++)
		assert_int_equal(is_object[i], 0xa5);
	for (size_t i = 5 * sizeof(size_t); i < sizeof(scanner.open_at); i++)
		assert_int_equal(open_at[i], 0xa5);
}

static void positions(void **state)
{
	static const struct {
		size_t off, line, column;
	} t[] = { { 0, 1, 1 }, { 1, 1, 2 }, { 2, 1, 3 },
		  { 3, 2, 1 }, { 4, 3, 1 }, { 6, 3, 3 } };
	size_t line, column;

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		json_position("a\r\n\nbc", t[i].off, &line, &column);
		assert_int_equal(line, t[i].line);
		assert_int_equal(column, t[i].column);
	}
}

static const struct {
	const char *in;
	size_t len;
	const char *out;
	size_t out_len;
} decoded[] = {
	{ DOC("\"\""), DOC("") },
	{ DOC("\"plain\""), DOC("plain") },
	{ DOC("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), DOC("\"\\/\b\f\n\r\t") },
	{ DOC("\"a\\u0000b\""), DOC("a\0b") },
	{ DOC("\"\\u006B\\u212a\\u00e9\""), DOC("k\xe2\x84\xaa\xc3\xa9") },
	{ DOC("\"\\ud83d\\ude00\""), DOC("\xf0\x9f\x98\x80") },
	{ DOC("\"\\uDBFF\\uDFFF\""), DOC("\xf4\x8f\xbf\xbf") },
	{ DOC("\"\\ud800\""), DOC("\xef\xbf\xbd") },
	{ DOC("\"\\udc00\\ud800\""), DOC("\xef\xbf\xbd\xef\xbf\xbd") },
	{ DOC("\"\\ud800\\ud800\\udc00\""),
	  DOC("\xef\xbf\xbd\xf0\x90\x80\x80") },
	{ DOC("\"\\ud800\\u0041\""), DOC("\xef\xbf\xbd"
					 "A") },
	{ DOC("\"\\ud800\\ndc00\""), DOC("\xef\xbf\xbd\ndc00") },
	{ DOC("\"\\ud800xudc00\""), DOC("\xef\xbf\xbdxudc00") },
	{ DOC("\"\\ud7ff\\udfff\\ue000\""),
	  DOC("\xed\x9f\xbf\xef\xbf\xbd\xee\x80\x80") },
	{ DOC("\"\\udc00\\udc00\""), DOC("\xef\xbf\xbd\xef\xbf\xbd") },
	{ DOC("\"\\ud800\\udbff\""), DOC("\xef\xbf\xbd\xef\xbf\xbd") },
	{ DOC("\"\\ud800\\ue000\""), DOC("\xef\xbf\xbd\xee\x80\x80") },
	{ DOC("\"\\ud800udc00\""), DOC("\xef\xbf\xbdudc00") },
	{ DOC("\"\xff\xe2\x84\""),
	  DOC("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") },
	{ DOC("\"\xe2\x84\xaa\""), DOC("\xe2\x84\xaa") },
};

static void decodes_as_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(decoded); i++) {
		char *in = exact_copy(decoded[i].in, decoded[i].len);
		struct json_span span = { 0, decoded[i].len };
		char out[64];

		memset(out, 'x', sizeof(out));
		assert_int_equal(json_decode_string(in, span, out, sizeof(out)),
				 decoded[i].out_len);
		assert_memory_equal(out, decoded[i].out, decoded[i].out_len);
		assert_int_equal(out[decoded[i].out_len], '\0');
		free(in);
	}
}

static void decodes_into_what_room_there_is(void **state)
{
	static const char in[] = "\"ab\xe2\x84\xaaz\"";
	static const char *const by_size[] = { "",
					       "",
					       "a",
					       "ab",
					       "ab",
					       "ab",
					       "ab\xe2\x84\xaa",
					       "ab\xe2\x84\xaaz" };
	const struct json_span span = { 0, sizeof(in) - 1 };
	char out[16];

	(void)state;
	for (size_t size = 0; size < COUNT(by_size); size++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(json_decode_string(in, span, out, size), 6);
		if (size > 0)
			assert_string_equal(out, by_size[size]);
		assert_int_equal(out[size], 'x');
	}
}

static const struct {
	const char *key;
	const char *name;
	bool is, begins;
} keys[] = {
	{ "\"kubernetes\"", "kubernetes", true, true },
	{ "\"KUBERNETES\"", "kubernetes", true, true },
	{ "\"KuberneteS\"", "kubernetes", true, true },
	{ "\"\xe2\x84\xaaubernete\xc5\xbf\"", "kubernetes", true, true },
	{ "\"\\u212Aubernete\\u017f\"", "kubernetes", true, true },
	{ "\"\\u006b\\u0055bernetes\"", "kubernetes", true, true },
	{ "\"kubernetes2\"", "kubernetes", false, true },
	{ "\"kubernetes\\u0000\"", "kubernetes", false, true },
	{ "\"kubernete\"", "kubernetes", false, false },
	{ "\" kubernetes\"", "kubernetes", false, false },
	{ "\"kubernetes \"", "kubernetes", false, true },
	{ "\"\"", "kubernetes", false, false },
	{ "\"\xe2\x84ubernetes\"", "kubernetes", false, false },
	{ "\"k8\xc5\xbf_api_root\"", "k8s_", false, true },
	{ "\"k8s-\"", "k8s_", false, false },
	{ "\"[pam\"", "{pam", false, false },
	{ "\"\\u004b\"", "k", true, true },
	{ "\"AZaz@\"", "azaz@", true, true },
	{ "\"@[`{\"", "@[`{", true, true },
	{ "\"\xe2\x84\xab\"", "a", false, false },
	{ "\"KubeConfig\"", "kubeConfig", true, true },
	{ "\"\"", "", true, true },
	{ "\"a\"", "", false, true },
};

/* The pattern is in memory that ends with it. */
static bool matches(const char *key, struct json_span span, const char *name,
		    const char *end)
{
	char pattern[32];
	size_t len = (size_t)snprintf(pattern, sizeof(pattern), "%s%s", name,
				      end);
	char *copy = exact_copy(pattern, len);
	bool r = json_key_matches(key, span, copy, len);

	free(copy);
	return r;
}

static void compares_keys_as_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		size_t len = strlen(keys[i].key);
		char *key = exact_copy(keys[i].key, len);
		struct json_span span = { 0, len };

		if (json_key_is(key, span, keys[i].name) != keys[i].is)
			fail_msg("is: %s", keys[i].key);
		if (matches(key, span, keys[i].name, "") != keys[i].is)
			fail_msg("matches: %s", keys[i].key);
		if (matches(key, span, keys[i].name, "*") != keys[i].begins)
			fail_msg("begins: %s", keys[i].key);
		free(key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts),
		cmocka_unit_test(refuses_and_says_where),
		cmocka_unit_test(nests_as_deep_as_go),
		cmocka_unit_test(yields_events),
		cmocka_unit_test(tells_objects_from_arrays_at_any_depth),
		cmocka_unit_test(touches_no_more_than_the_depth_needs),
		cmocka_unit_test(positions),
		cmocka_unit_test(decodes_as_go),
		cmocka_unit_test(decodes_into_what_room_there_is),
		cmocka_unit_test(compares_keys_as_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
