// SPDX-License-Identifier: Apache-2.0
/* A delegate's caller sees what it would have seen without us. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not the core dump's bit: a helper that is not dumpable cannot hand that on. */
static int how(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) : status;
}

static void expect_same(const struct job *a, const struct job *b,
			const char *script)
{
	if (how(a->status) != how(b->status))
		fail_msg("%s: status %x, stock %x", script, b->status,
			 a->status);
	if (a->out.len != b->out.len ||
	    memcmp(a->out.buf, b->out.buf, a->out.len) != 0)
		fail_msg("%s: stdout differs: %.200s", script, b->out.buf);
	if (a->err.len != b->err.len ||
	    memcmp(a->err.buf, b->err.buf, a->err.len) != 0)
		fail_msg("%s: stderr differs: %.200s", script, b->err.buf);
	if (a->out.eof != b->out.eof || a->err.eof != b->err.eof)
		fail_msg("%s: end of output %d %d, stock %d %d", script,
			 b->out.eof, b->err.eof, a->out.eof, a->err.eof);
}

/* Returns the length of what was printed. */
static size_t compare(struct world *w, const struct call *c)
{
	struct call stock = *c, ours = *c;
	struct job a, b;
	size_t len;

	stock.stock = true;
	job_run(w, &stock, &a);
	job_run(w, &ours, &b);
	expect_same(&a, &b, c->script);
	len = b.out.len;
	if (WIFSIGNALED(b.status))
		assert_int_equal(report_number(&b, "signal"),
				 WTERMSIG(b.status));
	else
		assert_int_equal(report_number(&b, "exitStatus"),
				 WEXITSTATUS(b.status));
	job_free(&a);
	job_free(&b);
	return len;
}

static void exit_status_is_handed_on(void **state)
{
	static const char *const scripts[] = {
		"exit 0",
		"exit 1",
		"print {\"code\":7,\"msg\":\"own\"}; warn oops; exit 1",
		"print {\"cniVersion\":\"1.0.0\"}; exit 3",
		"exit 126",
		"exit 127",
		"exit 255",
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(char *); i++) {
		struct call c = { .script = scripts[i] };

		compare(w, &c);
	}
	world_check(w);
}

static void signals_are_handed_on(void **state)
{
	static const int signals[] = { 1,  2,  3,  4,  6,  7,  8,  9, 10,
				       11, 12, 13, 14, 15, 24, 31, 34, 64 };
	struct world *w = *state;
	char script[64];
	struct call c = { .script = script };

	for (size_t i = 0; i < sizeof(signals) / sizeof(int); i++) {
		snprintf(script, sizeof(script), "print x; die %d", signals[i]);
		compare(w, &c);
	}
	world_check(w);
}

static void megabytes_pass(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "flood 1 8388613; flood 2 3145731;"
				    "flood 1 70000; exit 5" };

	assert_int_equal(compare(w, &c), 8388613 + 70000);
	world_check(w);
}

static char *big_netconf(size_t len)
{
	static const char head[] = "{\"type\":\"userspace\",\"x\":\"";
	char *conf = malloc(len + 1);

	assert_non_null(conf);
	for (size_t i = 0; i < len; i++)
		conf[i] = "abcdefghijklmnopqrstuvw"[i % 23];
	memcpy(conf, head, strlen(head));
	strcpy(conf + len - 2, "\"}");
	return conf;
}

static void big_netconfs_pass(void **state)
{
	static const size_t sizes[] = { 65535, 65536, 65537, 5 << 20 };
	struct world *w = *state;

	for (size_t i = 0; i < 4; i++) {
		char *conf = big_netconf(sizes[i]);
		struct call c = { .script = "echo", .netconf = conf };

		assert_int_equal(compare(w, &c), sizes[i]);
		c.script = "print unread; exit 2";
		compare(w, &c);
		free(conf);
	}
	world_check(w);
}

static void closed_early(struct world *w, bool stock, const char *script)
{
	struct call c = { .script = script, .stock = stock };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	/* The end of both streams is seen while the delegate still runs. */
	job_eof(&j);
	assert_false(j.ended);
	assert_string_equal(j.out.buf, "out\n");
	assert_string_equal(j.err.buf, "err\n");
	job_go(w, 1);
	job_end(&j);
	assert_int_equal(j.status, 6 << 8);
	job_free(&j);
}

static void descriptors_closed_early(void **state)
{
	static const char script[] = "print out; warn err; close 0; close 1;"
				     "close 2; ready; wait; exit 6";

	closed_early(*state, true, script);
	closed_early(*state, false, script);
	world_check(*state);
}

static void leaves_child(struct world *w, bool stock, const char *script,
			 bool holds)
{
	struct call c = { .script = script, .stock = stock };
	pid_t left[4];
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	job_go(w, 1);
	job_end(&j);
	assert_int_equal(j.status, 8 << 8);
	if (j.out.eof == holds || j.err.eof == holds)
		fail_msg("stock %d: %s: end of output %d", stock, script,
			 j.out.eof);
	/* It lives on, as somebody else's child. */
	assert_int_equal(children(left, 4), 1);
	world_check_mounts(w);
	job_last(w);
	job_eof(&j);
	assert_string_equal(j.out.buf, holds ? "early\nlate\n" : "early\n");
	job_free(&j);
	world_check(w);
}

static void leftover_children(void **state)
{
	static const struct {
		const char *script;
		bool holds;
	} cases[] = {
		{ "fork; ready; wait-last; print late; done; wait; print early;"
		  "exit 8",
		  true },
		{ "daemon; ready; wait-last; print late; done; wait;"
		  "print early; exit 8",
		  true },
		{ "daemon; close 0; close 1; close 2; ready; wait-last; done;"
		  "wait; print early; exit 8",
		  false },
	};

	for (int i = 0; i < 6; i++)
		leaves_child(*state, i % 2, cases[i / 2].script,
			     cases[i / 2].holds);
}

/* --- one that does not start ---------------------------------------------- */

static void does_not_start(struct world *w, const char *path,
			   const char *types, const char *text)
{
	static const char *const commands[] = { "ADD", "DEL", "VERSION" };
	struct call c = { .plugin = path, .types = types };
	char want[256];
	struct job j;

	snprintf(want, sizeof(want), "fork/exec %s: %s", path, text);
	for (size_t i = 0; i < 3; i++) {
		c.command = commands[i];
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_NOT_STARTED, want);
		expect_source(&j, "none");
		assert_true(j.out.eof && j.err.eof);
		job_free(&j);
	}
	world_check(w);
}

static void a_missing_one(void **state)
{
	does_not_start(*state, "/opt/cni/bin/missing", "missing,,,",
		       "no such file or directory");
}

/* As long as a whole message, and longer. */
static void a_long_path_keeps_the_reason(void **state)
{
	char path[1024] = "/opt/cni/bin/";
	struct call c = { .plugin = path, .types = "missing,,," };
	struct job j;

	while (strlen(path) < 600)
		strcat(path, "./");
	strcat(path, "missing");
	job_run(*state, &c, &j);
	expect_error_says(&j, DC_CODE_NOT_STARTED,
			  "fork/exec /opt/cni/bin/./");
	expect_out(&j, ": no such file or directory\"}");
	job_free(&j);
	world_check(*state);
}

static void one_that_may_not_be_executed(void **state)
{
	host_do(*state, "put /opt/cni/bin/plain text");
	does_not_start(*state, "/opt/cni/bin/plain", "plain,,,",
		       "permission denied");
}

static void one_without_its_interpreter(void **state)
{
	host_do(*state, "put /opt/cni/bin/script #!/nowhere;"
			"chmod /opt/cni/bin/script 755");
	does_not_start(*state, "/opt/cni/bin/script", "script,,,",
		       "no such file or directory");
}

static void one_that_is_no_program(void **state)
{
	host_do(*state, "put /opt/cni/bin/text text;"
			"chmod /opt/cni/bin/text 755");
	does_not_start(*state, "/opt/cni/bin/text", "text,,,",
		       "exec format error");
}

static void a_directory(void **state)
{
	host_do(*state, "mkdir /opt/cni/bin/dir");
	does_not_start(*state, "/opt/cni/bin/dir", "dir,,,",
		       "permission denied");
}

static int hold_for_writing(const struct world *w)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root" WORLD_PLUGIN, w->host);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

/* In its pause between two tries: its poll of two descriptors. */
static bool pauses(pid_t pid)
{
	unsigned long fds, count = 0;
	char path[64];
	long nr = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%ld %lx %lx", &nr, &fds, &count) != 3)
		nr = -1;
	fclose(f);
	return (nr == SYS_poll || nr == SYS_ppoll) && count == 2;
}

static void start_a_busy_one(struct world *w, const struct call *c,
			     struct job *j)
{
	uint64_t deadline = 0;
	bool waits;

	job_start(w, c, j);
	do
		waits = pauses(j->pid);
	while (!waits && patience(&deadline));
	assert_true(waits);
}

static void a_busy_one_is_waited_for(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token" };
	int fd = hold_for_writing(w);
	struct job j;

	start_a_busy_one(w, &c, &j);
	close(fd);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void a_busy_one_is_given_up_at_sigterm(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran" };
	int fd = hold_for_writing(w);
	struct job j;

	start_a_busy_one(w, &c, &j);
	kill(j.pid, SIGTERM);
	job_end(&j);
	assert_true(WIFSIGNALED(j.status));
	assert_int_equal(WTERMSIG(j.status), SIGTERM);
	expect_no_out(&j, "ran");
	job_free(&j);
	close(fd);
	world_check(w);
}

/* It comes while the delegate is being started, so ahead of the pause. */
static void sigterm_during_a_try(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran", .trace = true };
	int fd = hold_for_writing(w);
	struct job j;
	pid_t child;

	job_start(w, &c, &j);
	child = trace_child(&j);
	kill(j.pid, SIGTERM);
	assert_return_code(ptrace(PTRACE_DETACH, child, NULL, NULL), errno);
	trace_detach(&j);
	job_end(&j);
	assert_true(WIFSIGNALED(j.status));
	assert_int_equal(WTERMSIG(j.status), SIGTERM);
	job_free(&j);
	close(fd);
	world_check(w);
}

static void a_busy_one_is_not_waited_for_for_ever(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran" };
	int fd = hold_for_writing(w);
	struct job j;

	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_NOT_STARTED, ": text file busy");
	job_free(&j);
	close(fd);
	world_check(w);
}

/* It sleeps until there is something to see, however long a delegate takes. */
static void a_running_delegate_costs_no_looks(void **state)
{
	static const long calls[] = { SYS_poll, SYS_ppoll };
	struct call c = { .trace = true, .script = "sleep 300" };
	size_t counts[2] = { 0 };
	struct job j;

	job_start(*state, &c, &j);
	trace_count(&j, calls, 2, counts);
	job_end(&j);
	expect_ok(&j);
	assert_in_range(counts[0] + counts[1], 1, 5);
	job_free(&j);
	world_check(*state);
}

/* It asked to be traced, but to stop is not to end. */
static void one_that_stops_has_not_ended(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "traceme; die 10" };
	uint64_t deadline = 0;
	bool stopped;
	pid_t pid;
	struct job j;

	job_start(w, &c, &j);
	do
		stopped = (pid = child_of(j.pid)) && is_traced_stop(pid);
	while (!stopped && patience(&deadline));
	assert_true(stopped);
	while (!sleeps_in(j.pid, SYS_poll) && patience(&deadline))
		continue;
	assert_return_code(kill(pid, SIGKILL), errno);
	job_end(&j);
	assert_true(WIFSIGNALED(j.status));
	assert_int_equal(WTERMSIG(j.status), SIGKILL);
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(exit_status_is_handed_on),
		WORLD_TEST(signals_are_handed_on),
		WORLD_TEST(megabytes_pass),
		WORLD_TEST(big_netconfs_pass),
		WORLD_TEST(descriptors_closed_early),
		WORLD_TEST(leftover_children),
		WORLD_TEST(a_missing_one),
		WORLD_TEST(a_long_path_keeps_the_reason),
		WORLD_TEST(one_that_may_not_be_executed),
		WORLD_TEST(one_without_its_interpreter),
		WORLD_TEST(one_that_is_no_program),
		WORLD_TEST(a_directory),
		WORLD_TEST(a_busy_one_is_waited_for),
		WORLD_TEST(a_busy_one_is_given_up_at_sigterm),
		WORLD_TEST(sigterm_during_a_try),
		WORLD_TEST(a_busy_one_is_not_waited_for_for_ever),
		WORLD_TEST(a_running_delegate_costs_no_looks),
		WORLD_TEST(one_that_stops_has_not_ended),
	};

	return cmocka_run_group_tests_name("delegate", tests, NULL, NULL);
}
