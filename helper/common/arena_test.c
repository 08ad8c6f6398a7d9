/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena a = { NULL };
	unsigned char *pieces[300];

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		pieces[i] = arena_alloc(&a, i);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t),
				 0);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], 0);
		memset(pieces[i], (int)(i % 255 + 1), i);
	}
	for (size_t i = 0; i < 300; i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_equal(pieces[i][j], i % 255 + 1);
	}
	arena_free(&a);
	assert_null(a.last);
}

static void pieces_may_be_large(void **state)
{
	const size_t size = 1024 * 1024;
	struct arena a = { NULL };
	char *small, *large;

	(void)state;
	small = arena_alloc(&a, 1);
	large = arena_alloc(&a, size);
	assert_non_null(small);
	assert_non_null(large);
	memset(large, 'x', size);
	assert_int_equal(*small, 0);
	arena_free(&a);
}

static void impossible_sizes_are_refused(void **state)
{
	struct arena a = { NULL };

	(void)state;
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 8));
	assert_null(a.last);
	arena_free(&a);
}

static void copies_end_with_a_nul(void **state)
{
	struct arena a = { NULL };
	char *copy;

	(void)state;
	copy = arena_copy(&a, "abc", 2);
	assert_string_equal(copy, "ab");
	assert_string_equal(arena_copy(&a, "", 0), "");
	assert_string_equal(copy, "ab");
	arena_free(&a);
}

static void formats(void **state)
{
	struct arena a = { NULL };

	(void)state;
	assert_string_equal(arena_printf(&a, "%s-%d", "a", 7), "a-7");
	assert_int_equal(strlen(arena_printf(&a, "%10000s", "")), 10000);
	arena_free(&a);
}

static void can_be_used_again(void **state)
{
	struct arena a = { NULL };

	(void)state;
	arena_free(&a);
	assert_non_null(arena_alloc(&a, 0));
	arena_free(&a);
	assert_string_equal(arena_copy(&a, "x", 1), "x");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(pieces_may_be_large),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(copies_end_with_a_nul),
		cmocka_unit_test(formats),
		cmocka_unit_test(can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
