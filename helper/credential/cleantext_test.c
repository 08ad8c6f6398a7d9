/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cleantext.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define X16 "0123456789abcdef"

static const struct {
	const char *in;
	const char *out;
} texts[] = {
	{ "", "" },
	{ "plain words, as they are.", "plain words, as they are." },
	{ " \t\n a\r\nb \n", "a b" },
	{ "bell\x07 and \xc3\xa9", "bell? and ??" },
	/* what could be a token */
	{ "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "[hidden]" },
	{ "Bearer eyJhbGciOi said no", "Bearer [hidden] said no" },
	{ "Authorization: Bearer opaque-1", "Authorization: Bearer [hidden]" },
	{ "bearer of news", "bearer [hidden] news" },
	{ "Bearer", "Bearer" },
	{ "Bearer (x)", "Bearer (x)" },
	{ "(" X16 X16 X16 X16 ")", "([hidden])" },
	{ "a=" X16 X16 X16 X16, "[hidden]" },
	/* what could not */
	{ X16 X16 X16 "0123456789abcde", X16 X16 X16 "0123456789abcde" },
	{ X16 X16 X16 "." X16 X16 X16, X16 X16 X16 "." X16 X16 X16 },
	{ "/" X16 X16 X16 "/" X16 X16 X16, "/" X16 X16 X16 "/" X16 X16 X16 },
	{ "eyJ", "eyJ" },
};

static void text_is_cleaned(void **state)
{
	char out[200];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		cleantext(texts[i].in, strlen(texts[i].in), out, sizeof(out));
		assert_string_equal(out, texts[i].out);
	}
}

static void a_nul_is_no_end(void **state)
{
	char out[16];

	(void)state;
	cleantext("a\0b", 3, out, sizeof(out));
	assert_string_equal(out, "a?b");
}

static void text_is_cut(void **state)
{
	char out[12];

	(void)state;
	cleantext("0123456789a", 11, out, sizeof(out));
	assert_string_equal(out, "0123456789a");
	cleantext("0123456789ab", 12, out, sizeof(out));
	assert_string_equal(out, "01234567...");
	cleantext("0123 eyJhbGciOi", 15, out, sizeof(out));
	assert_string_equal(out, "0...");
	cleantext("abc", 3, out, 1);
	assert_string_equal(out, "");
}

static void warnings_lose_their_wrapping(void **state)
{
	char out[64];

	(void)state;
	cleantext_warning("299 - \"use \\\"this\\\"\"", out, sizeof(out));
	assert_string_equal(out, "use \"this\"");
	cleantext_warning("299 - \"no end", out, sizeof(out));
	assert_string_equal(out, "no end");
	cleantext_warning("bare", out, sizeof(out));
	assert_string_equal(out, "bare");
	cleantext_warning("299 - \"\\", out, sizeof(out));
	assert_string_equal(out, "\\");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cleaned),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(text_is_cut),
		cmocka_unit_test(warnings_lose_their_wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
