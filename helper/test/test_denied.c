// SPDX-License-Identifier: Apache-2.0
/* Calls that a dynamic loader makes, too, so that only a static build gets by. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

static void fstat_is_forbidden(void **state)
{
	static const int errors[] = { ENOSYS, EPERM, EACCES };

	for (size_t i = 0; i < 3; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_fstat, .error = errors[i] }, { 0 }
		};

		expect_denied(*state, deny, NULL, DC_CODE_KERNEL, "fstat");
	}
}

/* Neither is the store to be repaired then nor the configuration. */
static void calls_for_a_rule_are_forbidden(void **state)
{
	static const struct {
		struct deny deny;
		const char *name;
	} calls[] = {
		{ { .nr = SYS_getdents64 }, "getdents64" },
		{ { .nr = SYS_fstatfs }, "fstatfs" },
		{ { .nr = SYS_newfstatat }, "fstatat" },
		{ { .nr = SYS_readlinkat }, "readlinkat" },
		{ { .nr = SYS_fstat }, "fstat" },
		{ { .nr = SYS_openat2 }, "openat2" },
		/* Not the delegate's own, which go without these flags. */
		{ { .nr = SYS_openat, .arg = 2, .mask = O_NOCTTY,
		    .value = O_NOCTTY }, "openat" },
		{ { .nr = SYS_openat, .arg = 2, .mask = O_DIRECTORY,
		    .value = O_DIRECTORY }, "openat" },
	};
	static const int errors[] = { ENOSYS, EPERM, EACCES };

	store_prepare(*state, PLAIN_CONFIG);
	for (size_t i = 0; i < 3 * sizeof(calls) / sizeof(calls[0]); i++) {
		struct deny deny[] = { calls[i / 3].deny, { 0 } };

		deny[0].error = errors[i % 3];
		expect_denied(*state, deny, WORLD_CONFIG, DC_CODE_KERNEL,
			      calls[i / 3].name);
	}
}

/* What is missing may be; whether it is has to be told. */
static void what_may_be_missing_cannot_be_looked_for(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_newfstatat, .error = EPERM }, { 0 }
	};
	struct world *w = *state;
	struct call c = { .directory = "/tmp/account", .script = "print ran" };
	struct job j;

	daemon_do(w, "mkdir /tmp/account; put /tmp/account/token x");
	job_run(w, &c, &j);
	expect_ok(&j);
	job_free(&j);
	c.deny = deny;
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "fstatat");
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(fstat_is_forbidden),
		WORLD_TEST(calls_for_a_rule_are_forbidden),
		WORLD_TEST(what_may_be_missing_cannot_be_looked_for),
	};

	return cmocka_run_group_tests_name("denied", tests, NULL, NULL);
}
