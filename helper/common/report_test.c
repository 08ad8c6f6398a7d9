/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "report.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Formats in a buffer of just that size; checks form and strict JSON. */
static json_t *format(const struct report *r, char *line, size_t size)
{
	static char larger[2 * DC_REPORT_MAX];
	char *exact = malloc(DC_REPORT_MAX);
	json_error_t problem;
	json_t *parsed;
	size_t len;

	assert_non_null(exact);
	len = report_format(r, exact, DC_REPORT_MAX);
	assert_in_range(len, 2, DC_REPORT_MAX);
	assert_int_equal(report_format(r, larger, sizeof(larger)), len);
	assert_int_equal(exact[len - 1], '\n');
	assert_null(memchr(exact, '\n', len - 1));
	parsed = json_loadb(exact, len, JSON_REJECT_DUPLICATES, &problem);
	if (parsed == NULL)
		fail_msg("%s: %.*s", problem.text, (int)len, exact);
	snprintf(line, size, "%.*s", (int)len, exact);
	free(exact);
	return parsed;
}

static void check_line(const struct report *r, const char *want)
{
	char line[DC_REPORT_MAX + 1];
	json_t *parsed = format(r, line, sizeof(line));

	assert_string_equal(line, want);
	json_decref(parsed);
}

static void a_full_report(void **state)
{
	const struct err error = { 107, "install \"x\"" };
	struct report r = {
		.rule = "user\"space",
		.plugin = "/opt/cni/bin/userspace",
		.types = { "userspace", "host-local", "", "" },
		.command = CNI_ADD,
		.pod = { "default", "web-0" },
		.source = SOURCE_STORE,
		.jti = "7a1c-\"x",
		.expires = 951782400,
		.setup_us = 1234,
		.teardown_us = INT64_MAX,
		.exit_status = 1,
		.signal = 9,
		.error = &error,
	};

	(void)state;
	report_fallback(&r, "noswap: %s", "none");
	report_fallback(&r, "second");
	report_fallback(&r, "noswap: %s", "none");
	check_line(&r, "{\"v\":1,\"rule\":\"user\\\"space\","
		       "\"plugin\":\"/opt/cni/bin/userspace\","
		       "\"types\":[\"userspace\",\"host-local\",\"\",\"\"],"
		       "\"command\":\"ADD\",\"podNamespace\":\"default\","
		       "\"pod\":\"web-0\",\"source\":\"store\","
		       "\"jti\":\"7a1c-\\\"x\","
		       "\"expires\":\"2000-02-29T00:00:00Z\","
		       "\"fallbacks\":[\"noswap: none\",\"second\"],"
		       "\"setupMicroseconds\":1234,"
		       "\"teardownMicroseconds\":9223372036854775807,"
		       "\"exitStatus\":1,\"signal\":9,"
		       "\"error\":{\"code\":107,"
		       "\"msg\":\"install \\\"x\\\"\"}}\n");
}

static void an_empty_report(void **state)
{
	const struct err none = ERR_INIT;
	const struct report r = { .exit_status = -1, .error = &none };

	(void)state;
	check_line(&r, "{\"v\":1,\"rule\":null,\"plugin\":null,"
		       "\"types\":[\"\",\"\",\"\",\"\"],\"command\":null,"
		       "\"podNamespace\":null,\"pod\":null,"
		       "\"source\":\"none\",\"jti\":null,\"expires\":null,"
		       "\"fallbacks\":[],\"setupMicroseconds\":0,"
		       "\"teardownMicroseconds\":0,\"exitStatus\":null,"
		       "\"signal\":null,\"error\":null}\n");
}

static void success_is_a_status(void **state)
{
	struct report r = { .exit_status = 0 };
	char line[DC_REPORT_MAX + 1];
	json_t *parsed = format(&r, line, sizeof(line));

	(void)state;
	assert_true(json_is_integer(json_object_get(parsed, "exitStatus")));
	json_decref(parsed);
}

static void names_every_source(void **state)
{
	static const char *const names[] = {
		[SOURCE_NONE] = "none",
		[SOURCE_DIRECTORY] = "directory",
		[SOURCE_STORE] = "store",
		[SOURCE_CONF] = "conf",
		[SOURCE_HOST] = "host",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct report r = { .source = (enum report_source)i };
		char line[DC_REPORT_MAX + 1];
		json_t *parsed = format(&r, line, sizeof(line));

		assert_string_equal(
			json_string_value(json_object_get(parsed, "source")),
			names[i]);
		json_decref(parsed);
	}
}

static void expires_as_the_c_library_writes_it(void **state)
{
	static const int64_t times[] = { 1,	      86399,	   86400,
					 5097600,     68169600,	   951868800,
					 951868799,   4107542400,  4107542399,
					 13574563200, 253402300799 };

	(void)state;
	for (size_t i = 0; i < 4000 + COUNT(times); i++) {
		time_t t = i < COUNT(times)
				   ? (time_t)times[i]
				   : (time_t)(i * 63072000001 % 253402300800);
		struct report r = { .expires = t };
		char line[DC_REPORT_MAX + 1], want[32];
		json_t *parsed = format(&r, line, sizeof(line));
		struct tm tm;

		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ",
			 gmtime_r(&t, &tm));
		assert_string_equal(
			json_string_value(json_object_get(parsed, "expires")),
			want);
		json_decref(parsed);
	}
}

static void counts_fallbacks_beyond_the_list(void **state)
{
	struct report r = { 0 };
	char line[DC_REPORT_MAX + 1];
	json_t *parsed, *list;

	(void)state;
	for (int i = 0; i < REPORT_FALLBACKS + 3; i++)
		report_fallback(&r, "number %d", i);
	assert_int_equal(r.fallback_count, REPORT_FALLBACKS + 3);
	parsed = format(&r, line, sizeof(line));
	list = json_object_get(parsed, "fallbacks");
	assert_int_equal(json_array_size(list), REPORT_FALLBACKS + 1);
	assert_string_equal(json_string_value(json_array_get(list, 7)),
			    "number 7");
	assert_string_equal(json_string_value(json_array_get(list, 8)),
			    "3 more");
	json_decref(parsed);
}

static void cuts_a_long_fallback(void **state)
{
	struct report r = { 0 };

	(void)state;
	report_fallback(&r, "%0900d", 0);
	assert_int_equal(strlen(r.fallbacks[0]), REPORT_FALLBACK_MAX - 1);
}

/* Fallbacks go before the error's message is touched. */
static void gives_up_fallbacks_first(void **state)
{
	struct err error = { 100, "" };
	struct report r = { .error = &error };
	char line[DC_REPORT_MAX + 1];
	json_t *parsed, *list;

	(void)state;
	memset(error.msg, 'm', sizeof(error.msg) - 1);
	for (int i = 0; i < 8; i++)
		report_fallback(&r, "%d%0500d", i, 0);
	parsed = format(&r, line, sizeof(line));
	list = json_object_get(parsed, "fallbacks");
	assert_in_range(json_array_size(list), 4, 8);
	assert_memory_equal(json_string_value(json_array_get(list, 0)), "00",
			    2);
	assert_int_equal(json_string_length(json_object_get(
				 json_object_get(parsed, "error"), "msg")),
			 sizeof(error.msg) - 1);
	json_decref(parsed);
}

/* All that can be long is long, and of the byte that costs most. */
static void fits_whatever_the_strings_hold(void **state)
{
	static const char fill[] = { '\x01', '"', 'a', '\xff', '\xe2', '\x7f' };
	static char plugin[65536];

	(void)state;
	for (size_t i = 0; i < COUNT(fill); i++) {
		struct err error = { -2147483647 - 1, "" };
		struct report r = { .rule = plugin,
				    .plugin = plugin,
				    .expires = 253402300799,
				    .fallback_count = 20,
				    .setup_us = INT64_MAX,
				    .teardown_us = INT64_MAX,
				    .exit_status = 2147483647,
				    .signal = 2147483647,
				    .error = &error };
		char line[DC_REPORT_MAX + 1];

		memset(plugin, fill[i], sizeof(plugin) - 1);
		memset(error.msg, fill[i], sizeof(error.msg) - 1);
		memset(r.types.main, fill[i], 255);
		memset(r.types.ipam, fill[i], 255);
		memset(r.types.delegate, fill[i], 255);
		memset(r.types.delegate_ipam, fill[i], 255);
		memset(r.pod.namespace, fill[i], CNI_NAME_MAX);
		memset(r.pod.name, fill[i], CNI_NAME_MAX);
		memset(r.jti, fill[i], DC_STORE_JTI_MAX);
		json_decref(format(&r, line, sizeof(line)));
	}
}

/* Every length around the limit: whole while it fits, cut from there on. */
static void fits_to_the_byte(void **state)
{
	static char plugin[DC_REPORT_MAX + 2];
	const struct report r = { .plugin = plugin };
	size_t longest = 0;

	(void)state;
	for (size_t n = 3000; n < sizeof(plugin); n++) {
		char line[DC_REPORT_MAX + 1];
		json_t *parsed;

		memset(plugin, 'p', n);
		parsed = format(&r, line, sizeof(line));
		if (json_string_length(json_object_get(parsed, "plugin")) == n)
			longest = strlen(line);
		json_decref(parsed);
	}
	assert_int_equal(longest, DC_REPORT_MAX - 1);
}

static const struct {
	const char *in;
	const char *json;
} escapes[] = {
	{ "plain", "plain" },
	{ "\"\\/", "\\\"\\\\/" },
	{ "\n\t\x01\x1f\x7f", "\\u000a\\u0009\\u0001\\u001f\\u007f" },
	{ "\xc3\xa9\xe2\x84\xaa\xf0\x9f\x98\x80",
	  "\\u00e9\\u212a\xf0\x9f\x98\x80" },
	/* What a terminal or a reader of logs could take for more than text. */
	{ "\xc2\x9b\xe2\x80\xa8\xe2\x80\xae", "\\u009b\\u2028\\u202e" },
	{ "a\xff\xc0\x80z", "a\\ufffd\\ufffd\\ufffdz" },
	{ "\xe2\x84", "\\ufffd\\ufffd" },
	{ "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
};

static void cni_error_escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(escapes); i++) {
		char out[256], want[256];
		struct err e = { 11, "" };
		size_t len;

		strcpy(e.msg, escapes[i].in);
		snprintf(want, sizeof(want),
			 "{\"cniVersion\":\"1.0.0\",\"code\":11,"
			 "\"msg\":\"%s\"}\n",
			 escapes[i].json);
		len = cni_error_format("1.0.0", &e, out, sizeof(out));
		assert_int_equal(len, strlen(want));
		assert_string_equal(out, want);
	}
}

static void cni_error_leaves_out_no_version(void **state)
{
	static const char *const none[] = { NULL, "", "1.0\"", "x",
					    "1234567890123456" };
	const struct err e = { 101, "m" };
	char out[128];

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++) {
		cni_error_format(none[i], &e, out, sizeof(out));
		assert_string_equal(out, "{\"code\":101,\"msg\":\"m\"}\n");
	}
}

static void cni_error_uses_all_the_room(void **state)
{
	static const char want[] = "{\"code\":100,\"msg\":\"0123456789012345"
				   "67890123456789012345678901234567890\"}\n";
	struct err e = { 100, "012345678901234567890123456789"
			      "012345678901234567890" };
	char out[sizeof(want)];

	(void)state;
	assert_int_equal(cni_error_format(NULL, &e, out, sizeof(out)),
			 sizeof(want) - 1);
	assert_string_equal(out, want);
	cni_error_format(NULL, &e, out, sizeof(out) - 1);
	assert_string_equal(out + sizeof(want) - 6, "9\"}\n");
}

/* Every size: strict JSON, the message a beginning of the whole one. */
static void cni_error_fits(void **state)
{
	struct err e = { -2147483647 - 1, "" };
	char whole[sizeof(e.msg)] = "";

	(void)state;
	while (strlen(whole) + 12 < sizeof(whole))
		strcat(whole, "a\"\xc3\xa9\n\xf0\x9f\x98\x80");
	strcpy(e.msg, whole);
	for (size_t size = 64; size < 4000; size++) {
		char *out = malloc(size);
		size_t len = cni_error_format("123456789012345", &e, out, size);
		json_t *parsed = json_loadb(out, len, 0, NULL), *msg;

		assert_in_range(len, 1, size);
		assert_non_null(parsed);
		msg = json_object_get(parsed, "msg");
		assert_memory_equal(json_string_value(msg), whole,
				    json_string_length(msg));
		if (size > 2000)
			assert_string_equal(json_string_value(msg), whole);
		json_decref(parsed);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_report),
		cmocka_unit_test(an_empty_report),
		cmocka_unit_test(success_is_a_status),
		cmocka_unit_test(names_every_source),
		cmocka_unit_test(expires_as_the_c_library_writes_it),
		cmocka_unit_test(counts_fallbacks_beyond_the_list),
		cmocka_unit_test(cuts_a_long_fallback),
		cmocka_unit_test(gives_up_fallbacks_first),
		cmocka_unit_test(fits_whatever_the_strings_hold),
		cmocka_unit_test(fits_to_the_byte),
		cmocka_unit_test(cni_error_escapes),
		cmocka_unit_test(cni_error_leaves_out_no_version),
		cmocka_unit_test(cni_error_uses_all_the_room),
		cmocka_unit_test(cni_error_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
