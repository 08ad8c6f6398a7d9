/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "quote.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *in, *out;
} quoted[] = {
	{ "", "" },
	{ "/a-b_c.d ~", "/a-b_c.d ~" },
	{ "\"\\", "\\\"\\\\" },
	{ "\x01\n\t\x1f\x7f", "\\u0001\\u000a\\u0009\\u001f\\u007f" },
	/* NEL, LINE SEPARATOR and the byte order mark are YAML's own. */
	{ "\xc2\x85\xe2\x80\xa8\xef\xbb\xbf", "\\u0085\\u2028\\ufeff" },
	{ "\xc3\xa9\xef\xbf\xbf", "\\u00e9\\uffff" },
	{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
	  "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
	{ "\xff", "\\ufffd" },
};

static void quotes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(quoted); i++) {
		const char *in = quoted[i].in;
		char out[64] = "";
		size_t len = 0;

		while (*in != '\0')
			len += quote_next(&in, out + len);
		out[len] = '\0';
		assert_string_equal(out, quoted[i].out);
	}
}

static void prints_a_whole_text(void **state)
{
	char out[64] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	assert_non_null(f);
	quote_print("a\033[1m\"\n\xc2\x9b", f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(out, "a\\u001b[1m\\\"\\u000a\\u009b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(prints_a_whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
