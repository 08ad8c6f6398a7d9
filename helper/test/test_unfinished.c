// SPDX-License-Identifier: Apache-2.0
/* A netconf whose end does not come: what ends the wait for it. */
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than a pipe holds, so that it is waited for. */
static void leave_out_the_end(struct call *c)
{
	static char conf[1 << 20];

	memset(conf, ' ', sizeof(conf) - 1);
	memcpy(conf, "{\"type\":\"userspace\"}", 20);
	c->netconf = conf;
}

static void start_without_the_end(struct world *w, struct call *c, struct job *j)
{
	leave_out_the_end(c);
	job_start(w, c, j);
	/* It has all there was to read. */
	wait_asleep(j->pid, SYS_poll);
}

static void ignore_sigterm(void)
{
	signal(SIGTERM, SIG_IGN);
}

/* Although the end of its netconf never comes. */
static void ends(struct job *j)
{
	struct pollfd end = { .fd = j->pidfd, .events = POLLIN };

	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	job_end(j);
}

static void sigterm_ends_one_that_waits(struct world *w, struct call *c)
{
	struct job j;

	c->script = "create /sync/ran";
	c->prepare = ignore_sigterm;
	start_without_the_end(w, c, &j);
	kill(j.pid, SIGTERM);
	ends(&j);
	expect_none_started(&j);
	assert_false(host_says(w, "ls /sync", "ran"));
	job_free(&j);
}

static void sigterm_ends_the_wait_for_the_netconf(void **state)
{
	struct call c = { 0 };

	sigterm_ends_one_that_waits(*state, &c);
	world_check(*state);
}

/* No root is looked for any more, no configuration read and kept. */
static void nothing_is_done_after_sigterm(void **state)
{
	static const char *const argv[] = {
		"--root=/nowhere", "--types=userspace,,,",
		"--config=" WORLD_CONFIG, "--store=" WORLD_STORE,
		"--", WORLD_PLUGIN, NULL,
	};
	struct world *w = *state;
	struct call c = { .argv = argv };
	char out[256];

	config_put(w, PLAIN_CONFIG);
	sigterm_ends_one_that_waits(w, &c);
	assert_int_equal(ns_script(w->daemon_ns, "ls " DC_STATE_DIR, out,
				   sizeof(out)),
			 0);
	assert_null(strstr(out, DC_LAST_GOOD_NAME));
	world_check(w);
}

/* It could not be told to end. */
static void without_poll_no_netconf_is_waited_for(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_poll, .error = EPERM }, { 0 }
	};
	struct call c = { .deny = deny };
	struct job j;

	leave_out_the_end(&c);
	job_start(*state, &c, &j);
	ends(&j);
	expect_error_says(&j, DC_CODE_KERNEL, "poll");
	job_free(&j);
	world_check(*state);
}

static void close_end(int *fd)
{
	close(*fd);
	*fd = -1;
}

/*
 * Nothing may be started for nobody. A killed caller's ends go away in no certain
 * order, and others may have that of the netconf: here the report's goes, first or
 * alone.
 */
static void caller_gone_while_it_writes(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };
	struct world *w = *state;
	struct call c = { .script = "create /sync/ran" };
	struct job j;

	for (size_t i = 0; i < 4; i++) {
		c.command = commands[i % 2];
		start_without_the_end(w, &c, &j);
		close_end(&j.report.fd);
		if (i / 2)
			close_end(&j.in);
		ends(&j);
		expect_error(&j, DC_CODE_INTERNAL);
		job_free(&j);
		world_check(w);
		assert_false(host_says(w, "ls /sync", "ran"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(sigterm_ends_the_wait_for_the_netconf),
		WORLD_TEST(nothing_is_done_after_sigterm),
		WORLD_TEST(without_poll_no_netconf_is_waited_for),
		WORLD_TEST(caller_gone_while_it_writes),
	};

	return cmocka_run_group_tests_name("unfinished", tests, NULL, NULL);
}
