// SPDX-License-Identifier: Apache-2.0
/* The helper's own failures: the right code, before anything is started. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIRECTORY "--directory=" DC_SA
#define ROOT "--root=/hostroot"
#define TYPES "--types=userspace,,,"

static void refused(struct world *w, const char *const *argv, int code)
{
	static const char *const commands[] = { "ADD", "DEL" };
	struct call c = { .argv = argv, .script = "print ran" };
	struct job j;

	for (size_t i = 0; i < 2; i++) {
		c.command = commands[i];
		job_run(w, &c, &j);
		expect_error(&j, code);
		job_free(&j);
	}
}

static void bad_command_lines(void **state)
{
	static const char *const lines[][9] = {
		{ NULL },
		{ "--" },
		{ WORLD_PLUGIN },
		{ "x", DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "-s", DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--rooot=/", DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--roo=/", DIRECTORY, TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, "--root", TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, "--root=", TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, "--root=hostroot", TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, ROOT, TYPES, "--", WORLD_PLUGIN },
		{ ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--directory=", ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--directory=run", ROOT, TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspace", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspace,,", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspace,,,,", "--",
		  WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=,a,,", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, TYPES, TYPES, "--", WORLD_PLUGIN },
		{ "--strict", "--strict", DIRECTORY, ROOT, TYPES, "--",
		  WORLD_PLUGIN },
		{ "--strict=1", DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--config=/x", ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--store=/x", ROOT, TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, "--config=/x", "--store=/x", ROOT, TYPES, "--",
		  WORLD_PLUGIN },
		{ DIRECTORY, "--store=/x", ROOT, TYPES, "--", WORLD_PLUGIN },
		{ "--config=x", "--store=/x", ROOT, TYPES, "--",
		  WORLD_PLUGIN },
		{ "--config=/x", "--store=x", ROOT, TYPES, "--",
		  WORLD_PLUGIN },
		{ "--config=/x", "--config=/x", "--store=/x", ROOT, TYPES,
		  "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, TYPES },
		{ DIRECTORY, ROOT, TYPES, "--" },
		{ DIRECTORY, ROOT, TYPES, "--", "userspace" },
		{ DIRECTORY, ROOT, TYPES, "--", "" },
		{ DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN, "x" },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refused(*state, lines[i], DC_CODE_COMMAND_LINE);
	world_check(*state);
}

static void unsafe_requests(void **state)
{
	static const char *const lines[][9] = {
		/* A path, and a type that is no file name. */
		{ DIRECTORY, ROOT, "--types=../../x,,,", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=a/b,,,", "--", "/opt/a/b" },
		{ DIRECTORY, ROOT, "--types=..,,,", "--", "/opt/.." },
		{ DIRECTORY, ROOT, "--types=.,,,", "--", "/opt/." },
		{ DIRECTORY, ROOT, "--types=userspace,../x,,", "--",
		  WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspace,,a/b,", "--",
		  WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspace,,,..", "--",
		  WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspace,a\nb,,", "--",
		  WORLD_PLUGIN },
		/* The rule would be another's than the program that runs. */
		{ DIRECTORY, ROOT, "--types=other,,,", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, "--types=userspac,,,", "--", WORLD_PLUGIN },
		{ DIRECTORY, ROOT, TYPES, "--", WORLD_PLUGIN "/" },
		{ DIRECTORY, "--root=/nowhere", TYPES, "--", WORLD_PLUGIN },
		{ DIRECTORY, "--root=/multus-delegate-exec", TYPES, "--",
		  WORLD_PLUGIN },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refused(*state, lines[i], DC_CODE_UNSAFE_REQUEST);
	world_check(*state);
}

static void write_to_nobody(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || close(ends[0]) < 0 ||
	    dup2(ends[1], STDOUT_FILENO) < 0)
		_exit(125);
}

static void help_and_version(void **state)
{
	static const char *const help[] = { "--help", NULL };
	static const char *const version[] = { "--version", NULL };
	struct call c = { .argv = help };
	struct job j;

	job_run(*state, &c, &j);
	expect_ok(&j);
	expect_out(&j, "--directory=DIR");
	expect_out(&j, "--config=FILE");
	expect_out(&j, "--store=DIR");
	job_free(&j);
	c.argv = version;
	job_run(*state, &c, &j);
	expect_ok(&j);
	expect_out(&j, "multus-delegate-exec ");
	job_free(&j);
	c.prepare = write_to_nobody;
	job_run(*state, &c, &j);
	assert_int_equal(j.status, 1 << 8);
	job_free(&j);
}

static void stand_in_for_stdin(int fd)
{
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || close(fd))
		_exit(125);
}

static void a_directory(void)
{
	stand_in_for_stdin(open("/", O_RDONLY));
}

static void write_only(void)
{
	stand_in_for_stdin(open("/dev/null", O_WRONLY));
}

static void the_wrong_end_of_a_pipe(void)
{
	int ends[2];

	if (pipe(ends) < 0)
		_exit(125);
	stand_in_for_stdin(ends[1]);
}

static void a_socket_without_a_peer(void)
{
	stand_in_for_stdin(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* Nothing can run without, and it is not memory that is short. */
static void what_cannot_be_read_is_no_stdin(void **state)
{
	static void (*const stdins[])(void) = { a_directory, write_only,
						the_wrong_end_of_a_pipe,
						a_socket_without_a_peer };
	static const char *const commands[] = { "ADD", "DEL" };
	struct job j;

	for (size_t i = 0; i < 2 * sizeof(stdins) / sizeof(stdins[0]); i++) {
		struct call c = { .command = commands[i % 2],
				  .script = "print ran",
				  .prepare = stdins[i / 2] };

		job_run(*state, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, "standard input");
		expect_no_out(&j, "memory");
		job_free(&j);
	}
	world_check(*state);
}

/* Our answer speaks the version that the netconf asked for. */
static void answer_has_the_version(void **state)
{
	struct call c = { .netconf = "{\"cniVersion\":\"0.4.0\","
				     "\"type\":\"userspace\"}",
			  .directory = "/nowhere" };
	struct job j;

	job_run(*state, &c, &j);
	expect_error(&j, DC_CODE_TRY_AGAIN);
	expect_out(&j, "\"cniVersion\":\"0.4.0\"");
	job_free(&j);
}

/* --- no credential --------------------------------------------------------- */

static void none_to_deliver(struct world *w, const char *directory,
			    const char *says)
{
	struct call c = { .directory = directory,
			  .script = "try cat " DC_SA "/token" };
	static const struct {
		const char *command;
		int code; /* 0: runs without */
	} cases[] = {
		{ "ADD", DC_CODE_TRY_AGAIN },
		{ "CHECK", DC_CODE_TRY_AGAIN },
		{ "STATUS", DC_CODE_NOT_AVAILABLE },
		{ "DEL", 0 },
		{ "GC", 0 },
	};
	struct job j;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.command = cases[i].command;
		job_run(w, &c, &j);
		if (cases[i].code) {
			expect_error_says(&j, cases[i].code, directory);
			expect_out(&j, says);
		} else {
			expect_ok(&j);
			expect_out(&j, "cat ENOENT");
			expect_source(&j, "none");
			assert_true(report_fallback_says(&j, directory));
		}
		job_free(&j);
	}
	world_check(w);
}

static void directory_is_missing(void **state)
{
	none_to_deliver(*state, "/nowhere", "automountServiceAccountToken");
}

static void directory_has_no_token(void **state)
{
	daemon_do(*state, "mkdir /tmp/empty");
	none_to_deliver(*state, "/tmp/empty", "it holds no 'token'");
}

static void directory_is_a_file(void **state)
{
	daemon_do(*state, "put /tmp/file text");
	none_to_deliver(*state, "/tmp/file", "automountServiceAccountToken");
}

/* --- what the kernel or the container's seccomp profile lacks ------------- */

static void needed_call_is_missing(struct world *w, long nr, int error)
{
	const struct deny deny[] = { { .nr = nr, .error = error }, { 0 } };
	struct call c = { .deny = deny, .script = "try cat " DC_SA "/token" };
	struct job j;

	c.command = "ADD";
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_KERNEL);
	job_free(&j);
	c.command = "CHECK";
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_KERNEL);
	job_free(&j);
	c.command = "STATUS";
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_NOT_AVAILABLE);
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "cat ENOENT");
	expect_source(&j, "none");
	assert_true(report_fallbacks(&j) > 0);
	job_free(&j);
	world_check_processes();
	mounts_expect("host", &w->host_before, w->host);
	if (!w->o.fresh) /* else this run may have been the first to share */
		mounts_expect("daemon", &w->daemon_before, w->daemon);
}

static void needed_calls_are_missing(void **state)
{
	static const long calls[] = {
		SYS_openat2, SYS_mount_setattr, SYS_move_mount, SYS_open_tree,
		SYS_fsopen,  SYS_fsconfig,	SYS_fsmount,	SYS_unshare,
	};

	for (size_t i = 0; i < 2 * (sizeof(calls) / sizeof(calls[0])); i++)
		needed_call_is_missing(*state, calls[i / 2],
				       i % 2 ? ENOSYS : EPERM);
}

static struct world_options fresh = { .fresh = true };

static void an_extra_is_missing(struct world *w, const struct deny *deny,
				const char *name)
{
	struct call c = { .deny = deny, .script = "cat " DC_SA "/token" };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	expect_source(&j, "directory");
	assert_true(report_fallback_says(&j, name));
	job_free(&j);
	c.strict = true;
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, name);
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	expect_source(&j, "directory");
	assert_true(report_fallback_says(&j, name));
	job_free(&j);
	world_check_processes();
}

static void statmount_is_missing(void **state)
{
	static const struct deny enosys[] = { { .nr = SYS_statmount, .error = ENOSYS },
					      { 0 } };
	static const struct deny eperm[] = { { .nr = SYS_statmount, .error = EPERM },
					     { 0 } };

	an_extra_is_missing(*state, enosys, "statmount");
	an_extra_is_missing(*state, eperm, "statmount");
}

static void noswap_is_refused(void **state)
{
	static const struct deny deny[] = { { .nr = SYS_fsconfig, .error = EINVAL, .word = "noswap" },
					    { 0 } };

	an_extra_is_missing(*state, deny, "noswap");
}

/* What looks like /proc and is none. */
static void a_false_proc_is_not_believed(void **state)
{
	static const struct deny deny[] = { { .nr = SYS_statmount, .error = ENOSYS },
					    { 0 } };
	struct world *w = *state;
	struct call c = { .deny = deny, .script = "try cat " DC_SA "/token" };
	struct job j;

	static const char *const false_ones[] = {
		"create /proc/self/other",
		"mkfifo /proc/self/mountinfo",
		"rm /proc/self/mountinfo; put /proc/self/mountinfo text",
	};

	daemon_do(w, "tmpfs /proc; mkdir /proc/self");
	world_rebase(w);
	for (size_t i = 0; i < 2; i++) {
		daemon_do(w, "%s", false_ones[i]);
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, "/proc");
		expect_no_out(&j, "bad file descriptor");
		job_free(&j);
	}
	world_check(w);
}

static void strict_with_everything_works(void **state)
{
	struct world *w = *state;
	struct call c = { .strict = true, .script = "cat " DC_SA "/token" };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
	world_check(w);
}

static void root_is_no_mount(void **state)
{
	static const char *const argv[] = { DIRECTORY, "--root=/hostroot/srv/r",
					    TYPES, "--", WORLD_PLUGIN, NULL };
	struct call c = { .argv = argv };
	struct job j;

	host_do(*state, "mkdir /srv/r; mkdir /srv/r/var; mkdir /srv/r/var/run");
	job_run(*state, &c, &j);
	expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH,
			  "mount the host's / at '/hostroot/srv/r'");
	job_free(&j);
	world_check(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(bad_command_lines),
		WORLD_TEST(unsafe_requests),
		WORLD_TEST(help_and_version),
		WORLD_TEST(what_cannot_be_read_is_no_stdin),
		WORLD_TEST(answer_has_the_version),
		WORLD_TEST(directory_is_missing),
		WORLD_TEST(directory_has_no_token),
		WORLD_TEST(directory_is_a_file),
		WORLD_TEST(needed_calls_are_missing),
		WORLD_TEST_IN("needed_calls_are_missing_at_first",
			      needed_calls_are_missing, &fresh),
		WORLD_TEST(statmount_is_missing),
		WORLD_TEST_IN("statmount_is_missing_at_first",
			      statmount_is_missing, &fresh),
		WORLD_TEST(noswap_is_refused),
		WORLD_TEST(a_false_proc_is_not_believed),
		WORLD_TEST(strict_with_everything_works),
		WORLD_TEST(root_is_no_mount),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
