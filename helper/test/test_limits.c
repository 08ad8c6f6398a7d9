// SPDX-License-Identifier: Apache-2.0
/* What is not defended, and what cannot be done: as the README tells. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW_TOKEN "cat " DC_SA "/token"

/* Without chrootDir: the container has an account of its own at the place. */
static void without_a_chroot_the_daemons_account_wins(void **state)
{
	static const char *const argv[] = {
		"--config=" WORLD_CONFIG, "--store=" WORLD_STORE, "--root=/",
		"--types=userspace,,,", "--", WORLD_PLUGIN, NULL
	};
	struct world *w = *state;
	struct call c = { .argv = argv, .script = SHOW_TOKEN };
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_fill(w, "userspace", "the-rules-own", 3600);
	daemon_do(w, "mkdir /opt/cni/bin; create " WORLD_PLUGIN
		     "; bind /hostroot" WORLD_PLUGIN " " WORLD_PLUGIN);
	world_rebase(w);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_source(&j, "host");
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

/* The store's writer sees when it has been looked at. */
static void what_comes_into_the_store_later_is_followed(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG,
			  .script = "ready; wait; " SHOW_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	host_do(w, "put /etc/tenant/other somebody-elses");
	job_start(w, &c, &j);
	job_ready(w, &j);
	daemon_do(w, "uid 65532; link /etc/tenant/other " WORLD_STORE
		     "/userspace/data/new; rename " WORLD_STORE
		     "/userspace/data/new " WORLD_STORE "/userspace/data/token");
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, "somebody-elses");
	job_free(&j);
	world_check_processes();
}

static void child_keeps(struct world *w, const char *what, const char *how)
{
	char script[512];
	struct call c = { .script = script };
	struct job j;

	snprintf(script, sizeof(script),
		 "daemon; %s; ready; wait-last; %s; done; wait", what, how);
	job_start(w, &c, &j);
	job_ready(w, &j);
	job_go(w, 1);
	job_end(&j);
	job_last(w);
	job_eof(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void some_children_keep_the_credential(void **state)
{
	child_keeps(*state, "unshare", SHOW_TOKEN);
	child_keeps(*state, "open " DC_SA " r 7", "cat /proc/self/fd/7/token");
}

static void a_killed_helpers_grandchild_keeps_it(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "daemon; wait-last; " SHOW_TOKEN
				    "; done; ready; wait" };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	kill(j.pid, SIGKILL);
	job_end(&j);
	job_last(w);
	job_eof(&j);
	expect_out(&j, w->token);
	job_free(&j);
	job_drain(w);
	world_check(w);
}

static void runs_call(struct world *w, const struct call *c)
{
	struct job j;

	job_run(w, c, &j);
	expect_ok(&j);
	job_free(&j);
}

static void runs(struct world *w, const char *script)
{
	runs_call(w, &(struct call){ .script = script });
}

/* In the daemon's view it stays until it is unmounted. */
static void a_credential_made_private_can_be_bound(void **state)
{
	static const char *const scripts[] = {
		"make rprivate /run; rbind /run /var/lib/v",
		"make rshared /run; rbind /run /var/lib/v",
	};
	struct world *w = *state;

	host_do(w, "mkdir /var/lib/v");
	for (int i = 0; i < 2; i++) {
		runs(w, scripts[i]);
		assert_int_equal(
			mounts_on(w->daemon, "/hostroot/var/lib/v/secrets/"
					     "kubernetes.io"),
			1);
		daemon_do(w, "detach /hostroot/var/lib/v");
	}
	host_do(w, "rmdir /var/lib/v");
	world_check(w);
}

static void takes_the_daemons(struct world *w, const char *script)
{
	runs(w, script);
	assert_int_equal(mounts_on(w->host, WORLD_ACCOUNT), 1);
	assert_int_equal(mounts_on(w->daemon, "/hostroot" WORLD_ACCOUNT), 0);
	world_check_processes();
}

/* As on a host whose mounts are shared; by a new container they come back. */
static void a_lazy_unmount_of_a_recursive_bind_takes_the_daemons(void **state)
{
	takes_the_daemons(*state, "mkdir /mnt/x; rbind /var/lib /mnt/x;"
				  "detach /mnt/x; rmdir /mnt/x");
}

static void an_unmount_below_a_bind_takes_the_daemons(void **state)
{
	takes_the_daemons(*state, "mkdir /mnt/x; rbind /var/lib /mnt/x; umount "
				  "/mnt/x/kubelet/pods/5f6e/volumes/"
				  "kubernetes.io~projected/kube-api-access;"
				  "umount /mnt/x");
}

static void an_unmount_in_an_own_namespace_takes_the_daemons(void **state)
{
	takes_the_daemons(*state, "unshare; detach /var/lib");
}

static void a_mount_below_a_bind_covers_the_source(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "bind / /mnt/x; tmpfs /mnt/x/opt; ready;"
				    "wait; umount /mnt/x/opt; umount /mnt/x" };
	struct call neighbour = { .script = "print ran" };
	struct job j, k;

	host_do(w, "mkdir /mnt/x");
	job_start(w, &c, &j);
	job_ready(w, &j);
	job_run(w, &neighbour, &k);
	expect_error(&k, DC_CODE_NOT_STARTED);
	job_free(&k);
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	job_free(&j);
	host_do(w, "rmdir /mnt/x");
	world_check(w);
}

static size_t count_daemons(const struct world *w)
{
	struct mounts m;
	size_t n;

	mounts_take(w->daemon, &m);
	n = m.count;
	mounts_free(&m);
	return n;
}

/* Whoever made it private may want it so: it is left alone. */
static void on_a_private_mount_nothing_lives_until_del(void **state)
{
	struct world *w = *state;
	struct call unlisted = { .stock = true,
				 .script = "make private /var/lib" };

	host_do(w, "mkdir /var/lib/v");
	runs_call(w, &unlisted);
	world_rebase(w);
	runs(w, "tmpfs /var/lib/v");
	assert_int_equal(mounts_on(w->daemon, "/hostroot/var/lib/v"), 0);
	host_do(w, "rmdir /var/lib/v");
	world_check(w);
}

/* One more with stock Multus. */
static void binds_of_the_root_double(void **state)
{
	struct world *w = *state;
	size_t before = count_daemons(w);

	for (int i = 0; i < 4; i++) {
		char script[64];

		snprintf(script, sizeof(script), "mkdir /mnt/%d; bind / /mnt/%d",
			 i, i);
		runs(w, script);
		assert_int_equal(count_daemons(w) - before, (2 << i) - 1);
	}
	world_check_processes();
}

/* The host may unmount it, but what carries the credential stays in use. */
static void a_carrier_of_its_own_is_in_use(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait; " SHOW_TOKEN };
	struct job j;

	host_do(w, "mkdir /run/secrets; tmpfs /run/secrets");
	job_start(w, &c, &j);
	job_ready(w, &j);
	host_do(w, "umount /run/secrets");
	assert_int_equal(mounts_on(w->daemon, "/hostroot/run/secrets"), 0);
	assert_int_equal(mounts_on(j.pid, "/hostroot/run/secrets"), 1);
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void mounts_of_an_own_namespace_stay(void **state)
{
	static const char *const scripts[] = {
		"unshare; make rprivate /; tmpfs /var/lib/v",
		"unshare; tmpfs /var/lib/v",
	};
	struct world *w = *state;

	host_do(w, "mkdir /var/lib/v");
	for (int i = 0; i < 2; i++) {
		runs(w, scripts[i]);
		assert_int_equal(mounts_on(w->daemon, "/hostroot/var/lib/v"),
				 i);
	}
	daemon_do(w, "umount /hostroot/var/lib/v");
	host_do(w, "rmdir /var/lib/v");
	world_check(w);
}

static void a_del_needs_its_root(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_chroot, .error = EPERM }, { 0 }
	};
	struct call c = { .command = "DEL", .deny = deny,
			  .script = "print ran" };
	struct job j;

	job_run(*state, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "CAP_SYS_CHROOT");
	job_free(&j);
	world_check(*state);
}

static int hold_the_lock(const struct world *w)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path),
		 "/proc/%d/root" DC_STATE_DIR "/" DC_LOCK_NAME, w->daemon);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_return_code(flock(fd, LOCK_EX), errno);
	return fd;
}

/* SIGTERM and a caller that goes count once the lock is there. */
static void nothing_ends_a_wait_for_the_lock(void **state)
{
	static const char *const configs[] = { NULL, WORLD_CONFIG };
	struct world *w = *state;
	struct call c = { .script = "create /sync/ran" };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < 2; i++) {
		int lock = hold_the_lock(w);

		c.config = configs[i];
		job_start(w, &c, &j);
		wait_asleep(j.pid, SYS_flock);
		assert_return_code(kill(j.pid, SIGTERM), errno);
		assert_true(sleeps_in(j.pid, SYS_flock));
		close(lock);
		job_end(&j);
		expect_none_started(&j);
		assert_false(host_says(w, "ls /sync", "ran"));
		job_free(&j);
	}
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(without_a_chroot_the_daemons_account_wins),
		WORLD_TEST(what_comes_into_the_store_later_is_followed),
		WORLD_TEST(some_children_keep_the_credential),
		WORLD_TEST(a_killed_helpers_grandchild_keeps_it),
		WORLD_TEST(a_credential_made_private_can_be_bound),
		WORLD_TEST(a_lazy_unmount_of_a_recursive_bind_takes_the_daemons),
		WORLD_TEST(an_unmount_below_a_bind_takes_the_daemons),
		WORLD_TEST(an_unmount_in_an_own_namespace_takes_the_daemons),
		WORLD_TEST(a_mount_below_a_bind_covers_the_source),
		WORLD_TEST(on_a_private_mount_nothing_lives_until_del),
		WORLD_TEST(binds_of_the_root_double),
		WORLD_TEST(a_carrier_of_its_own_is_in_use),
		WORLD_TEST(mounts_of_an_own_namespace_stay),
		WORLD_TEST(a_del_needs_its_root),
		WORLD_TEST(nothing_ends_a_wait_for_the_lock),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
