/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "netconf_edit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct output {
	char *buf;
	size_t size, len;
	size_t writes;
	bool broken;
};

static int take(void *arg, const char *data, size_t len, struct err *e)
{
	struct output *o = arg;

	o->writes++;
	if (o->broken)
		return err_set(e, DC_CODE_INTERNAL, "the sink is broken");
	assert_true(len > 0 && len < o->size - o->len);
	memcpy(o->buf + o->len, data, len);
	o->len += len;
	o->buf[o->len] = '\0';
	return 0;
}

/* From a copy without a NUL or room, so that ASan sees an over-read. */
static int edit(const char *doc, size_t len, const struct netconf_value *values,
		size_t count, struct output *o, struct err *e)
{
	const struct netconf_sink sink = { take, o };
	char *copy = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, doc, len);
	r = netconf_edit(copy, len, values, count, &sink, e);
	free(copy);
	return r;
}

/* The values are "1", "2" and so on. */
static size_t number_values(const char *const keys[4],
			    struct netconf_value values[4])
{
	static const char *const numbers[] = { "1", "2", "3", "4" };
	size_t n = 0;

	for (; n < 4 && keys[n] != NULL; n++)
		values[n] = (struct netconf_value){ keys[n], numbers[n] };
	return n;
}

static const struct {
	const char *keys[4];
	const char *in, *out;
} edited[] = {
	/* Added. */
	{ { "a" }, "{}", "{\"a\":\"1\"}" },
	{ { "a" }, " { } \n", " { \"a\":\"1\"} \n" },
	{ { "a" }, "{\"b\":1}", "{\"b\":1,\"a\":\"1\"}" },
	{ { "a" }, "{\"b\" : 1.50 ,\"b\":\t1e400 }\n",
	  "{\"b\" : 1.50 ,\"b\":\t1e400 ,\"a\":\"1\"}\n" },
	{ { "a" }, "{\"b\":{\"a\":7}}", "{\"b\":{\"a\":7},\"a\":\"1\"}" },
	{ { "a" }, "{\"b\":[{\"a\":7}]}", "{\"b\":[{\"a\":7}],\"a\":\"1\"}" },
	{ { "Ab" }, "{\"b\":1}", "{\"b\":1,\"Ab\":\"1\"}" },
	{ { "a", "b" }, "{}", "{\"a\":\"1\",\"b\":\"2\"}" },
	{ { "a", "b" }, "{\"b\":7}", "{\"b\":\"2\",\"a\":\"1\"}" },
	/* With its parents. */
	{ { "x.y.a" }, "{}", "{\"x\":{\"y\":{\"a\":\"1\"}}}" },
	{ { "x.y.a" }, "{\"x\":{}}", "{\"x\":{\"y\":{\"a\":\"1\"}}}" },
	{ { "x.y.a" },
	  "{\"x\":{\"y\":{\"b\":1}}}",
	  "{\"x\":{\"y\":{\"b\":1,\"a\":\"1\"}}}" },
	{ { "x.a", "y", "X.b", "x.z.c" },
	  "{}",
	  "{\"x\":{\"a\":\"1\",\"b\":\"3\",\"z\":{\"c\":\"4\"}},"
	  "\"y\":\"2\"}" },
	{ { "x.a", "x.z.b", "x.z.c" },
	  "{\"x\":{\"z\":{\"b\":7}}}",
	  "{\"x\":{\"z\":{\"b\":\"2\",\"c\":\"3\"},\"a\":\"1\"}}" },
	{ { "a.b.c.d.e.f.g.h" },
	  "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{}}}}}}}}",
	  "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":\"1\"}"
	  "}}}}}}}" },
	/* In the place of any value. */
	{ { "a" }, "{\"a\":\"7\"}", "{\"a\":\"1\"}" },
	{ { "a" }, "{ \"a\" : 7 , \"b\":2}", "{ \"a\" : \"1\" , \"b\":2}" },
	{ { "a" }, "{\"a\":null}", "{\"a\":\"1\"}" },
	{ { "a" }, "{\"a\":{}}", "{\"a\":\"1\"}" },
	{ { "a" },
	  "{\"a\":[1,{\"a\":[{}]},[\"]\"]] }",
	  "{\"a\":\"1\" }" },
	{ { "x.a" },
	  "{\"x\":{\"a\":{\"a\":1},\"b\":{}}}",
	  "{\"x\":{\"a\":\"1\",\"b\":{}}}" },
	/* Wherever and however it stands. */
	{ { "a" },
	  "{\"a\":7,\"b\":1,\"a\":8}",
	  "{\"a\":\"1\",\"b\":1,\"a\":\"1\"}" },
	{ { "kubeS" },
	  "{\"KUBES\":7,\"\\u212AUbe\\u017f\":8,\"\xe2\x84\xaaubes\":9}",
	  "{\"KUBES\":\"1\",\"\\u212AUbe\\u017f\":\"1\","
	  "\"\xe2\x84\xaaubes\":\"1\"}" },
	{ { "x.a" },
	  "{\"x\":{\"a\":7},\"X\":{\"b\":1},\"\\u0078\":{}}",
	  "{\"x\":{\"a\":\"1\"},\"X\":{\"b\":1,\"a\":\"1\"},"
	  "\"\\u0078\":{\"a\":\"1\"}}" },
	{ { "x.a", "x.b" },
	  "{\"x\":{\"a\":7},\"x\":{\"b\":8}}",
	  "{\"x\":{\"a\":\"1\",\"b\":\"2\"},\"x\":{\"b\":\"2\","
	  "\"a\":\"1\"}}" },
	/* What only looks like it. */
	{ { "x.a" },
	  "{\"a\":7,\"x\":{\"b\":{\"a\":8}},\"y\":{\"a\":9}}",
	  "{\"a\":7,\"x\":{\"b\":{\"a\":8},\"a\":\"1\"},\"y\":{\"a\":9}}" },
	{ { "a" },
	  "{\"a\\u0000\":7,\"aa\":8,\"\":9}",
	  "{\"a\\u0000\":7,\"aa\":8,\"\":9,\"a\":\"1\"}" },
	{ { "a" }, "{\"b\":\"\xff\xed\xa0\x80\"}",
	  "{\"b\":\"\xff\xed\xa0\x80\",\"a\":\"1\"}" },
};

static void edits_and_keeps_the_rest(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(edited); i++) {
		struct netconf_value values[4];
		size_t count = number_values(edited[i].keys, values);
		char buf[256] = "";
		struct output o = { .buf = buf, .size = sizeof(buf) };
		struct err e = ERR_INIT;

		if (edit(edited[i].in, strlen(edited[i].in), values, count, &o,
			 &e) < 0)
			fail_msg("%s: %s", edited[i].in, e.msg);
		assert_string_equal(buf, edited[i].out);
	}
}

static void quotes_the_value(void **state)
{
	const struct netconf_value v = { "a", "/\"\\\n\xc3\xa9" };
	char buf[64] = "";
	struct output o = { .buf = buf, .size = sizeof(buf) };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(edit("{}", 2, &v, 1, &o, &e), 0);
	assert_string_equal(buf, "{\"a\":\"/\\\"\\\\\\u000a\\u00e9\"}");
}

#define CORRECT "correct the network configuration: "

static const struct {
	const char *key;
	const char *in, *msg;
} refused[] = {
	{ "x.a", "{\n \"X\": null}",
	  CORRECT "line 2, column 2: 'x' has to be an object: the credential "
		  "goes into its 'a'" },
	{ "x.y.a", "{\"x\":{\"y\":\"\"}}",
	  CORRECT "line 1, column 7: 'x.y' has to be an object: the credential "
		  "goes into its 'a'" },
	{ "x.y.a", "{\"x\":[{}]}",
	  CORRECT "line 1, column 2: 'x' has to be an object: the credential "
		  "goes into its 'y.a'" },
	{ "x.a", "{\"x\":{},\"x\":1}",
	  CORRECT "line 1, column 9: 'x' has to be an object: the credential "
		  "goes into its 'a'" },
	{ "a", "[]", CORRECT "line 1, column 1: expected an object" },
	{ "a", " null", CORRECT "line 1, column 2: expected an object" },
	{ "a", "",
	  CORRECT "line 1, column 1: expected a value, found the end" },
	{ "a", "{\"a\":{\"b\":}}",
	  CORRECT "line 1, column 11: expected a value, found '}'" },
	{ "a", "{} x",
	  CORRECT "line 1, column 4: expected nothing more, found 'x'" },
};

static void refuses_and_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		const struct netconf_value v = { refused[i].key, "1" };
		char buf[256];
		struct output o = { .buf = buf, .size = sizeof(buf) };
		struct err e = ERR_INIT;

		assert_int_equal(edit(refused[i].in, strlen(refused[i].in), &v,
				      1, &o, &e),
				 -1);
		assert_int_equal(e.code, DC_CODE_UNSAFE_REQUEST);
		assert_string_equal(e.msg, refused[i].msg);
	}
}

static void takes_as_many_keys_as_it_says(void **state)
{
	static char keys[NETCONF_EDIT_MAX + 1][8];
	struct netconf_value values[NETCONF_EDIT_MAX + 1];
	char buf[2048] = "", expected[2048] = "{";
	struct output o = { .buf = buf, .size = sizeof(buf) };
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i <= NETCONF_EDIT_MAX; i++) {
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
		values[i] = (struct netconf_value){ keys[i], "" };
		if (i == NETCONF_EDIT_MAX)
			break;
		snprintf(expected + strlen(expected),
			 sizeof(expected) - strlen(expected), "%s\"k%zu\":\"\"",
			 i == 0 ? "" : ",", i);
	}
	strcat(expected, "}");
	assert_int_equal(edit("{}", 2, values, NETCONF_EDIT_MAX, &o, &e), 0);
	assert_string_equal(buf, expected);
	assert_int_equal(edit("{}", 2, values, NETCONF_EDIT_MAX + 1, &o, &e),
			 -1);
	assert_int_equal(e.code, DC_CODE_INTERNAL);
	assert_int_equal(edit("{}", 2, values, 0, &o, &e), -1);
}

/* n times the text; returns what is behind them. */
static char *repeat(char *p, const char *text, size_t n)
{
	const size_t len = strlen(text);

	for (; n > 0; n--, p += len)
		memcpy(p, text, len);
	return p;
}

/* 1 MiB of duplicates, and one value of 1 MiB: few writes, nothing lost. */
static void streams_what_is_large(void **state)
{
	static const char member[] = "\"a\":\"7\",", last[] = "\"b\":\"";
	static const char member_out[] = "\"a\":\"1\",";
	const struct netconf_value v = { "a", "1" };
	const size_t members = 1 << 17, rest = 1 << 20;
	char *doc = malloc(members * 8 + rest + 16), *p = doc;
	struct output o = { .size = members * 8 + rest + 16 };
	struct err e = ERR_INIT;

	(void)state;
	o.buf = malloc(o.size);
	*p++ = '{';
	p = repeat(p, member, members);
	memcpy(p, last, 5);
	memset(p + 5, 'x', rest);
	memcpy(p + 5 + rest, "\"}", 2);
	assert_int_equal(edit(doc, (size_t)(p - doc) + 7 + rest, &v, 1, &o, &e),
			 0);
	assert_int_equal(o.len, 1 + members * 8 + 7 + rest);
	for (size_t i = 0; i < members; i++)
		assert_memory_equal(o.buf + 1 + i * 8, member_out, 8);
	assert_memory_equal(o.buf + 1 + members * 8, p, 7 + rest);
	assert_true(o.writes < 300);
	free(o.buf);
	free(doc);
}

/* Each of the n objects gets a member of 8 bytes; o->len is what was written. */
static int multiply(size_t n, struct output *o, struct err *e)
{
	static const char object[] = "\"x\":{},";
	const struct netconf_value v = { "x.a", "12" };
	const size_t each = sizeof(object) - 1;
	char *doc = malloc(2 + n * each);
	int failed;

	o->size = 3 + n * (each + 8);
	o->buf = malloc(o->size);
	doc[0] = '{';
	repeat(doc + 1, object, n);
	doc[n * each] = '}'; /* in the place of the last comma */
	failed = edit(doc, 1 + n * each, &v, 1, o, e);
	free(doc);
	free(o->buf);
	return failed;
}

static void refuses_to_multiply_duplicates(void **state)
{
	const size_t most = NETCONF_EDIT_GROWTH_MAX / 8;
	struct output at = { .len = 0 }, beyond = { .len = 0 };
	struct output far_beyond = { .len = 0 };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(multiply(most, &at, &e), 0);
	assert_int_equal(at.len, 1 + most * 15);
	assert_int_equal(multiply(most + 1, &beyond, &e), -1);
	assert_int_equal(e.code, DC_CODE_UNSAFE_REQUEST);
	assert_non_null(strstr(e.msg, "take duplicate keys out of the network "
				      "configuration"));
	assert_int_equal(multiply(4 * most, &far_beyond, &e), -1);
	assert_true(far_beyond.len <=
		    1 + 4 * most * 7 + NETCONF_EDIT_GROWTH_MAX);
}

static void hands_on_the_error_of_the_sink(void **state)
{
	const struct netconf_value v = { "a", "1" };
	struct output o = { .broken = true };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(edit("{}", 2, &v, 1, &o, &e), -1);
	assert_string_equal(e.msg, "the sink is broken");
	assert_int_equal(e.code, DC_CODE_INTERNAL);
	assert_int_equal(o.writes, 1);
}

/*
 * Blanks at the front put the end of what is kept together at each byte of what
 * is written in turn; those at the end would bring a further write.
 */
static void nothing_more_after_the_error_of_the_sink(void **state)
{
	enum { TOGETHER = 4096, FRONT = TOGETHER + 8, BACK = 3 * TOGETHER };
	static char doc[256 + FRONT + BACK];

	(void)state;
	memset(doc, ' ', sizeof(doc));
	for (size_t i = 0; i < COUNT(edited); i++) {
		struct netconf_value values[4];
		size_t count = number_values(edited[i].keys, values);
		size_t len = strlen(edited[i].in);

		memcpy(doc + FRONT, edited[i].in, len);
		memset(doc + FRONT + len, ' ', 256 - len);
		for (size_t off = 0; off < 256; off++) {
			struct output o = { .broken = true };
			struct err e = ERR_INIT;

			assert_int_equal(edit(doc + off, sizeof(doc) - off,
					      values, count, &o, &e),
					 -1);
			assert_int_equal(o.writes, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_and_keeps_the_rest),
		cmocka_unit_test(quotes_the_value),
		cmocka_unit_test(refuses_and_says_where),
		cmocka_unit_test(takes_as_many_keys_as_it_says),
		cmocka_unit_test(streams_what_is_large),
		cmocka_unit_test(refuses_to_multiply_duplicates),
		cmocka_unit_test(hands_on_the_error_of_the_sink),
		cmocka_unit_test(nothing_more_after_the_error_of_the_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
