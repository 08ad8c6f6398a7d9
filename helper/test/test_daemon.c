// SPDX-License-Identifier: Apache-2.0
/* What the daemon's namespace gains and keeps, and what is left in the end. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define SHARED_DIR WORLD_POD "kubernetes.io~empty-dir/shared-dir"
#define VHOST "/var/lib/vhost/5f6e"

static struct world_options bidirectional = { .bidirectional = true };
static struct world_options fresh = { .fresh = true };
static struct world_options fresh_bidirectional = { .fresh = true,
						    .bidirectional = true };

static void first_run_adds_shared_only(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran" };
	struct job j;

	mounts_share(&w->daemon_before);
	job_run(w, &c, &j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

static void first_run_adds_nothing(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran" };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

static void two_first_runs_at_once(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token; ready; wait" };
	struct job j[4];

	mounts_share(&w->daemon_before);
	for (int i = 0; i < 4; i++)
		job_start(w, &c, &j[i]);
	for (int i = 0; i < 4; i++)
		job_ready(w, &j[i]);
	world_check_mounts(w);
	job_go(w, 4);
	for (int i = 0; i < 4; i++) {
		job_end(&j[i]);
		expect_ok(&j[i]);
		expect_out(&j[i], w->token);
		job_free(&j[i]);
	}
	world_check(w);
}

/* As userspace-cni does: ADD binds the pod's emptyDir, DEL unbinds it. */
static void own_bind_lives_until_del(void **state)
{
	struct world *w = *state;
	struct call add = { .script = "mkdir " VHOST "; bind " SHARED_DIR
				      " " VHOST "; cat " DC_SA "/token" };
	struct call look = { .command = "CHECK", .script = "mounts " VHOST };
	struct call del = { .command = "DEL",
			    .script = "umount " VHOST "; rmdir " VHOST };
	struct job j;

	job_run(w, &add, &j);
	expect_ok(&j);
	job_free(&j);
	assert_int_equal(mounts_on(w->daemon, "/hostroot" VHOST), 1);
	/* Under stock the bind reaches the host only where it is shared. */
	assert_int_equal(mounts_on(w->host, VHOST), w->o.bidirectional);
	job_run(w, &look, &j);
	expect_ok(&j);
	expect_out(&j, " " VHOST " ");
	job_free(&j);
	job_run(w, &del, &j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

static void own_bind_of_stock_is_undone_by_ours(void **state)
{
	struct world *w = *state;
	struct call add = { .stock = true,
			    .script = "mkdir " VHOST "; bind " SHARED_DIR
				      " " VHOST };
	struct call del = { .command = "DEL",
			    .script = "umount " VHOST "; rmdir " VHOST };
	struct job j;

	job_run(w, &add, &j);
	expect_ok(&j);
	job_free(&j);
	assert_int_equal(mounts_on(w->daemon, "/hostroot" VHOST), 1);
	job_run(w, &del, &j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

static void a_hundred_pairs_leave_nothing(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token" };
	struct job j;

	for (int i = 0; i < 200; i++) {
		c.command = i % 2 ? "DEL" : "ADD";
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, w->token);
		job_free(&j);
	}
	world_check(w);
}

/* 32 in flight, as when a node comes up. */
static void many_at_once_leave_nothing(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token; ready; wait" };
	struct job j[32];

	for (int i = 0; i < 32; i++)
		job_start(w, &c, &j[i]);
	for (int i = 0; i < 32; i++)
		job_ready(w, &j[i]);
	world_check_mounts(w);
	job_go(w, 32);
	for (int i = 0; i < 32; i++) {
		job_end(&j[i]);
		expect_ok(&j[i]);
		expect_out(&j[i], w->token);
		job_free(&j[i]);
	}
	world_check(w);
}

/* The host covers /run in between, where the credential is to be. */
static void own_bind_is_undone_below_another_run(void **state)
{
	struct world *w = *state;
	struct call add = { .script = "mkdir " VHOST "; bind " SHARED_DIR
				      " " VHOST };
	struct call del = { .command = "DEL",
			    .script = "cat " DC_SA "/token; umount " VHOST
				      "; rmdir " VHOST };
	struct job j;

	job_run(w, &add, &j);
	expect_ok(&j);
	job_free(&j);
	host_do(w, "tmpfs /run");
	job_run(w, &del, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	expect_source(&j, "directory");
	job_free(&j);
	host_do(w, "umount /run");
	world_check(w);
}

static void expect_unlisted(struct world *w, const char *script,
			    const char *want)
{
	struct call c = { .stock = true, .script = script };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	assert_string_equal(j.out.buf, want);
	job_free(&j);
}

static void run_listed(struct world *w, const char *command, const char *script)
{
	struct call c = { .command = command, .script = script };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	job_free(&j);
}

/* Unlisted delegates: the same view after listed runs as before them. */
static void unlisted_see_the_host_as_before(void **state)
{
	struct world *w = *state;

	run_listed(w, "ADD", "print ran");
	host_do(w, "mkdir " WORLD_CREDENTIAL "; tmpfs " WORLD_CREDENTIAL
		   "; put " WORLD_CREDENTIAL "/token hosts-own");
	expect_unlisted(w, "ls " WORLD_CREDENTIAL, "ls token\n");
	host_do(w, "umount " WORLD_CREDENTIAL "; rmdir " WORLD_CREDENTIAL
		   "; rmdir " WORLD_TARGET "; rmdir /run/secrets");
	host_do(w, "detach /run; tmpfs /run; put /run/f new");
	expect_unlisted(w, "ls /run; cat /run/f", "ls f\nnew\n");
	run_listed(w, "ADD", "cat " DC_SA "/token");
	expect_unlisted(w, "ls " WORLD_TARGET "; cat /run/f", "ls\nnew\n");
	host_do(w, "rm /run/f");
	world_check(w);
}

/* Of a mount that was there before the first listed run, too. */
static void unlisted_see_an_old_mount_as_before(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir /mnt; tmpfs /mnt; mkdir /mnt/own; mkdir /mnt/new");
	world_rebase(w);
	mounts_share(&w->daemon_before);
	run_listed(w, "ADD", "tmpfs /mnt/own; put /mnt/own/f own");
	host_do(w, "tmpfs /mnt/new; put /mnt/new/f new");
	expect_unlisted(w, "cat /mnt/own/f; cat /mnt/new/f", "own\nnew\n");
	run_listed(w, "DEL", "umount /mnt/own");
	host_do(w, "umount /mnt/new");
	world_check(w);
	host_do(w, "umount /mnt");
	expect_unlisted(w, "ls /mnt", "ls\n");
}

/* The thin plugin's case: the host's own namespace, and / for the root. */
static void works_without_a_chroot(void **state)
{
	static const char *const argv[] = {
		"--directory=" WORLD_ACCOUNT, "--root=/", "--types=userspace,,,",
		"--", WORLD_PLUGIN, NULL,
	};
	struct world *w = *state;
	struct call add = { .on_host = true, .argv = argv,
			    .script = "cat " DC_SA "/token; bind " SHARED_DIR
				      " /var/lib/vhost; ready; wait" };
	struct call del = { .on_host = true, .argv = argv, .command = "DEL",
			    .script = "umount /var/lib/vhost" };
	struct job j;

	job_start(w, &add, &j);
	job_ready(w, &j);
	assert_int_equal(mounts_on(j.pid, WORLD_TARGET), 1);
	assert_int_equal(mounts_on(w->host, WORLD_TARGET), 0);
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	assert_int_equal(mounts_on(w->host, "/var/lib/vhost"), 1);
	job_run(w, &del, &j);
	expect_ok(&j);
	job_free(&j);
	/* Without a container of its own the lock is the host's. */
	host_do(w, "rm " DC_STATE_DIR "/" DC_LOCK_NAME "; rmdir " DC_STATE_DIR);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST_IN("first_run_adds_shared_only",
			      first_run_adds_shared_only, &fresh),
		WORLD_TEST_IN("first_run_adds_nothing_bidirectional",
			      first_run_adds_nothing, &fresh_bidirectional),
		WORLD_TEST_IN("two_first_runs_at_once", two_first_runs_at_once,
			      &fresh),
		WORLD_TEST(own_bind_lives_until_del),
		WORLD_TEST_IN("own_bind_lives_until_del_bidirectional",
			      own_bind_lives_until_del, &bidirectional),
		WORLD_TEST(own_bind_is_undone_below_another_run),
		WORLD_TEST(own_bind_of_stock_is_undone_by_ours),
		WORLD_TEST(a_hundred_pairs_leave_nothing),
		WORLD_TEST_IN("a_hundred_pairs_bidirectional",
			      a_hundred_pairs_leave_nothing, &bidirectional),
		WORLD_TEST(many_at_once_leave_nothing),
		WORLD_TEST(unlisted_see_the_host_as_before),
		WORLD_TEST_IN("unlisted_see_an_old_mount_as_before",
			      unlisted_see_an_old_mount_as_before, &fresh),
		WORLD_TEST(works_without_a_chroot),
	};

	return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
