/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "name.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define CHARS_10 "abcdefghij"
#define CHARS_60                                                               \
	CHARS_10 CHARS_10 CHARS_10 CHARS_10 CHARS_10 CHARS_10
#define CHARS_250 CHARS_60 CHARS_60 CHARS_60 CHARS_60 CHARS_10

/* One letter for each kind that a name is of. */
static const struct {
	const char *name;
	const char *kinds;
} names[] = {
	{ "a", "lsfdv" },
	{ "0", "lsfd" },
	{ "a0-b", "lsfd" },
	{ "a--b", "lsfd" },
	{ "a.b", "sfd" },
	{ "a..b", "fd" },
	{ "a.-b", "fd" },
	{ "a-.b", "fd" },
	{ "-a", "fd" },
	{ "a-", "fd" },
	{ ".a", "fd" },
	{ "a.", "fd" },
	{ "..a", "f" },
	{ "...", "f" },
	{ "..", "" },
	{ ".", "" },
	{ "", "" },
	{ "A", "fdv" },
	{ "a_B9", "fdv" },
	{ "_", "fdv" },
	{ "9a", "lsfd" },
	{ "9_", "fd" },
	{ "a b", "f" },
	{ "a,b", "f" },
	{ "a/b", "" },
	{ "/", "" },
	{ "a\nb", "" },
	{ "a\x7f", "" },
	{ "\xc3\xa9", "f" },
	{ CHARS_60 "123", "lsfdv" },
	{ CHARS_60 "1234", "sfdv" },
	{ CHARS_250 "123", "sfdv" },
	{ CHARS_250 "1234", "fv" },
	{ CHARS_250 "12345", "fv" },
	{ CHARS_250 "123456", "v" },
};

static const struct {
	char letter;
	bool (*is)(const char *s, size_t len);
} kinds[] = {
	{ 'l', name_is_label },	   { 's', name_is_subdomain },
	{ 'f', name_is_file },	   { 'd', name_is_data_key },
	{ 'v', name_is_variable },
};

static void names_are_of_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *s = names[i].name;

		for (size_t j = 0; j < COUNT(kinds); j++) {
			bool want = strchr(names[i].kinds, kinds[j].letter);

			if (kinds[j].is(s, strlen(s)) != want)
				fail_msg("'%s' as %c", s, kinds[j].letter);
		}
	}
}

/* What stands behind the length does not count, and a NUL within does. */
static void the_length_decides(void **state)
{
	(void)state;
	for (size_t j = 0; j < COUNT(kinds); j++) {
		assert_true(kinds[j].is("ab/", 2));
		assert_false(kinds[j].is("a\0b", 3));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_of_kinds),
		cmocka_unit_test(the_length_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
