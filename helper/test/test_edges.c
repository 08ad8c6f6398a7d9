// SPDX-License-Identifier: Apache-2.0
/* Callers, limits and hosts at the edge of what there can be. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW_TOKEN "cat " DC_SA "/token"
#define TRY_TOKEN "try " SHOW_TOKEN

/* --- descriptor 3 ------------------------------------------------------------- */

/* In the abstract name space, since a child has no descriptor of its own. */
static socklen_t socket_name(struct sockaddr_un *ret, pid_t pid)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return offsetof(struct sockaddr_un, sun_path) + 1 +
	       snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1,
			"delegate-test-%d", pid);
}

static int listen_for_child(void)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_return_code(fd, errno);
	assert_return_code(bind(fd, (struct sockaddr *)&name,
				socket_name(&name, getpid())),
			   errno);
	assert_return_code(listen(fd, 1), errno);
	return fd;
}

static void report_to_a_socket(void)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&name,
		    socket_name(&name, getppid())) ||
	    dup2(fd, DC_REPORT_FD) < 0 || close(fd))
		_exit(125);
}

static void a_socket_tells_that_the_caller_is_gone(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait",
			  .prepare = report_to_a_socket };
	int listener = listen_for_child(), caller;
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_return_code(caller, errno);
	close(listener);
	close(caller);
	job_end(&j);
	assert_true(WIFSIGNALED(j.status));
	assert_int_equal(WTERMSIG(j.status), SIGTERM);
	job_free(&j);
	job_drain(w);
	world_check(w);
}

static void put_at_3(int fd)
{
	if (fd < 0 || (fd != DC_REPORT_FD &&
		       (dup2(fd, DC_REPORT_FD) < 0 || close(fd))))
		_exit(125);
}

static void a_path_at_3(void)
{
	put_at_3(open("/", O_PATH));
}

static void a_dead_pipes_end_at_3(void)
{
	int p[2];

	if (pipe(p) || close(p[1]))
		_exit(125);
	put_at_3(p[0]);
}

/* What nothing can be written to is no report's reader. */
static void a_wait_is_one(struct world *w, void (*prepare)(void))
{
	static const struct deny no_inotify[] = {
		{ .nr = SYS_inotify_init1, .error = EMFILE }, { 0 }
	};
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN,
			  .deny = no_inotify, .trace_waits = true,
			  .prepare = prepare };
	struct job j;
	long timeout;

	store_anew(w);
	store_await(w, &c, &j);
	assert_int_equal(trace_waited(&j), 0);
	store_fill(w, "userspace", w->token, 3600);
	trace_wait(&j, &timeout);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
}

static void what_cannot_be_written_is_no_caller(void **state)
{
	struct world *w = *state;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	a_wait_is_one(w, a_path_at_3);
	a_wait_is_one(w, a_dead_pipes_end_at_3);
	world_check_processes();
}

static void refused_without_a_reader(struct world *w, const char *const *argv,
				     int code)
{
	struct call c = { .argv = argv, .script = "print ran", .trace = true };
	struct job j;

	job_start(w, &c, &j);
	close(j.report.fd);
	j.report.fd = -1;
	trace_detach(&j);
	job_end(&j);
	expect_error(&j, code);
	job_free(&j);
}

static void an_error_needs_no_reader_of_the_report(void **state)
{
	static const char *const bad[] = { "--bad", NULL };

	refused_without_a_reader(*state, bad, DC_CODE_COMMAND_LINE);
	world_check(*state);
}

/* A kubeconfig names it, and is worth nothing without. */
static void a_kubeconfig_needs_the_ca(void **state)
{
	static const char rule[] = CONFIG_OF(
		"{\"name\":\"userspace\"," MATCH_USERSPACE ",\"sources\":["
		"{\"directory\":{\"path\":\"/tmp/account\"}}],"
		"\"deliver\":{\"kubeconfig\":{}}}");
	static const char show[] =
		"try cat /var/run/secrets/kubernetes.io/credentials/ca.crt";
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = show };
	struct job j;

	config_put(w, rule);
	daemon_do(w, "mkdir /tmp/account; put /tmp/account/token other");
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "it holds no 'ca.crt'");
	job_free(&j);
	daemon_do(w, "put /tmp/account/ca.crt CERTIFICATE");
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "CERTIFICATE");
	job_free(&j);
	world_check(w);
}

/* --- descriptors 0 to 2 --------------------------------------------------------- */

static void close_stdin(void)
{
	close(STDIN_FILENO);
}

static void close_stdin_and_write_to_nobody(void)
{
	int ends[2];

	if (pipe(ends) || dup2(ends[1], STDOUT_FILENO) < 0 || close(ends[0]) ||
	    close(ends[1]))
		_exit(125);
	close_stdin();
}

static void nothing_stands_in_for_stdin(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran", .prepare = close_stdin };
	struct job j;

	daemon_do(w, "rm /dev/null");
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_INTERNAL, "/dev/null");
	assert_non_null(j.json);
	job_free(&j);
	c.prepare = close_stdin_and_write_to_nobody;
	job_run(w, &c, &j);
	assert_int_equal(j.status, 2 << 8);
	job_free(&j);
	world_check(w);
}

/* --- limits ------------------------------------------------------------------------ */

static void limit_files(void)
{
	const struct rlimit limit = { 0, 0 };

	if (setrlimit(RLIMIT_FSIZE, &limit))
		_exit(125);
}

static void no_file_may_grow(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		struct call c = { .command = commands[i], .script = "print ran",
				  .prepare = limit_files };
		struct job j;

		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, "RLIMIT_FSIZE");
		job_free(&j);
	}
	world_check(w);
}

/* --- the directory's token ------------------------------------------------------ */

static void token_is_somewhere_else(void **state)
{
	static const char *const directories[] = { "/tmp/a", "/tmp/b", "/tmp/c",
						   "/tmp/d" };
	struct world *w = *state;

	daemon_do(w, "put /tmp/token other; mkdir /tmp/a; mkdir /tmp/b/token;"
		     "mkdir /tmp/c; mkdir /tmp/d; link /tmp/token /tmp/a/token;"
		     "create /tmp/c/token; bind /tmp/token /tmp/c/token;"
		     "link ../token /tmp/d/token");
	world_rebase(w);
	for (size_t i = 0; i < 4; i++) {
		struct call c = { .directory = directories[i],
				  .script = TRY_TOKEN };
		struct job j;

		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_TRY_AGAIN, directories[i]);
		job_free(&j);
	}
	world_check(w);
}

/* An API server may need no CA; but what is there is not half a credential. */
static void what_is_beside_the_token(void **state)
{
	static const char *const names[] = { "ca.crt", "namespace" };
	struct world *w = *state;
	struct call c = { .directory = "/tmp/a", .script = "ls " DC_SA };
	struct job j;

	daemon_do(w, "put /tmp/other other; mkdir /tmp/a; put /tmp/a/token t");
	world_rebase(w);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "token\n");
	job_free(&j);
	for (size_t i = 0; i < 2; i++) {
		daemon_do(w, "link ../other /tmp/a/%s", names[i]);
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_TRY_AGAIN, names[i]);
		job_free(&j);
		daemon_do(w, "rm /tmp/a/%s", names[i]);
	}
	world_check(w);
}

static void not_blocking(void)
{
	if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK))
		_exit(125);
}

static void stdin_need_not_block(void **state)
{
	static char conf[1 << 20];
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN, .netconf = conf,
			  .prepare = not_blocking };
	struct job j;

	memset(conf, ' ', sizeof(conf) - 1);
	memcpy(conf, "{\"type\":\"userspace\"}", 20);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void new_pid_namespace(void)
{
	if (unshare(CLONE_NEWPID))
		_exit(125);
}

static void a_child_elsewhere_is_no_run(void **state)
{
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN, .prepare = new_pid_namespace };
	struct job j;

	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_INTERNAL);
	job_free(&j);
	world_check(w);
}

/* --- messages ------------------------------------------------------------------- */

static bool all_but_openat2(long nr)
{
	return nr != SYS_openat2;
}

static void a_message_has_the_reason(void **state)
{
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN, .trace = true };
	struct fault f = { .error = EIO, .spare = all_but_openat2, .hit = true };
	struct job j;

	host_do(w, "mkdir " WORLD_CREDENTIAL);
	for (; f.hit; f.n++) {
		f.hit = false;
		job_start(w, &c, &j);
		trace_fault(&j, &f);
		job_end(&j);
		if (f.hit)
			expect_out(&j, ": input/output error\"}");
		else
			expect_ok(&j);
		job_free(&j);
	}
	assert_true(f.n > 8);
}

/* --- the store ---------------------------------------------------------------------- */

static void no_watch_can_be_had(void **state)
{
	static const int errors[] = { ENOSPC, EACCES };
	struct world *w = *state;
	struct deny deny[] = { { .nr = SYS_inotify_add_watch }, { 0 } };
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN,
			  .deny = deny, .trace_waits = true };
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	for (size_t i = 0; i < 2; i++) {
		deny[0].error = errors[i];
		/* It looks itself. */
		assert_in_range(store_await(w, &c, &j), 1, 100);
		assert_int_equal(store_serve(w, &j), 0);
		store_anew(w);
	}
}

/* As of a child that the caller had before it became the helper. */
static void a_sigchld_ends_no_wait(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN,
			  .trace_waits = true };
	struct job j;
	long timeout;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_await(w, &c, &j);
	assert_return_code(kill(j.pid, SIGCHLD), errno);
	assert_int_equal(store_woken(&j), 1);
	assert_true(trace_wait(&j, &timeout));
	store_serve(w, &j);
}

/* --- hosts ---------------------------------------------------------------------------- */

static struct world_options run_on_var_lib = {
	.var_run = "mkdir /var/lib/run; link /var/lib/run /var/run",
};

static struct world_options run_is_all = { .var_run = "link / /var/run" };

/* What the delegate mounts beside it would not outlive the delegate. */
static void a_run_in_a_larger_mount(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };
	struct world *w = *state;
	struct call c = { .script = TRY_TOKEN "; tmpfs /var/lib/vhost" };
	struct job j;

	for (size_t i = 0; i < 2; i++) {
		c.command = commands[i];
		job_run(w, &c, &j);
		if (i) {
			expect_ok(&j);
		} else {
			expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH,
					  "mount a tmpfs on /run");
			expect_out(&j, "let /var/run lead to a mount");
		}
		expect_no_out(&j, w->token);
		job_free(&j);
	}
	assert_int_equal(mounts_on(w->daemon, "/hostroot/var/lib/vhost"), 1);
	world_check_processes();
}

/* --- a DEL whose set-up fails -------------------------------------------------- */

static bool all_but_opens(long nr)
{
#ifdef SYS_open
	if (nr == SYS_open)
		return false;
#endif
	return nr != SYS_openat;
}

/* Whatever could not be opened: what its ADD mounted, it can unmount. */
static void a_del_without_a_credential_unmounts(void **state)
{
	struct world *w = *state;
	struct call c = { .command = "DEL", .trace = true,
			  .script = "tmpfs /var/lib/vhost;"
				    "umount /var/lib/vhost; print ran" };
	struct fault f = { .n = 1, .error = ENOMEM, .spare = all_but_opens,
			   .hit = true };
	struct job j;

	for (; f.hit; f.n++) {
		f.hit = false;
		job_start(w, &c, &j);
		trace_fault(&j, &f);
		job_end(&j);
		expect_ok(&j);
		expect_out(&j, "ran");
		job_free(&j);
		world_check(w);
	}
	assert_true(f.n > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_socket_tells_that_the_caller_is_gone),
		WORLD_TEST(what_cannot_be_written_is_no_caller),
		WORLD_TEST(an_error_needs_no_reader_of_the_report),
		WORLD_TEST(no_file_may_grow),
		WORLD_TEST(token_is_somewhere_else),
		WORLD_TEST(what_is_beside_the_token),
		WORLD_TEST(a_kubeconfig_needs_the_ca),
		WORLD_TEST(stdin_need_not_block),
		WORLD_TEST(a_child_elsewhere_is_no_run),
		WORLD_TEST(a_message_has_the_reason),
		WORLD_TEST(no_watch_can_be_had),
		WORLD_TEST_IN("a_run_in_a_larger_mount",
			      a_run_in_a_larger_mount, &run_on_var_lib),
		WORLD_TEST_IN("a_run_that_is_the_root", a_run_in_a_larger_mount,
			      &run_is_all),
		WORLD_TEST(a_del_without_a_credential_unmounts),
		WORLD_TEST(nothing_stands_in_for_stdin),
		WORLD_TEST(a_sigchld_ends_no_wait),
	};

	return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
