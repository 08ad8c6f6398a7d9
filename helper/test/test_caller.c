// SPDX-License-Identifier: Apache-2.0
/* The daemon dies at each step of a run: nothing is left, the next one works. */
#include "harness.h"

#include <string.h>
#include <unistd.h>

#define RAN "/sync/ran"

static const struct {
	const char *name;
	const char *config;
	const char *script;
} scenarios[] = {
	{ "with a directory", NULL, "create " RAN "; cat " DC_SA "/token" },
	{ "with a rule", WORLD_CONFIG,
	  "create " RAN "; cat " DC_SA "/token" },
	{ "with a child left", NULL,
	  "create " RAN "; daemon; wait-last; done; cat " DC_SA "/token" },
};

/* What its death does to the pipes that it had. */
static void hang_up(struct job *j)
{
	int *const fd[] = { &j->in, &j->out.fd, &j->err.fd, &j->report.fd };

	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++) {
		if (*fd[i] >= 0)
			close(*fd[i]);
		*fd[i] = -1;
	}
}

static bool has_run(struct world *w)
{
	if (!host_says(w, "ls /sync", "ran"))
		return false;
	host_do(w, "rm " RAN);
	return true;
}

static void next_one_works(struct world *w, const struct call *given)
{
	struct call c = *given;
	struct job j;

	c.trace = false;
	c.script = "cat " DC_SA "/token";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
}

/* Which steps start a delegate although nobody waits for it. */
struct count {
	long steps;
	long before_fork;
	long started_before_fork;
};

static bool gone_at_call(struct world *w, const struct call *c, long step,
			 struct count *count)
{
	bool forked = false, started;
	struct job j;
	long nr, n = 0;

	job_start(w, c, &j);
	while ((nr = trace_next(&j)) >= 0 && n++ < step)
		forked |= trace_is_fork(nr);
	hang_up(&j);
	if (nr >= 0)
		trace_detach(&j);
	job_end(&j);
	job_free(&j);
	started = has_run(w);
	if (started && strstr(c->script, "wait-last"))
		job_last(w);
	world_check(w);
	next_one_works(w, c);
	count->steps += nr >= 0;
	count->before_fork += nr >= 0 && !forked;
	count->started_before_fork += nr >= 0 && !forked && started;
	return nr >= 0;
}

static void gone_at_every_call(struct world *w, size_t scenario)
{
	struct call c = {
		.trace = true,
		.config = scenarios[scenario].config,
		.script = scenarios[scenario].script,
	};
	struct count count = { 0 };
	long step = 0;

	while (gone_at_call(w, &c, step, &count))
		step += test_stride();
	print_message("%s: the caller gone at each of %ld calls, %ld of them "
		      "before the fork\n",
		      scenarios[scenario].name, count.steps,
		      count.before_fork);
	assert_true(count.before_fork * test_stride() > 80);
	assert_true(count.steps > count.before_fork);
	/* The fork itself, and the look ahead of it. */
	assert_in_range(count.started_before_fork, 0, 2);
}

static void with_a_directory(void **state)
{
	gone_at_every_call(*state, 0);
}

static void with_a_rule(void **state)
{
	store_prepare(*state, PLAIN_CONFIG);
	gone_at_every_call(*state, 1);
}

static void with_a_child_left(void **state)
{
	gone_at_every_call(*state, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(with_a_directory),
		WORLD_TEST(with_a_rule),
		WORLD_TEST(with_a_child_left),
	};

	return cmocka_run_group_tests_name("caller", tests, NULL, NULL);
}
