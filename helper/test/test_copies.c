// SPDX-License-Identifier: Apache-2.0
/* The copies of the mount namespace, which hold up the host's own mounts. */
#include "harness.h"

#include <errno.h>
#include <sys/syscall.h>

static void one_is_made_at_a_time(void **state)
{
	struct world *w = *state;
	struct call first = { .trace = true, .script = "cat " DC_SA "/token" };
	struct call second = { .script = "cat " DC_SA "/token" };
	uint64_t deadline = 0;
	struct job a, b;
	bool waits;

	job_start(w, &first, &a);
	while (trace_next(&a) != SYS_unshare)
		assert_false(a.ended);
	job_start(w, &second, &b);
	do
		waits = sleeps_in(b.pid, SYS_flock);
	while (!waits && patience(&deadline));
	assert_true(waits);
	trace_detach(&a);
	job_end(&a);
	job_end(&b);
	expect_ok(&a);
	expect_ok(&b);
	expect_out(&b, w->token);
	job_free(&a);
	job_free(&b);
	world_check(w);
}

/* It is a courtesy to the host, and nothing to fail for. */
static void without_turns_it_runs_and_says_so(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token" };
	struct job j;

	daemon_do(w, "detach " DC_STATE_DIR "; rmdir " DC_STATE_DIR
		     "; create " DC_STATE_DIR);
	world_rebase(w);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	assert_true(report_fallback_says(&j, "do not take turns"));
	job_free(&j);
	world_check_mounts(w);
	world_check_processes();
}

static void a_file_system_without_locks(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_flock, .error = ENOLCK }, { 0 }
	};
	struct call c = { .script = "cat " DC_SA "/token", .deny = deny };
	struct job j;

	job_run(*state, &c, &j);
	expect_ok(&j);
	assert_true(report_fallback_says(&j, "do not take turns"));
	job_free(&j);
	world_check(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(one_is_made_at_a_time),
		WORLD_TEST(without_turns_it_runs_and_says_so),
		WORLD_TEST(a_file_system_without_locks),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
