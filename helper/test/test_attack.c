// SPDX-License-Identifier: Apache-2.0
/* Hosts that move and delegates that misbehave while one runs. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct world_options bidirectional = { .bidirectional = true };

static void start_holding(struct world *w, struct job *j, const char *script)
{
	struct call c = { .script = script };

	job_start(w, &c, j);
	job_ready(w, j);
}

static void finish(struct world *w, struct job *j)
{
	job_go(w, 1);
	job_end(j);
	expect_ok(j);
}

static void run_script(struct world *w, const char *script, struct job *j)
{
	struct call c = { .script = script };

	job_run(w, &c, j);
	expect_ok(j);
}

/* --- what a delegate leaves ------------------------------------------------ */

static void child_outlives(struct world *w, const char *extra)
{
	char script[512], want[128];
	struct call c = { .script = script };
	struct job j;

	snprintf(script, sizeof(script),
		 "daemon; cat " DC_SA "/token; ready; wait-last;"
		 "try cat " DC_SA "/token; ls " WORLD_TARGET
		 "; mounts " WORLD_TARGET "; done; wait; %s",
		 extra);
	job_start(w, &c, &j);
	job_ready(w, &j);
	finish(w, &j);
	assert_false(j.out.eof);
	job_last(w);
	job_eof(&j);
	snprintf(want, sizeof(want), "%s\ncat ENOENT\nls\n", w->token);
	assert_string_equal(j.out.buf, want);
	job_free(&j);
	world_check(w);
}

/* --- the host goes on living ------------------------------------------------ */

static void new_host_mounts_show_up(void **state)
{
	struct world *w = *state;
	struct job j;

	host_do(w, "mkdir /var/lib/new; mkdir /run/new; mkdir /mnt/new");
	start_holding(w, &j,
		      "ready; wait; cat /var/lib/new/f; cat /run/new/f;"
		      "cat /mnt/new/f; cat " DC_SA "/namespace");
	host_do(w, "tmpfs /var/lib/new; put /var/lib/new/f var;"
		   "tmpfs /run/new; put /run/new/f run;"
		   "tmpfs /mnt/new; put /mnt/new/f mnt");
	finish(w, &j);
	assert_string_equal(j.out.buf, "var\nrun\nmnt\nkube-system\n");
	job_free(&j);
	world_check_processes();
}

static void host_can_umount_and_remove(void **state)
{
	struct world *w = *state;
	struct job j;

	host_do(w, "mkdir /run/netns; netns /run/netns/pod; mkdir /mnt/disk;"
		   "tmpfs /mnt/disk; mkdir /run/gone");
	start_holding(w, &j, "ready; wait; ls /mnt/disk; ls /run/netns");
	/* `ip netns del`, umount, rmdir: none may say EBUSY. */
	host_do(w, "umount /run/netns/pod; rm /run/netns/pod;"
		   "umount /mnt/disk; rmdir /run/gone");
	assert_int_equal(mounts_on(j.pid, "/hostroot/run/netns/pod"), 0);
	assert_int_equal(mounts_on(j.pid, "/hostroot/mnt/disk"), 0);
	finish(w, &j);
	assert_string_equal(j.out.buf, "ls\nls\n");
	job_free(&j);
	host_do(w, "rmdir /run/netns");
	world_check(w);
}

/* A rmdir on the host takes away what is mounted there in the copy. */
static void host_removes_the_target(void **state)
{
	struct world *w = *state;
	struct job j;

	start_holding(w, &j, "ready; wait; try cat " DC_SA "/token");
	host_do(w, "rmdir " WORLD_TARGET "; mkdir " WORLD_TARGET);
	assert_int_equal(mounts_on(w->host, WORLD_TARGET), 0);
	assert_int_equal(mounts_on(w->daemon, "/hostroot" WORLD_TARGET), 0);
	finish(w, &j);
	assert_string_equal(j.out.buf, "cat ENOENT\n");
	job_free(&j);
	world_check(w);
}

static void host_covers_during_a_run(void **state)
{
	static const char *const covers[] = { "/run", "/run/secrets",
					      WORLD_TARGET };
	struct world *w = *state;
	struct job j;

	for (size_t i = 0; i < 3; i++) {
		start_holding(w, &j, "ready; wait; try cat " DC_SA "/token");
		host_do(w, "tmpfs %s", covers[i]);
		world_rebase(w);
		assert_int_equal(mounts_on(w->host, covers[i]),
				 i ? 1 : 2);
		finish(w, &j);
		world_check_processes();
		world_check_mounts(w);
		assert_int_equal(report_number(&j, "exitStatus"), 0);
		host_do(w, "umount %s", covers[i]);
		job_free(&j);
	}
}

static void host_umounts_run_during_a_run(void **state)
{
	struct world *w = *state;
	struct job j;

	start_holding(w, &j, "ready; wait; print done");
	host_do(w, "detach /run");
	assert_int_equal(mounts_on(w->host, "/run"), 0);
	world_rebase(w);
	finish(w, &j);
	job_free(&j);
	world_check_processes();
	world_check_mounts(w);
}

/* --- delegates that mount --------------------------------------------------- */

/* Each runs to its end; host and daemon are as before, nothing else is hit. */
static const char *const mounters[] = {
	"try umount " DC_SA "; try umount " WORLD_TARGET "; print ran",
	"detach " DC_SA "; try umount " WORLD_TARGET "; print ran",
	"detach " WORLD_TARGET "; try umount " WORLD_TARGET "; print ran",
	"detach " WORLD_TARGET "; tmpfs " WORLD_TARGET "; print ran",
	"tmpfs " WORLD_TARGET "; put " WORLD_TARGET "/x y; print ran",
	"tmpfs " DC_SA "; put " DC_SA "/token mine; print ran",
	"tmpfs " WORLD_TARGET "; tmpfs " WORLD_TARGET "; tmpfs " WORLD_TARGET
	"; print ran",
	"tmpfs /run; mkdir /run/mine; print ran",
	"tmpfs /run/secrets; print ran",
	"mkdir /run/mine; tmpfs /run/mine; umount /run/mine; rmdir /run/mine;"
	"print ran",
	"make rprivate /; cat " DC_SA "/token; print ran",
	"make rshared /; cat " DC_SA "/token; print ran",
	"make rslave /; cat " DC_SA "/token; print ran",
	"make shared /run; tmpfs " WORLD_TARGET "; print ran",
	"make rshared /; tmpfs " WORLD_TARGET "; tmpfs /run/secrets; print ran",
	"make rshared /; unshare; tmpfs " WORLD_TARGET "; print ran",
	/* istio-cni's way */
	"unshare; make rprivate /; cat " DC_SA "/token; tmpfs /var/lib/vhost;"
	"print ran",
	"remount " WORLD_TARGET " rw; put " WORLD_TARGET "/x y; print ran",
	/* With the mounts below, which are the host's. */
	"rbind /var/lib " WORLD_TARGET "; print ran",
	"rbind /var/lib " WORLD_CREDENTIAL "; print ran",
	"make rshared /; rbind /var/lib " WORLD_CREDENTIAL "; print ran",
};

static void delegates_that_mount(void **state)
{
	struct world *w = *state;
	struct job j;

	for (size_t i = 0; i < sizeof(mounters) / sizeof(char *); i++) {
		run_script(w, mounters[i], &j);
		expect_out(&j, "ran\n");
		expect_source(&j, "directory");
		job_free(&j);
		world_check(w);
	}
}

/* A neighbour that is there at the time keeps its own. */
static void neighbours_are_not_hit(void **state)
{
	struct world *w = *state;
	struct job first, j;

	start_holding(w, &first, "ready; wait; cat " DC_SA "/token");
	for (size_t i = 0; i < sizeof(mounters) / sizeof(char *); i++) {
		run_script(w, mounters[i], &j);
		job_free(&j);
		assert_int_equal(
			mounts_on(first.pid, "/hostroot" WORLD_TARGET), 1);
		assert_int_equal(
			mounts_on(first.pid, "/hostroot" WORLD_CREDENTIAL), 1);
		assert_int_equal(
			mounts_on(first.pid, "/hostroot" WORLD_ACCOUNT), 1);
	}
	finish(w, &first);
	expect_out(&first, w->token);
	job_free(&first);
	world_check(w);
}

/* Bind, then read-only: the flag stays in the copy; documented. */
static void idioms_across_add_and_del(void **state)
{
	static const struct {
		const char *add;
		const char *del;
	} idioms[] = {
		{ "mkdir /var/lib/v; bind /var/lib/vhost /var/lib/v",
		  "umount /var/lib/v; rmdir /var/lib/v" },
		{ "mkdir /var/lib/v; bind /var/lib/vhost /var/lib/v;"
		  "remount /var/lib/v ro",
		  "umount /var/lib/v; rmdir /var/lib/v" },
		{ "mkdir /var/lib/v; tmpfs /var/lib/v; put /var/lib/v/f x",
		  "cat /var/lib/v/f; umount /var/lib/v; rmdir /var/lib/v" },
		{ "mkdir /var/lib/v; create /var/lib/v/f;"
		  "bind /var/lib/v/f /var/lib/v/f",
		  "umount /var/lib/v/f; rm /var/lib/v/f; rmdir /var/lib/v" },
	};
	struct world *w = *state;
	struct call del = { .command = "DEL" };
	struct job j;

	for (size_t i = 0; i < sizeof(idioms) / sizeof(idioms[0]); i++) {
		run_script(w, idioms[i].add, &j);
		job_free(&j);
		del.script = idioms[i].del;
		job_run(w, &del, &j);
		expect_ok(&j);
		job_free(&j);
		world_check(w);
	}
}

/* --- the token -------------------------------------------------------------- */

static bool file_has(pid_t pid, const char *name, const char *text)
{
	char path[64], buf[65536];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	n = read(fd, buf, sizeof(buf));
	assert_return_code(n, errno);
	close(fd);
	return memmem(buf, n, text, strlen(text));
}

static void token_is_nowhere_else(void **state)
{
	struct world *w = *state;
	struct job j;
	pid_t delegate;

	start_holding(w, &j, "ready; wait");
	delegate = child_of(j.pid);
	assert_true(file_has(delegate, "environ", "CNI_COMMAND=ADD"));
	assert_true(file_has(j.pid, "cmdline", "--directory="));
	assert_false(file_has(j.pid, "cmdline", w->token));
	assert_false(file_has(j.pid, "environ", w->token));
	assert_false(file_has(delegate, "cmdline", w->token));
	assert_false(file_has(delegate, "environ", w->token));
	finish(w, &j);
	assert_null(strstr(j.out.buf, w->token));
	assert_null(strstr(j.err.buf, w->token));
	assert_null(strstr(j.report.buf, w->token));
	job_free(&j);
}

static void children_lose_sight(void **state)
{
	child_outlives(*state, "");
}

/* The delegate piled mounts on ours: they go with it. */
static void children_lose_sight_of_a_pile(void **state)
{
	struct world *w = *state;

	child_outlives(w, "tmpfs " WORLD_CREDENTIAL "; tmpfs " WORLD_TARGET
			  "; tmpfs " WORLD_TARGET);
}

/* Where nothing is shared a delegate can move its mounts. */
static void children_lose_sight_of_what_was_moved(void **state)
{
	static const char *const places[][2] = {
		{ DC_SA, "/run/mine/token" },
		{ WORLD_TARGET, "/run/mine/serviceaccount/token" },
	};
	struct world *w = *state;
	char script[512];
	struct call c = { .script = script };
	struct job j;

	for (size_t i = 0; i < 2; i++) {
		snprintf(script, sizeof(script),
			 "mkdir /run/mine; move %s /run/mine; daemon;"
			 "cat %s; ready; wait-last; try cat %s; done; wait",
			 places[i][0], places[i][1], places[i][1]);
		job_start(w, &c, &j);
		job_ready(w, &j);
		finish(w, &j);
		assert_int_equal(report_fallbacks(&j), 0);
		job_last(w);
		job_eof(&j);
		expect_out(&j, w->token);
		expect_out(&j, "\ncat ENOENT\n");
		job_free(&j);
		host_do(w, "rmdir /run/mine");
	}
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(children_lose_sight),
		WORLD_TEST_IN("children_lose_sight_bidirectional",
			      children_lose_sight, &bidirectional),
		WORLD_TEST(children_lose_sight_of_a_pile),
		WORLD_TEST(children_lose_sight_of_what_was_moved),
		WORLD_TEST(new_host_mounts_show_up),
		WORLD_TEST_IN("new_host_mounts_show_up_bidirectional",
			      new_host_mounts_show_up, &bidirectional),
		WORLD_TEST(host_can_umount_and_remove),
		WORLD_TEST_IN("host_can_umount_and_remove_bidirectional",
			      host_can_umount_and_remove, &bidirectional),
		WORLD_TEST(host_removes_the_target),
		WORLD_TEST(host_covers_during_a_run),
		WORLD_TEST_IN("host_covers_during_a_run_bidirectional",
			      host_covers_during_a_run, &bidirectional),
		WORLD_TEST(host_umounts_run_during_a_run),
		WORLD_TEST(delegates_that_mount),
		WORLD_TEST_IN("delegates_that_mount_bidirectional",
			      delegates_that_mount, &bidirectional),
		WORLD_TEST(neighbours_are_not_hit),
		WORLD_TEST(idioms_across_add_and_del),
		WORLD_TEST(token_is_nowhere_else),
	};

	return cmocka_run_group_tests_name("attack", tests, NULL, NULL);
}
