// SPDX-License-Identifier: Apache-2.0
/* Killed or left alone at any moment: nothing stays behind. */
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* So many at least, of which so many while the tmpfs is attached. */
#define KILLS 300
#define ATTACHED 100

static struct world_options bidirectional = { .bidirectional = true };

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

static void pause_us(uint64_t us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static unsigned seed_now(void)
{
	const char *given = getenv("TEST_SEED");
	unsigned seed;

	if (given)
		seed = strtoul(given, NULL, 10);
	else
		assert_int_equal(getrandom(&seed, sizeof(seed), 0),
				 sizeof(seed));
	print_message("TEST_SEED=%u\n", seed);
	return seed;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of some whole runs. */
static uint64_t measure(struct world *w, const struct call *c)
{
	uint64_t took[9];
	struct job j;

	for (size_t i = 0; i < 9; i++) {
		took[i] = now_us();
		job_run(w, c, &j);
		took[i] = now_us() - took[i];
		expect_ok(&j);
		job_free(&j);
	}
	qsort(took, 9, sizeof(took[0]), by_size);
	return took[4];
}

/* Stops the helper, so that what is seen is what the signal hits. */
static bool stop(struct job *j)
{
	kill(j->pid, SIGSTOP);
	assert_int_equal(waitpid(j->pid, &j->status, WUNTRACED), j->pid);
	if (WIFSTOPPED(j->status))
		return true;
	j->ended = true;
	return false;
}

struct tally {
	int ended; /* before the signal came */
	int killed;
	int attached;
};

static void kill_once(struct world *w, const struct call *c, uint64_t after,
		      int sig, struct tally *t)
{
	struct job j;

	job_start(w, c, &j);
	pause_us(after);
	if (stop(&j)) {
		t->killed++;
		t->attached += mounts_on(j.pid, "/hostroot" WORLD_TARGET) == 1;
		kill(j.pid, sig);
		kill(j.pid, SIGCONT);
	} else {
		t->ended++;
	}
	job_end(&j);
	job_free(&j);
	world_check_processes();
	world_check_mounts(w);
}

/* Names of all files on the host and in the container, but for /proc and /dev. */
struct files {
	char host[16384];
	char daemon[16384];
};

static void take_names(int ns, const char *script, char *ret, size_t size)
{
	assert_int_equal(ns_script(ns, script, ret, size), 0);
	assert_in_range(strlen(ret), 1, size - 2);
}

static void take_files(const struct world *w, struct files *ret)
{
	take_names(w->host_ns,
		   "ls /; tree /etc; tree /opt; tree /run; tree /tmp;"
		   "tree /var; tree /sync",
		   ret->host, sizeof(ret->host));
	take_names(w->daemon_ns, "ls /; tree /run; tree /tmp; tree /var",
		   ret->daemon, sizeof(ret->daemon));
}

/*
 * At moments uniform over the run as it was measured. Where the machine's load
 * puts too few of them behind the mount, there are more.
 */
static void killed_at_any_time(void **state)
{
	int kills = KILLS / test_stride(), attached = ATTACHED / test_stride();
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token" };
	uint64_t whole = measure(w, &c);
	static struct files before, after;
	struct tally t = { 0 };

	take_files(w, &before);
	srandom(seed_now());
	while (t.killed < kills || t.attached < attached) {
		c.command = random() % 2 ? "ADD" : "DEL";
		kill_once(w, &c, whole * (random() % 10000) / 10000,
			  random() % 2 ? SIGTERM : SIGKILL, &t);
		assert_true(t.killed + t.ended < 20 * KILLS);
	}
	world_check(w);
	take_files(w, &after);
	assert_string_equal(after.host, before.host);
	assert_string_equal(after.daemon, before.daemon);
	print_message("%d killed, %d of them while the tmpfs was attached; %d "
		      "had ended; %lu us a run\n",
		      t.killed, t.attached, t.ended, (unsigned long)whole);
}

/* --- SIGTERM ---------------------------------------------------------------- */

static void wait_for_text(struct world *w, const char *script, const char *text)
{
	uint64_t deadline = 0;

	do {
		if (host_says(w, script, text))
			return;
	} while (patience(&deadline));
	fail_msg("'%s' never said '%s'", script, text);
}

static void sigterm_is_passed_on(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "catch-term /sync/term; ready; wait;"
				    "cat " DC_SA "/token; exit 5" };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	kill(j.pid, SIGTERM);
	wait_for_text(w, "cat /sync/term", "term");
	/* The delegate decides; the credential stays as long as it runs. */
	job_go(w, 1);
	job_end(&j);
	assert_int_equal(j.status, 5 << 8);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void sigterm_ends_both(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait" };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	kill(j.pid, SIGTERM);
	job_end(&j);
	assert_true(WIFSIGNALED(j.status));
	assert_int_equal(WTERMSIG(j.status), SIGTERM);
	assert_int_equal(report_number(&j, "signal"), SIGTERM);
	assert_true(j.out.eof && j.err.eof);
	job_free(&j);
	world_check(w);
}

/* --- SIGKILL ---------------------------------------------------------------- */

static void sigkill_takes_the_delegate_along(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ignore 1; ignore 2; ignore 15; ready;"
				    "wait" };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	kill(j.pid, SIGKILL);
	job_end(&j);
	job_eof(&j);
	job_free(&j);
	world_check(w);
}

/* Its child has not asked yet to die with it. */
static void sigkill_before_the_delegate_is_bound(void **state)
{
	struct world *w = *state;
	struct call c = { .trace = true, .script = "create /sync/ran" };
	struct job j;
	pid_t child;

	job_start(w, &c, &j);
	child = trace_child(&j);
	kill(j.pid, SIGKILL);
	job_end(&j);
	assert_return_code(ptrace(PTRACE_DETACH, child, NULL, NULL), errno);
	world_check(w);
	assert_false(host_says(w, "ls /sync", "ran"));
	job_free(&j);
}

/* The delegate is killed: what becomes of its children is as under stock. */
static void own_children(struct world *w, bool stock)
{
	struct call c = { .stock = stock,
			  .script = "fork; wait; done; daemon; wait; done;"
				    "ready; wait-last" };
	uint64_t deadline = 0;
	pid_t left[4];
	struct job j;
	size_t n;

	job_start(w, &c, &j);
	job_ready(w, &j);
	kill(j.pid, SIGKILL);
	job_end(&j);
	/* The delegate itself may still be on its way out, and hold on to its. */
	do
		n = children(left, 4);
	while (n != 2 && patience(&deadline));
	assert_int_equal(n, 2);
	world_check_mounts(w);
	job_go(w, 2);
	job_eof(&j);
	job_free(&j);
	world_check(w);
}

static void own_children_live_on_as_under_stock(void **state)
{
	own_children(*state, true);
	own_children(*state, false);
}

/* --- the daemon is gone ------------------------------------------------------ */

/* A process in the daemon's place, which alone holds the pipes' ends. */
static pid_t start_caller(struct world *w, const struct call *c)
{
	pid_t pid = fork();
	struct job j;

	assert_return_code(pid, errno);
	if (pid)
		return pid;
	job_start(w, c, &j);
	for (;;)
		pause();
}

static void wait_ready(const struct world *w)
{
	struct pollfd p = { .fd = w->ready, .events = POLLIN };
	char c;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(read(w->ready, &c, 1), 1);
}

static void end_caller(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void caller_gone(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait" };
	pid_t caller = start_caller(w, &c);

	wait_ready(w);
	end_caller(caller);
	world_check(w);
}

static void caller_gone_and_sigterm_ignored(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "catch-term /sync/term; ready; wait" };
	pid_t caller = start_caller(w, &c);

	wait_ready(w);
	end_caller(caller);
	wait_for_text(w, "cat /sync/term", "term");
	world_check(w);
}

/* Only the report's reader is gone, at a moment chosen with care. */
static void caller_gone_before_the_start(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };
	struct world *w = *state;
	struct call c = { .trace = true, .script = "print ran" };
	struct job j;

	for (size_t i = 0; i < 2; i++) {
		c.command = commands[i];
		job_start(w, &c, &j);
		for (int n = 0; n < 30; n++)
			assert_true(trace_next(&j) >= 0);
		close(j.report.fd);
		j.report.fd = -1;
		trace_detach(&j);
		job_end(&j);
		expect_error(&j, DC_CODE_INTERNAL);
		job_free(&j);
		world_check(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(killed_at_any_time),
		WORLD_TEST_IN("killed_at_any_time_bidirectional",
			      killed_at_any_time, &bidirectional),
		WORLD_TEST(sigterm_is_passed_on),
		WORLD_TEST(sigterm_ends_both),
		WORLD_TEST(sigkill_takes_the_delegate_along),
		WORLD_TEST(sigkill_before_the_delegate_is_bound),
		WORLD_TEST(own_children_live_on_as_under_stock),
		WORLD_TEST(caller_gone),
		WORLD_TEST(caller_gone_and_sigterm_ignored),
		WORLD_TEST(caller_gone_before_the_start),
	};

	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
