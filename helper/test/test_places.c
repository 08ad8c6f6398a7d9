// SPDX-License-Identifier: Apache-2.0
/* What is in the way where the helper makes or looks for something of its own. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHOW_TOKEN "cat " DC_SA "/token"
#define ACCOUNT WORLD_TARGET "/" DC_SERVICE_ACCOUNT_NAME
#define NEW DC_STATE_DIR "/" DC_LAST_GOOD_NAME ".new"
#define VICTIM DC_STATE_DIR "/victim"

/* Removed by the host just when its list is about to be read: it is made again. */
static void gone_while_listed(struct world *w, const char *command, int nth)
{
	static const char *const gone[] = { WORLD_TARGET, ACCOUNT };
	struct call c = { .command = command, .script = SHOW_TOKEN,
			  .trace = true };
	struct job j;
	long nr;

	host_do(w, "mkdir " WORLD_TARGET);
	if (nth == 1)
		host_do(w, "mkdir " ACCOUNT);
	job_start(w, &c, &j);
	for (int i = 0; i <= nth; i++)
		while ((nr = trace_next(&j)) != SYS_getdents64)
			assert_true(nr >= 0);
	host_do(w, "rmdir %s", gone[nth]);
	trace_detach(&j);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void a_directory_removed_while_it_is_listed(void **state)
{
	for (int nth = 0; nth < 2; nth++) {
		gone_while_listed(*state, "ADD", nth);
		gone_while_listed(*state, "DEL", nth);
	}
}

/* Where it may be made: what is short is named. */
static void a_full_run_asks_for_room(void **state)
{
	static const int errors[] = { ENOSPC, EDQUOT };
	struct world *w = *state;

	host_do(w, "rmdir " WORLD_TARGET);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const struct deny deny[] = {
			{ .nr = SYS_mkdirat, .error = errors[i] }, { 0 }
		};
		struct call c = { .script = SHOW_TOKEN, .deny = deny };
		struct job j;

		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH,
				  "free space and inodes");
		expect_out(&j, WORLD_TARGET);
		expect_no_out(&j, "plain directory");
		job_free(&j);
	}
	host_do(w, "mkdir " WORLD_TARGET);
	world_check(w);
}

static void take_every_mode(void)
{
	umask(0777);
}

static void the_callers_umask_is_the_delegates_alone(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "stat /run/secrets; self",
			  .prepare = take_every_mode };
	struct job j;

	host_do(w, "rmdir " WORLD_TARGET "; rmdir /run/secrets");
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "stat 040755");
	expect_out(&j, "umask 777");
	job_free(&j);
	world_check(w);
}

/* They lead nowhere: the kept configuration is a file of its own. */
static void what_is_planted_for_the_kept_configuration(void **state)
{
	static const char *const planted[] = { "mkfifo " NEW,
					       "name " VICTIM " " NEW,
					       "link " VICTIM " " NEW };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN };
	char out[256];
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		daemon_do(w, "put " VICTIM " precious; put " DC_STATE_DIR
			     "/" DC_LAST_GOOD_NAME " stale; %s",
			  planted[i]);
		job_run(w, &c, &j);
		expect_ok(&j);
		assert_int_equal(report_fallbacks(&j), 0);
		job_free(&j);
		assert_int_equal(ns_script(w->daemon_ns, "cat " VICTIM, out,
					   sizeof(out)),
				 0);
		assert_string_equal(out, "precious\n");
		daemon_do(w, "rm " VICTIM);
	}
	world_check(w);
}

/* Two at once would leave mounts of two peer groups. */
static void a_first_add_needs_its_turn(void **state)
{
	static const char lock[] = DC_STATE_DIR "/" DC_LOCK_NAME;
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN };
	struct job j;

	daemon_do(w, "make rslave /hostroot; rm %1$s; mkdir %1$s", lock);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_INTERNAL, "is a directory");
	job_free(&j);
	daemon_do(w, "rmdir %s", lock);
	job_run(w, &c, &j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

/* More than the failures that it gives up after. */
#define PILED 66
#define TEARDOWN_S 5
#define LEFT 4

static void mounts_piled_on_ours_all_go(void **state)
{
	struct world *w = *state;
	char script[4096] = "";
	struct call c = { .script = script };
	struct job j;

	for (int i = 0; i < PILED; i++)
		strcat(script, "tmpfs " WORLD_TARGET ";");
	strcat(script, "daemon; wait-last;");
	for (int i = 0; i < LEFT; i++)
		strcat(script, "try " SHOW_TOKEN "; try detach " WORLD_TARGET ";");
	strcat(script, "done");
	job_start(w, &c, &j);
	job_end(&j);
	job_last(w);
	job_eof(&j);
	expect_no_out(&j, w->token);
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
	world_check(w);
}

/* The host's, that is, of which the copy loses its own with it. */
static void the_directorys_mount_goes(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };
	struct world *w = *state;
	struct call c = { .directory = "/hostroot/srv/account", .trace = true,
			  .script = "print ran" };
	struct job j;

	host_do(w, "mkdir /srv/account");
	for (size_t i = 0; i < 2; i++) {
		c.command = commands[i];
		host_do(w, "tmpfs /srv/account; put /srv/account/token x");
		job_start(w, &c, &j);
		while (trace_next(&j) != SYS_open_tree)
			assert_false(j.ended);
		host_do(w, "detach /srv/account");
		trace_detach(&j);
		job_end(&j);
		if (i) {
			expect_ok(&j);
			assert_true(report_fallback_says(&j, "cannot be bound"));
		} else {
			expect_error_says(&j, DC_CODE_TRY_AGAIN,
					  "cannot be bound");
		}
		job_free(&j);
	}
	host_do(w, "rmdir /srv/account");
	world_check(w);
}

static void go_to_the_teardown(struct job *j)
{
	int calls = 2; /* the first one tries whether it may */

	while (calls > 0) {
		long nr = trace_next(j);

		assert_true(nr >= 0);
		calls -= nr == SYS_umount2;
	}
}

/*
 * What is piled up, or mounted meanwhile, is not taken off for ever: both mounts
 * share the time, and the last to go is not said to stay.
 */
static void the_teardown_ends(void **state)
{
	static const struct {
		const char *script;
		bool some_stay;
	} cases[] = {
		{ "tmpfs " WORLD_TARGET, true },
		{ "move " DC_SA " /run/mine; tmpfs /run/mine; tmpfs /run/mine",
		  true },
		{ "", false },
	};
	struct job jobs[sizeof(cases) / sizeof(cases[0])];
	struct world *w = *state;

	host_do(w, "mkdir /run/mine");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call c = { .script = cases[i].script, .trace = true };

		job_start(w, &c, &jobs[i]);
		go_to_the_teardown(&jobs[i]);
	}
	sleep(TEARDOWN_S + 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		trace_detach(&jobs[i]);
		job_end(&jobs[i]);
		expect_ok(&jobs[i]);
		assert_int_equal(report_fallback_says(&jobs[i], "umount: "),
				 cases[i].some_stay);
		job_free(&jobs[i]);
	}
	host_do(w, "rmdir /run/mine");
	world_check(w);
}

/* In the helper's own copy of the mount namespace, as any root process can. */
static int run_in_copy(const struct job *j, const char *script, char *out,
		       size_t size)
{
	char path[64];
	int ns, failed;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", j->pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(ns, errno);
	failed = ns_script(ns, script, out, size);
	close(ns);
	return failed;
}

/*
 * Goes to the call behind the given one, the nth time, and runs a script in the
 * helper's copy: the helper notices, and says so.
 */
static void in_its_copy(struct world *w, long after, int nth,
			const char *script, const char *says)
{
	struct call c = { .script = SHOW_TOKEN, .trace = true };
	struct job j;
	long nr;

	job_start(w, &c, &j);
	while (nth--)
		while ((nr = trace_next(&j)) != after)
			assert_true(nr >= 0);
	assert_true(trace_next(&j) >= 0);
	assert_int_equal(run_in_copy(&j, script, NULL, 0), 0);
	trace_detach(&j);
	job_end(&j);
	expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH, says);
	job_free(&j);
	world_check(w);
}

/* Who unmounts theirs then would unmount ours. */
static void ours_is_made_shared(void **state)
{
	in_its_copy(*state, SYS_move_mount, 2,
		    "make shared /hostroot" WORLD_TARGET, "it changed");
}

static void another_root_takes_the_place(void **state)
{
	in_its_copy(*state, SYS_unshare, 1,
		    "make rprivate /hostroot; tmpfs /hostroot",
		    "another directory took its place");
}

/* By a child that the delegate left: from there it would reach others, and stay. */
static void ours_cannot_be_bound_before_it_goes(void **state)
{
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN, .trace = true };
	char out[128] = "";
	struct job j;

	host_do(w, "mkdir /var/lib/v");
	job_start(w, &c, &j);
	go_to_the_teardown(&j);
	assert_int_equal(
		run_in_copy(&j, "try rbind /hostroot" WORLD_CREDENTIAL
				" /hostroot/var/lib/v; try rbind /hostroot"
				WORLD_TARGET " /hostroot/var/lib/v",
			    out, sizeof(out)),
		0);
	assert_string_equal(out, "rbind EINVAL\nrbind EINVAL\n");
	trace_detach(&j);
	job_end(&j);
	expect_ok(&j);
	job_free(&j);
	host_do(w, "rmdir /var/lib/v");
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_directory_removed_while_it_is_listed),
		WORLD_TEST(a_full_run_asks_for_room),
		WORLD_TEST(the_callers_umask_is_the_delegates_alone),
		WORLD_TEST(what_is_planted_for_the_kept_configuration),
		WORLD_TEST(a_first_add_needs_its_turn),
		WORLD_TEST(mounts_piled_on_ours_all_go),
		WORLD_TEST(the_directorys_mount_goes),
		WORLD_TEST(the_teardown_ends),
		WORLD_TEST(ours_is_made_shared),
		WORLD_TEST(another_root_takes_the_place),
		WORLD_TEST(ours_cannot_be_bound_before_it_goes),
	};

	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
