/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "smallfile.h"
#include "wipe.h"

static char dir[] = "/tmp/smallfile_test.XXXXXX";
static char file[64], other[64];

static int set_up(void **state)
{
	FILE *f;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/link", dir);
	f = fopen(file, "w");
	return !f || fputs("twelve bytes", f) < 0 || fclose(f) ||
	       symlink(file, other);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(file) || unlink(other) || rmdir(dir);
}

static int read_it(const char *path, int flags, size_t max)
{
	auto_wipe buf = NULL;
	size_t len = 0;

	if (smallfile_read(AT_FDCWD, path, flags, max, &buf, &len) < 0)
		return errno;
	assert_int_equal(len, 12);
	assert_string_equal(buf, "twelve bytes");
	return 0;
}

static void a_file_is_read_whole(void **state)
{
	(void)state;
	assert_int_equal(read_it(file, 0, 12), 0);
	assert_int_equal(read_it(other, 0, 100), 0);
}

static void others_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_it(file, 0, 11), EFBIG);
	assert_int_equal(read_it(other, O_NOFOLLOW, 100), ELOOP);
	assert_int_equal(read_it(dir, 0, 100), EINVAL);
	assert_int_equal(read_it("/dev/zero", 0, 100), EINVAL);
	assert_int_equal(read_it("/nonexistent", 0, 100), ENOENT);
	/* A file whose size says nothing is still bounded. */
	assert_int_equal(read_it("/proc/self/maps", 0, 100), EFBIG);
}

static void what_is_given_back_is_wiped(void **state)
{
	char *p = wipe_malloc(100), *larger;

	(void)state;
	assert_non_null(p);
	memset(p, 'x', 100);
	larger = wipe_realloc(p, 10);
	assert_memory_equal(larger, "xxxxxxxxxx", 10);
	larger = wipe_realloc(larger, 1000);
	assert_memory_equal(larger, "xxxxxxxxxx", 10);
	wipe_free(larger);
	wipe_free(NULL);
	assert_null(wipe_realloc(wipe_malloc(3), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(what_is_given_back_is_wiped),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
