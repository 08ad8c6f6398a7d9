// SPDX-License-Identifier: Apache-2.0
/*
 * Each system call fails once, with each of some errors: the delegate runs as
 * it should, or it is refused in clear words; nothing is half done.
 */
#include "sweep.h"

#include <errno.h>
#include <sys/syscall.h>

#define KUBECONFIG WORLD_TARGET "/kubeconfig"

/* What a delegate is given, whole: its files, its stdin, itself. */
#define SHOW                                                                   \
	"try cat " DC_SA "/token; try cat /var" KUBECONFIG                     \
	"; echo; try write-stdin; print /self; self; mounts " WORLD_TARGET     \
	"; mounts " WORLD_CREDENTIAL "; exit 5"

static const char rule[] = CONFIG_OF(
	RULE("userspace", MATCH_USERSPACE,
	     DELIVER_ACCOUNT ",\"kubeconfig\":{\"configKeys\":"
			     "[\"kubeconfig\"]}"));

static void add_with_a_directory(void **state)
{
	const struct scenario s = { .call = { .script = SHOW } };

	sweep(*state, &s, 100);
}

static void del_with_a_directory(void **state)
{
	const struct scenario s = {
		.call = { .command = "DEL", .script = SHOW },
	};

	sweep(*state, &s, 100);
}

/* The configuration is kept anew each time. */
static void add_with_a_rule(void **state)
{
	const struct scenario s = {
		.call = { .config = WORLD_CONFIG, .script = SHOW },
		.before = "put " DC_STATE_DIR "/" DC_LAST_GOOD_NAME " stale",
	};

	store_prepare(*state, rule);
	sweep(*state, &s, 150);
}

static void del_with_a_rule(void **state)
{
	const struct scenario s = {
		.call = { .config = WORLD_CONFIG, .command = "DEL",
			  .script = SHOW },
	};

	store_prepare(*state, rule);
	sweep(*state, &s, 150);
}

/* The one that shares the daemon's view of the host with its copies. */
static void first_add(void **state)
{
	const struct scenario s = {
		.call = { .script = SHOW },
		.after = "make rslave /hostroot",
	};

	sweep(*state, &s, 100);
}

static bool all_but_looks(long nr)
{
	switch (nr) {
	case SYS_openat:
#ifdef SYS_open
	case SYS_open:
#endif
	case SYS_fstatfs:
	case SYS_statx:
	case SYS_read:
		return false;
	default:
		return true;
	}
}

/* Where mounts are looked up in /proc, as before Linux 6.8. */
static void first_add_without_statmount(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_statmount, .error = ENOSYS }, { 0 }
	};
	const struct scenario s = {
		.call = { .script = SHOW, .deny = deny },
		.spare = all_but_looks,
		.after = "make rslave /hostroot",
	};

	sweep(*state, &s, 15);
}

/* They win, and are not covered because somebody could not look. */
static void add_where_the_host_has_files(void **state)
{
	const struct scenario s = {
		.call = { .script = SHOW },
		.before = "mkdir /hostroot" WORLD_CREDENTIAL ";"
			  "put /hostroot" WORLD_CREDENTIAL "/token hosts-own",
		.after = "rm /hostroot" WORLD_CREDENTIAL "/token;"
			 "rmdir /hostroot" WORLD_CREDENTIAL,
	};

	sweep(*state, &s, 40);
}

/* The same program is in the daemon's container: it must not run there. */
static void child_up_to_its_exec(void **state)
{
	const struct scenario s = {
		.call = { .script = "ls /;" SHOW },
		.where = FAULT_CHILD,
	};

	daemon_do(*state, "mkdir /opt/cni; link /hostroot/opt/cni/bin "
			  "/opt/cni/bin");
	sweep(*state, &s, 8);
}

/* What the delegate leaves behind must not see its credential any more. */
static void teardown(void **state)
{
	const struct scenario s = {
		.call = { .script = "daemon; wait-last;"
				    "try cat " DC_SA "/token; done; exit 5" },
		.where = FAULT_TEARDOWN,
	};

	sweep(*state, &s, 10);
}

/* A failure on the way must not let the host's be unmounted. */
static void teardown_with_a_bind_of_the_hosts(void **state)
{
	const struct scenario s = {
		.call = { .script = "rbind /var/lib " WORLD_CREDENTIAL "; exit 5" },
		.where = FAULT_TEARDOWN,
	};

	sweep(*state, &s, 10);
}

static void teardown_after_a_signal(void **state)
{
	const struct scenario s = {
		.call = { .script = "die 9" },
		.where = FAULT_TEARDOWN,
	};

	sweep(*state, &s, 10);
}

static bool all_but_mprotect(long nr)
{
	return nr != SYS_mprotect;
}

/* Runs it, and the first mprotect of its main fails. */
static void run_without_mprotect(struct world *w, struct call *c, struct job *j)
{
	struct fault f = { .error = ENOMEM, .spare = all_but_mprotect };

	c->trace = true;
	job_start(w, c, j);
	trace_fault(j, &f);
	job_end(j);
	assert_true(f.hit);
}

static void relocated_data_stays_writable(void **state)
{
	struct call c = { 0 };
	struct job j;

	run_without_mprotect(*state, &c, &j);
	expect_ok(&j);
	assert_true(report_fallback_says(&j, "relro"));
	job_free(&j);
	c.strict = true;
	run_without_mprotect(*state, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "relro");
	job_free(&j);
}

static struct world_options fresh = { .fresh = true };

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(add_with_a_directory),
		WORLD_TEST(del_with_a_directory),
		WORLD_TEST(add_with_a_rule),
		WORLD_TEST(del_with_a_rule),
		WORLD_TEST_IN("first_add", first_add, &fresh),
		WORLD_TEST_IN("first_add_without_statmount",
			      first_add_without_statmount, &fresh),
		WORLD_TEST(add_where_the_host_has_files),
		WORLD_TEST(child_up_to_its_exec),
		WORLD_TEST(teardown),
		WORLD_TEST(teardown_with_a_bind_of_the_hosts),
		WORLD_TEST(teardown_after_a_signal),
		WORLD_TEST(relocated_data_stays_writable),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
