// SPDX-License-Identifier: Apache-2.0
/* The copies of the mount namespace, which hold up the host's own mounts. */
#include "harness.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void one_is_made_at_a_time(void **state)
{
	struct world *w = *state;
	struct call first = { .trace = true, .script = "cat " DC_SA "/token" };
	struct call second = { .script = "cat " DC_SA "/token" };
	struct job a, b;

	job_start(w, &first, &a);
	while (trace_next(&a) != SYS_unshare)
		assert_false(a.ended);
	job_start(w, &second, &b);
	wait_asleep(b.pid, SYS_flock);
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
	struct call c = { .config = WORLD_CONFIG,
			  .script = "cat " DC_SA "/token" };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	daemon_do(w, "detach " DC_STATE_DIR "; rmdir " DC_STATE_DIR
		     "; create " DC_STATE_DIR);
	world_rebase(w);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	assert_true(report_fallback_says(&j, "do not take turns: mount"));
	assert_true(report_fallback_says(&j, "could not be kept: mount"));
	assert_true(report_fallback_says(&j, "not a directory"));
	assert_false(report_fallback_says(&j, "bad file descriptor"));
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

/* Seconds that a token has to live, or it counts as none; and some more. */
#define MARGIN 60
#define MORE 10

static void a_token_grows_old_behind_the_lock(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = "print ran" };
	struct job j;
	time_t filled;

	store_prepare(w, PLAIN_CONFIG);
	job_run(w, &c, &j); /* keeps the configuration, so that one lock is left */
	expect_ok(&j);
	job_free(&j);
	store_anew(w);
	store_fill(w, "userspace", w->token, MARGIN + MORE);
	filled = time(NULL);
	c.trace = true;
	job_start(w, &c, &j);
	while (trace_next(&j) != SYS_flock)
		assert_false(j.ended);
	while (time(NULL) <= filled + MORE)
		usleep(100000);
	trace_detach(&j);
	job_end(&j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "no valid credential");
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(one_is_made_at_a_time),
		WORLD_TEST(without_turns_it_runs_and_says_so),
		WORLD_TEST(a_file_system_without_locks),
		WORLD_TEST(a_token_grows_old_behind_the_lock),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
