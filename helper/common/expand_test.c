/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "expand.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *lookup(void *arg, const char *name, size_t len)
{
	static const struct {
		const char *name, *value;
	} vars[] = { { "A", "1" },     { "B_2", "two" }, { "EMPTY", "" },
		     { "D", "$(A)$$" }, { "x y", "z" } };

	(void)arg;
	for (size_t i = 0; i < COUNT(vars); i++) {
		if (strlen(vars[i].name) == len &&
		    memcmp(vars[i].name, name, len) == 0)
			return vars[i].value;
	}
	return NULL;
}

static const struct expand_scope scope = { lookup, NULL };

static const struct {
	const char *in, *out;
} expanded[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "$(A)", "1" },
	{ "<$(A)$(B_2)>", "<1two>" },
	{ "$(EMPTY)", "" },
	{ "$(x y)", "z" },
	/* Once only. */
	{ "$(D)", "$(A)$$" },
	/* What is escaped. */
	{ "$$", "$" },
	{ "$$$$", "$$" },
	{ "$$(A)", "$(A)" },
	{ "$$$(A)", "$1" },
	{ "$$$$(A)", "$$(A)" },
	/* What stays. */
	{ "$(UNKNOWN)", "$(UNKNOWN)" },
	{ "$(a)", "$(a)" },
	{ "$()", "$()" },
	{ "$", "$" },
	{ "a$", "a$" },
	{ "$A", "$A" },
	{ "$zA)", "$zA)" },
	{ "${A}", "${A}" },
	{ "$(A", "$(A" },
	{ "$(", "$(" },
	{ "$($(A)", "$($(A)" },
	{ "$($$", "$($" },
	{ "$((A))", "$((A))" },
	{ "(A)", "(A)" },
	{ "$\n(A)", "$\n(A)" },
};

static void expands_as_podspec(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(expanded); i++) {
		struct err e = ERR_INIT;
		char out[64];

		assert_int_equal(expand(expanded[i].in, &scope, out,
					sizeof(out), &e),
				 0);
		assert_string_equal(out, expanded[i].out);
	}
}

/* In memory of exactly that size, so that ASan sees what is too much. */
static void refuses_what_does_not_fit(void **state)
{
	static const char *const texts[] = { "$(B_2)$(A)", "ab$$", "$(NO)",
					     "abc", "" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err e = ERR_INIT;
		char whole[64];
		size_t len;

		assert_int_equal(expand(texts[i], &scope, whole, sizeof(whole),
					&e),
				 0);
		len = strlen(whole);
		for (size_t size = 0; size <= len + 1; size++) {
			char *out = malloc(size > 0 ? size : 1);
			int r = expand(texts[i], &scope, out, size, &e);

			assert_int_equal(r, size > len ? 0 : -1);
			if (r < 0)
				assert_int_equal(e.code, DC_CODE_CONFIG);
			else
				assert_string_equal(out, whole);
			free(out);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expands_as_podspec),
		cmocka_unit_test(refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
