// SPDX-License-Identifier: Apache-2.0
/*
 * The helper is killed at each of its system calls, one run each: nothing
 * stays behind, and the next run is as good as any.
 */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define KEPT DC_STATE_DIR "/" DC_LAST_GOOD_NAME

/* By turns, so that each run keeps another one. */
static const char *const configs[] = {
	PLAIN_CONFIG,
	CONFIG_OF(RULE("userspace", MATCH_USERSPACE,
		       DELIVER_ACCOUNT ",\"kubeconfig\":{}")),
};

struct sweep {
	const char *name;
	int sig;
	bool by_rule;
	/* The delegate's first act is a child in a session of its own. */
	bool leaves_child;
	/* Of all in the container, with its mounts not shared yet. */
	bool is_first;
	struct world_options options;
	struct world *world;
	struct mounts shared; /* as a first run leaves the daemon's */
	long unshared_kills;
};

static struct sweep sweeps[] = {
	{ .name = "SIGKILL", .sig = SIGKILL },
	{ .name = "SIGKILL, with a child left", .sig = SIGKILL,
	  .leaves_child = true },
	{ .name = "SIGTERM", .sig = SIGTERM },
	{ .name = "by rule: SIGKILL", .sig = SIGKILL, .by_rule = true },
	{ .name = "by rule: SIGKILL, with a child left", .sig = SIGKILL,
	  .by_rule = true, .leaves_child = true },
	{ .name = "by rule: SIGTERM", .sig = SIGTERM, .by_rule = true },
	{ .name = "first run: SIGKILL", .sig = SIGKILL, .is_first = true },
	{ .name = "first run: SIGTERM", .sig = SIGTERM, .is_first = true },
	{ .name = "first run, by rule: SIGKILL", .sig = SIGKILL,
	  .by_rule = true, .is_first = true },
};

#define SWEEPS (sizeof(sweeps) / sizeof(sweeps[0]))

static void set_script(const struct sweep *s, char *script, size_t size)
{
	/*
	 * SIGTERM is the delegate's to end by: one that would end by itself
	 * could be faster.
	 */
	snprintf(script, size, "%scat " DC_SA "/token%s",
		 s->leaves_child ? "daemon; wait-last; done; " : "",
		 s->sig == SIGTERM ? "; wait" : "");
}

/* Goes to that call; false where there are fewer. */
static bool go_to(struct job *j, long step, bool to_the_end)
{
	long nr;

	while ((nr = trace_next(j)) >= 0) {
		if (!step--)
			return true;
		if (trace_is_fork(nr) && !to_the_end)
			return false;
	}
	return false;
}

static void end_child(const struct sweep *s)
{
	if (s->leaves_child)
		job_last(s->world);
	world_check_processes();
	job_drain(s->world);
}

/* What is kept is whole: the one from before, or the new one. */
static void check_kept(struct world *w)
{
	char kept[4096];

	assert_int_equal(ns_script(w->daemon_ns, "cat " KEPT, kept,
				   sizeof(kept)),
			 0);
	kept[strcspn(kept, "\n")] = '\0';
	if (strcmp(kept, configs[0]) != 0 && strcmp(kept, configs[1]) != 0)
		fail_msg("kept: %s", kept);
}

/* All mounts are shared, or none is. */
static void check_mounts(struct sweep *s)
{
	struct world *w = s->world;
	bool any_shared = false;
	struct mounts now;

	if (!s->is_first) {
		world_check_mounts(w);
		return;
	}
	mounts_expect("host", &w->host_before, w->host);
	mounts_take(w->daemon, &now);
	for (size_t i = 0; i < now.count; i++)
		any_shared |= strstr(now.line[i], " shared") != NULL;
	mounts_free(&now);
	mounts_expect("daemon", any_shared ? &s->shared : &w->daemon_before,
		      w->daemon);
	s->unshared_kills += !any_shared;
}

static void expect_good_run(const struct sweep *s)
{
	struct call c = { .script = "cat " DC_SA "/token",
			  .config = s->by_rule ? WORLD_CONFIG : NULL };
	struct world *w = s->world;
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
}

/* Whatever became of the one before; the one to come is a first one again. */
static void next_one_works(const struct sweep *s)
{
	struct world *w = s->world;

	expect_good_run(s);
	if (!s->is_first)
		return;
	mounts_expect("daemon", &s->shared, w->daemon);
	daemon_do(w, "make rslave /hostroot");
	world_check_mounts(w);
}

/* Returns whether a run has that many calls. */
static bool kill_at_call(struct sweep *s, long step)
{
	char script[128];
	struct call c = { .script = script, .trace = true };
	struct world *w = s->world;
	bool reached;
	struct job j;

	set_script(s, script, sizeof(script));
	if (s->by_rule) {
		c.config = WORLD_CONFIG;
		config_put(w, configs[step % 2]);
	}
	job_start(w, &c, &j);
	reached = go_to(&j, step, s->sig == SIGKILL);
	if (!j.ended) {
		kill(j.pid, s->sig);
		trace_detach(&j);
	}
	job_end(&j);
	if (reached &&
	    (!WIFSIGNALED(j.status) || WTERMSIG(j.status) != s->sig))
		fail_msg("call %ld: status %x", step, j.status);
	job_free(&j);
	check_mounts(s);
	end_child(s);
	if (s->by_rule)
		check_kept(w);
	next_one_works(s);
	return reached;
}

static void begin_sweep(struct sweep *s)
{
	void *world;

	s->options.fresh = s->is_first;
	world = &s->options;
	world_setup(&world);
	s->world = world;
	if (s->by_rule)
		store_prepare(s->world, configs[1]);
	mounts_take(s->world->daemon, &s->shared);
	if (s->is_first)
		mounts_share(&s->shared);
	next_one_works(s);
}

static void killed_at_every_call(void **state)
{
	struct sweep *s = *state;
	long step = 0;

	begin_sweep(s);
	while (kill_at_call(s, step))
		step += test_stride();
	print_message("%ld calls\n", step);
	assert_true(step > 40);
	if (s->is_first) {
		print_message("%ld killed before the mounts were shared\n",
			      s->unshared_kills);
		assert_in_range(s->unshared_kills, 1, step - 1);
	}
	world_check(s->world);
}

static int end_sweep(void **state)
{
	struct sweep *s = *state;
	void *world = s->world;

	mounts_free(&s->shared);
	return world ? world_teardown(&world) : 0;
}

int main(void)
{
	struct CMUnitTest tests[SWEEPS];

	for (size_t i = 0; i < SWEEPS; i++)
		tests[i] = (struct CMUnitTest){ sweeps[i].name,
						killed_at_every_call, NULL,
						end_sweep, &sweeps[i] };
	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
