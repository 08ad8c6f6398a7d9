/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "utf8.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *bytes;
	uint32_t c;
} valid[] = {
	{ "a", 'a' },
	{ "\x7f", 0x7f },
	{ "\xc2\x80", 0x80 },
	{ "\xc5\xbf", 0x17f },
	{ "\xdf\xbf", 0x7ff },
	{ "\xe0\xa0\x80", 0x800 },
	{ "\xe2\x84\xaa", 0x212a },
	{ "\xed\x9f\xbf", 0xd7ff },
	{ "\xee\x80\x80", 0xe000 },
	{ "\xef\xbf\xbd", 0xfffd },
	{ "\xf0\x90\x80\x80", 0x10000 },
	{ "\xf4\x8f\xbf\xbf", 0x10ffff },
};

static const char *const invalid[] = {
	"\x80", /* a continuation byte alone */
	"\xbf",
	"\xc0\x80", /* overlong */
	"\xc1\xbf",
	"\xe0\x9f\xbf",
	"\xf0\x8f\xbf\xbf",
	"\xed\xa0\x80", /* surrogates */
	"\xed\xbf\xbf",
	"\xf4\x90\x80\x80", /* above U+10FFFF */
	"\xf8\x90\x80\x80",
	"\xf8\x88\x80\x80\x80",
	"\xff",
	"\xc2", /* cut */
	"\xe2\x84",
	"\xf0\x9f\x98",
	"\xc2"
	"a", /* no continuation */
	"\xe2\x84"
	"a",
};

static void decodes_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		size_t size;

		assert_int_equal(utf8_decode(valid[i].bytes,
					     strlen(valid[i].bytes), &size),
				 valid[i].c);
		assert_int_equal(size, strlen(valid[i].bytes));
	}
}

static void replaces_invalid_by_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		size_t size;

		assert_int_equal(
			utf8_decode(invalid[i], strlen(invalid[i]), &size),
			UTF8_REPLACEMENT);
		assert_int_equal(size, 1);
	}
}

static void encodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		char out[UTF8_MAX_SIZE];

		assert_int_equal(utf8_encode(valid[i].c, out),
				 strlen(valid[i].bytes));
		assert_memory_equal(out, valid[i].bytes,
				    strlen(valid[i].bytes));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_valid),
		cmocka_unit_test(replaces_invalid_by_the_byte),
		cmocka_unit_test(encodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
