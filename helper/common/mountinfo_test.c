/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mountinfo.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A copy without a NUL, so that ASan sees an over-read. */
static bool parse(const char *line, struct mountinfo_line *ret)
{
	size_t len = strlen(line);
	char *copy = malloc(len > 0 ? len : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, line, len);
	ok = mountinfo_parse_line(copy, len, ret);
	free(copy);
	return ok;
}

static void reads(void **state)
{
	static const struct {
		const char *line;
		uint64_t id;
		bool shared, slave;
	} t[] = {
		{ "36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root rw", 36,
		  false, false },
		{ "36 35 98:0 / /m rw shared:1 - ext3 /dev/root rw", 36, true,
		  false },
		{ "36 35 98:0 / /m rw master:7 - ext3 /dev/root rw", 36, false,
		  true },
		{ "9 1 0:1 / / rw shared:22 master:7 propagate_from:2 - tmpfs "
		  "t rw",
		  9, true, true },
		{ "9 1 0:1 / / rw unbindable - tmpfs t rw", 9, false, false },
		{ "9 1 0:1 / / rw future:x later - tmpfs t rw", 9, false,
		  false },
		{ "9 1 0:1 / / rw notshared:1 shared master:x - tmpfs t rw", 9,
		  false, false },
		{ "9 1 0:1 / / rw x -y shared:1 - tmpfs t rw", 9, true, false },
		{ "9 1 0:4 net:[4026531840] /run/netns/a rw shared:3 - nsfs "
		  "nsfs rw",
		  9, true, false },
		{ "9 1 0:1 / /a\\040shared:9 rw - tmpfs t rw", 9, false,
		  false },
		{ "9 1 0:1 / /a rw - fuse.x  rw,shared:1", 9, false, false },
		{ "18446744073709551615 1 0:1 / / rw - tmpfs t rw", UINT64_MAX,
		  false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct mountinfo_line got;

		memset(&got, 0xff, sizeof(got));
		if (!parse(t[i].line, &got))
			fail_msg("refused: %s", t[i].line);
		assert_int_equal(got.id, t[i].id);
		assert_int_equal(got.shared, t[i].shared);
		assert_int_equal(got.slave, t[i].slave);
	}
}

static void refuses(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"x 35 98:0 / /m rw - ext3 /dev/root rw",
		" 36 35 98:0 / /m rw - ext3 /dev/root rw",
		"-1 35 98:0 / /m rw - ext3 /dev/root rw",
		"3a 35 98:0 / /m rw - ext3 /dev/root rw",
		"18446744073709551616 1 0:1 / / rw - tmpfs t rw",
		"99999999999999999999 1 0:1 / / rw - tmpfs t rw",
		"36",
		"36 35 98:0 / /m",
		"36 35 98:0 / /m rw",
		"36 35 98:0 / /m rw shared:1",
		"36 35 98:0  /m rw - ext3 /dev/root rw",
		"36 35 98:0 / /m rw  - ext3 /dev/root rw",
		"36 35 98:0 / /m rw -",
		"36 35 98:0 / /m rw - ",
		"36 35 98:0 / /m rw - ext3",
		"36 35 98:0 / /m rw - ext3 /dev/root",
		"36 35 98:0 / /m rw - ext3 /dev/root ",
		"36 35 98:0 / /m rw -  /dev/root rw",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct mountinfo_line got;

		if (parse(lines[i], &got))
			fail_msg("accepted: '%s'", lines[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
