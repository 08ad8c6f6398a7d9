// SPDX-License-Identifier: Apache-2.0
/*
 * Linux 5.14 and what came after it, call by call: an extra that is missing is
 * named, and refused with --strict; a call that is needed is a refusal, before
 * the delegate starts. A clean-up runs in any case.
 */
#include "harness.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNIQUE 0x4000U /* STATX_MNT_ID_UNIQUE */
#define NOEXEC_SEAL 8U /* MFD_NOEXEC_SEAL */

#define TRY_TOKEN "try cat " DC_SA "/token"

static const char *const clean_ups[] = { "DEL", "GC" };

/* A kernel that does not know a bit of statx's mask does not answer to it. */
static void without_unique_ids(struct job *j)
{
	bool asked = false;
	long nr;

	while ((nr = trace_next(j)) >= 0 && !trace_is_fork(nr)) {
		if (nr != SYS_statx)
			continue;
		trace_clear_bits(j, 3, UNIQUE);
		asked = true;
	}
	assert_true(asked);
	if (!j->ended)
		trace_detach(j);
}

/* --- extras ------------------------------------------------------------------ */

struct extra {
	const struct deny *deny;
	const char *names[3]; /* how the fallbacks call it */
	bool no_unique_ids;
};

static void run(struct world *w, const struct extra *x, const char *command,
		bool strict, struct job *j)
{
	struct call c = {
		.command = command,
		.deny = x->deny,
		.strict = strict,
		.trace = x->no_unique_ids,
		.script = TRY_TOKEN,
	};

	job_start(w, &c, j);
	if (x->no_unique_ids)
		without_unique_ids(j);
	job_end(j);
}

static void expect_named(const struct extra *x, const struct job *j)
{
	for (size_t i = 0; x->names[i]; i++)
		assert_true(report_fallback_says(j, x->names[i]));
}

static void is_delivered(struct world *w, const struct extra *x,
			 const char *command, bool strict)
{
	struct job j;

	run(w, x, command, strict, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	expect_source(&j, "directory");
	expect_named(x, &j);
	assert_int_equal(report_fallbacks(&j), x->names[1] ? 2 : 1);
	job_free(&j);
}

static void is_refused_when_strict(struct world *w, const struct extra *x)
{
	struct job j;

	run(w, x, "ADD", true, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "--strict");
	job_free(&j);
}

static void extra_is_missing(struct world *w, const struct extra *x)
{
	is_delivered(w, x, "ADD", false);
	is_refused_when_strict(w, x);
	for (size_t i = 0; i < 2; i++) {
		is_delivered(w, x, clean_ups[i], false);
		is_delivered(w, x, clean_ups[i], true);
	}
	world_check(w);
}

static void linux_5_14(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_statmount, .error = ENOSYS },
		{ .nr = SYS_fsconfig, .error = EINVAL, .word = "noswap" },
		{ .nr = SYS_memfd_create, .error = EINVAL, .arg = 1,
		  .mask = NOEXEC_SEAL, .value = NOEXEC_SEAL },
		{ 0 },
	};
	const struct extra x = { deny, { "noswap", "statmount" }, true };

	extra_is_missing(*state, &x);
}

static void statmount_is_forbidden(void **state)
{
	static const int errors[] = { EPERM, EACCES };

	for (size_t i = 0; i < 2; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_statmount, .error = errors[i] }, { 0 }
		};
		const struct extra x = { deny, { "statmount" }, false };

		extra_is_missing(*state, &x);
	}
}

static void unique_mount_ids_are_missing(void **state)
{
	const struct extra x = { NULL, { "statmount" }, true };

	extra_is_missing(*state, &x);
}

static void a_filter_is_not_taken(void **state)
{
	static const int errors[] = { EINVAL, EPERM, ENOSYS };

	for (size_t i = 0; i < 3; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_prctl, .error = errors[i], .mask = ~0U,
			  .value = PR_SET_SECCOMP },
			{ 0 },
		};
		const struct extra x = { deny, { "seccomp" }, false };
		struct job j;

		is_delivered(*state, &x, "ADD", false);
		run(*state, &x, "ADD", true, &j);
		expect_error_says(&j, DC_CODE_KERNEL, "seccomp");
		job_free(&j);
		is_delivered(*state, &x, "DEL", true);
		world_check(*state);
	}
}

/* Root's filter is taken without, but what is promised is both. */
static void privileges_cannot_be_given_up(void **state)
{
	static const int errors[] = { EINVAL, EPERM };

	for (size_t i = 0; i < 2; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_prctl, .error = errors[i], .mask = ~0U,
			  .value = PR_SET_NO_NEW_PRIVS },
			{ 0 },
		};
		const struct extra x = { deny, { "seccomp" }, false };

		is_delivered(*state, &x, "ADD", false);
		/* A filter that says EINVAL passes for a kernel that would do it. */
		if (errors[i] != EINVAL)
			is_refused_when_strict(*state, &x);
	}
	world_check(*state);
}

static void it_stays_dumpable(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_prctl, .error = EPERM, .mask = ~0U,
		  .value = PR_SET_DUMPABLE },
		{ 0 },
	};
	const struct extra x = { deny, { "dumpable" }, false };

	extra_is_missing(*state, &x);
}

/* --- what is needed ---------------------------------------------------------- */

static void needed_call_is_missing(struct world *w, const struct deny *deny,
				   const char *name)
{
	expect_denied(w, deny, NULL, DC_CODE_KERNEL, name);
}

static void needed_calls_are_missing(void **state)
{
	static const struct {
		long nr;
		const char *name;
	} calls[] = {
		{ SYS_openat2, "openat2" },	{ SYS_open_tree, "open_tree" },
		{ SYS_move_mount, "move_mount" }, { SYS_fsopen, "fsopen" },
		{ SYS_fsconfig, "fsconfig" },	{ SYS_fsmount, "fsmount" },
		{ SYS_mount_setattr, "mount_setattr" },
		{ SYS_statx, "statx" },		{ SYS_unshare, "unshare" },
		{ SYS_close_range, "close_range" },
		{ SYS_kill, "kill" },		{ SYS_umount2, "umount2" },
		{ SYS_getdents64, "getdents64" },
	};
	static const int errors[] = { ENOSYS, EPERM, EACCES };

	for (size_t i = 0; i < 3 * sizeof(calls) / sizeof(calls[0]); i++) {
		const struct deny deny[] = {
			{ .nr = calls[i / 3].nr, .error = errors[i % 3] },
			{ 0 },
		};

		needed_call_is_missing(*state, deny, calls[i / 3].name);
	}
}

static struct world_options fresh = { .fresh = true };

/* A first run needs its turn. */
static void a_lock_is_forbidden(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_flock, .error = EPERM }, { 0 }
	};

	needed_call_is_missing(*state, deny, "flock");
}

/* What takes the place of a missing statmount. */
static void mountinfo_is_forbidden(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_statmount, .error = ENOSYS },
		{ .nr = SYS_fstatfs, .error = EPERM },
		{ 0 },
	};

	needed_call_is_missing(*state, deny, "fstatfs");
}

static void a_directory_may_not_be_made(void **state)
{
	static const int errors[] = { ENOSYS, EPERM, EACCES };

	host_do(*state, "rmdir " WORLD_TARGET "; rmdir /run/secrets");
	for (size_t i = 0; i < 3; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_mkdirat, .error = errors[i] }, { 0 }
		};

		needed_call_is_missing(*state, deny, "mkdirat");
	}
}

/* EINVAL is what the mount that is gone answers later. */
static void an_unmounting_that_does_nothing(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_umount2, .error = EINVAL }, { 0 }
	};

	expect_denied(*state, deny, NULL, DC_CODE_INTERNAL, "umount2");
}

/* The node's limits, such as fs.mount-max: nobody touched the host's /run. */
static void no_mount_is_left(void **state)
{
	static const struct {
		int error;
		const char *says;
	} cases[] = {
		{ ENOSPC, "raise fs.mount-max" },
		{ ENOMEM, "move_mount" },
	};

	for (size_t i = 0; i < 2; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_move_mount, .error = cases[i].error }, { 0 }
		};

		expect_denied(*state, deny, NULL, DC_CODE_INTERNAL,
			      cases[i].says);
	}
}

static void the_caller_lacks_a_capability(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_unshare, .error = EPERM }, { 0 }
	};
	struct call c = { .deny = deny };
	struct job j;

	job_run(*state, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "CAP_SYS_ADMIN");
	job_free(&j);
	world_check(*state);
}

static void drop_sys_admin(void)
{
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0))
		_exit(125);
}

/* The first run shares the mounts before it copies them. */
static void the_first_caller_lacks_a_capability(void **state)
{
	struct call c = { .prepare = drop_sys_admin };
	struct job j;

	job_run(*state, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "CAP_SYS_ADMIN");
	expect_out(&j, "mount_setattr(2)");
	job_free(&j);
	world_check(*state);
}

/* All that came after 5.10 at once: the clean-up still runs. */
static void linux_5_10(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_mount_setattr, .error = ENOSYS },
		{ .nr = SYS_statmount, .error = ENOSYS },
		{ .nr = SYS_close_range, .error = EINVAL, .arg = 2,
		  .mask = ~0U, .value = 4 /* CLOSE_RANGE_CLOEXEC */ },
		{ .nr = SYS_memfd_create, .error = EINVAL, .arg = 1,
		  .mask = NOEXEC_SEAL, .value = NOEXEC_SEAL },
		{ 0 },
	};

	needed_call_is_missing(*state, deny, "5.14");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(linux_5_14),
		WORLD_TEST(statmount_is_forbidden),
		WORLD_TEST(unique_mount_ids_are_missing),
		WORLD_TEST(a_filter_is_not_taken),
		WORLD_TEST(privileges_cannot_be_given_up),
		WORLD_TEST(it_stays_dumpable),
		WORLD_TEST(needed_calls_are_missing),
		WORLD_TEST_IN("a_lock_is_forbidden", a_lock_is_forbidden, &fresh),
		WORLD_TEST(mountinfo_is_forbidden),
		WORLD_TEST(a_directory_may_not_be_made),
		WORLD_TEST(an_unmounting_that_does_nothing),
		WORLD_TEST(no_mount_is_left),
		WORLD_TEST(the_caller_lacks_a_capability),
		WORLD_TEST_IN("the_first_caller_lacks_a_capability",
			      the_first_caller_lacks_a_capability, &fresh),
		WORLD_TEST(linux_5_10),
	};

	return cmocka_run_group_tests_name("tiers", tests, NULL, NULL);
}
