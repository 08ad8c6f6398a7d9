/* SPDX-License-Identifier: Apache-2.0 */
/* Finding it is clientconfig_test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "bootstrap.h"

static char dir[] = "/tmp/bootstrap_test.XXXXXX";
static char token[64], ca[64], config[64], next[64];

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(token, sizeof(token), "%s/token", dir);
	snprintf(ca, sizeof(ca), "%s/ca", dir);
	snprintf(config, sizeof(config), "%s/kubeconfig", dir);
	snprintf(next, sizeof(next), "%s/next", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(token);
	unlink(ca);
	unlink(config);
	return rmdir(dir);
}

/* As kubelet does it, and to another inode. */
static void replace(const char *path, const char *text)
{
	write_file(next, text);
	assert_int_equal(rename(next, path), 0);
}

static void a_stamp_is_of_the_files(void **state)
{
	const struct bootstrap b = { .ca_file = ca, .token_file = token };
	uint64_t before, after;

	(void)state;
	before = bootstrap_stamp(&b, config);
	replace(ca, "a");
	after = bootstrap_stamp(&b, config);
	assert_true(after != before);
	before = after;
	replace(config, "a");
	after = bootstrap_stamp(&b, config);
	assert_true(after != before);
	assert_true(after != bootstrap_stamp(&b, NULL));
	before = after;
	replace(token, "a");
	after = bootstrap_stamp(&b, config);
	assert_true(after != before);
	assert_true(bootstrap_stamp(&b, config) == after);
	before = after;
	replace(token, "a");
	after = bootstrap_stamp(&b, config);
	assert_true(after != before);
	before = after;
	assert_int_equal(unlink(ca), 0);
	assert_true(bootstrap_stamp(&b, config) != before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stamp_is_of_the_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
