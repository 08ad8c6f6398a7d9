// SPDX-License-Identifier: Apache-2.0
/*
 * What is refused to the helper besides its mounts: paths, processes, signals,
 * what nothing can run without, and what shows only once the delegate has ended.
 */
#include "harness.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY_TOKEN "try cat " DC_SA "/token"

/* Whose directory is where it may not look. */
static void drop_dac_override(void)
{
	if (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) ||
	    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0))
		_exit(125);
}

static void a_path_may_not_be_opened(void **state)
{
	static const char dir[] = "/var/others";
	static const char *const argv[] = {
		"--root=/var/others/account", "--types=userspace,,,",
		"--directory=" DC_SA, "--", WORLD_PLUGIN, NULL,
	};
	struct world *w = *state;
	struct call c = { .directory = "/var/others/account",
			  .prepare = drop_dac_override };
	struct job j;

	daemon_do(w, "mkdir %1$s; mkdir %1$s/account; own %1$s 65534;"
		     "chmod %1$s 0700", dir);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "CAP_DAC_OVERRIDE");
	job_free(&j);
	c.argv = argv;
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "CAP_DAC_OVERRIDE");
	job_free(&j);
	daemon_do(w, "rmdir %1$s/account; rmdir %1$s", dir);
	world_check(w);
}

/* It is the host's then, and not a filter. */
static void a_directory_of_others_cannot_be_made(void **state)
{
	struct world *w = *state;
	struct call c = { .prepare = drop_dac_override };
	struct job j;

	host_do(w, "rmdir " WORLD_TARGET "; rmdir /run/secrets;"
		   "own /run 65534");
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH, "a plain directory");
	job_free(&j);
	host_do(w, "own /run 0");
	world_check(w);
}

static void nothing_can_run(struct world *w, struct deny call,
			    const char *name)
{
	static const char *const commands[] = { "ADD", "DEL" };
	static const int errors[] = { ENOSYS, EPERM, EACCES };
	struct deny deny[] = { call, { 0 } };
	struct job j;

	for (size_t i = 0; i < 6; i++) {
		struct call c = { .command = commands[i / 3], .deny = deny,
				  .script = TRY_TOKEN };

		deny[0].error = errors[i % 3];
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_KERNEL, name);
		job_free(&j);
		world_check(w);
	}
}

/* Without it the netconf cannot be handed on. */
static void memfds_are_missing(void **state)
{
	nothing_can_run(*state, (struct deny){ .nr = SYS_memfd_create },
			"memfd_create");
}

static void memory_is_short(void **state)
{
	static const int errors[] = { ENOMEM, ENOSPC };

	for (size_t i = 0; i < 2; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_memfd_create, .error = errors[i] }, { 0 }
		};
		struct call c = { .deny = deny };
		struct job j;

		job_run(*state, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, "more memory");
		job_free(&j);
		world_check(*state);
	}
}

/* A delegate would have no end, or the helper be busy until then. */
static void nothing_can_be_waited_for(void **state)
{
	nothing_can_run(*state, (struct deny){ .nr = SYS_poll }, "poll");
	nothing_can_run(*state,
			(struct deny){ .nr = SYS_wait4, .arg = 2,
				       .mask = ~0U, .value = WNOHANG },
			"wait4");
}

/* The two of them are found out where all is mounted already. */
static void no_root_can_be_entered(void **state)
{
	nothing_can_run(*state, (struct deny){ .nr = SYS_chroot },
			"CAP_SYS_CHROOT");
}

static void no_process_can_be_made(void **state)
{
	nothing_can_run(*state,
			(struct deny){ .nr = SYS_clone, .mask = CLONE_VM,
				       .value = CLONE_VM },
			"clone");
}

/* It would live on when the helper is killed. */
static void the_delegate_cannot_be_bound(void **state)
{
	nothing_can_run(*state,
			(struct deny){ .nr = SYS_prctl, .mask = ~0U,
				       .value = PR_SET_PDEATHSIG },
			"prctl");
}

/* Not by an error, which could be read, but by its end. */
static void the_root_cannot_be_changed(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_chroot, .kills = true }, { 0 }
	};
	static const char *const commands[] = { "ADD", "DEL" };
	struct call c = { .deny = deny, .script = "print ran" };
	struct job j;

	for (size_t i = 0; i < 2; i++) {
		c.command = commands[i];
		job_run(*state, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, "was killed");
		expect_source(&j, "none");
		job_free(&j);
		world_check(*state);
	}
}

/* It was tried before, but only this one fails. */
static void the_credential_cannot_be_unmounted(void **state)
{
	static const int errors[] = { EIO, EACCES };
	struct world *w = *state;
	struct job j;

	for (size_t i = 0; i < 2; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_umount2, .error = errors[i], .arg = 1,
			  .mask = ~0U, .value = MNT_DETACH },
			{ 0 },
		};
		struct call c = { .deny = deny, .script = TRY_TOKEN };

		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, w->token);
		assert_true(report_fallback_says(&j, "umount"));
		job_free(&j);
		world_check(w);
	}
}

/* Only a kernel that cannot is an excuse to leave the delegate what it got. */
static void descriptors_cannot_be_closed(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_close_range, .error = EIO }, { 0 }
	};
	struct call c = { .command = "DEL", .deny = deny, .leak_fds = true,
			  .script = "print ran" };
	struct job j;

	job_run(*state, &c, &j);
	expect_error_says(&j, DC_CODE_INTERNAL, "descriptors");
	job_free(&j);
	world_check(*state);
}

/* Somebody else would get its orphans, or a caller that is gone would end us. */
static void signals_and_orphans_are_not_ours(void **state)
{
	static const struct {
		const char *name;
		struct deny deny[2];
	} calls[] = {
		{ "prctl", { { .nr = SYS_prctl, .error = EINVAL, .mask = ~0U,
			       .value = PR_SET_CHILD_SUBREAPER } } },
		{ "rt_sigaction", { { .nr = SYS_rt_sigaction, .error = EINVAL,
				   .mask = ~0U, .value = SIGPIPE } } },
		{ "rt_sigaction", { { .nr = SYS_rt_sigaction, .error = EINVAL,
				   .mask = ~0U, .value = SIGXFSZ } } },
		{ "rt_sigaction", { { .nr = SYS_rt_sigaction, .error = EINVAL,
				   .mask = ~0U, .value = SIGCHLD } } },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct call c = { .deny = calls[i].deny };
		struct job j;

		job_run(*state, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, calls[i].name);
		job_free(&j);
		world_check(*state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_path_may_not_be_opened),
		WORLD_TEST(a_directory_of_others_cannot_be_made),
		WORLD_TEST(memfds_are_missing),
		WORLD_TEST(memory_is_short),
		WORLD_TEST(nothing_can_be_waited_for),
		WORLD_TEST(no_root_can_be_entered),
		WORLD_TEST(no_process_can_be_made),
		WORLD_TEST(the_delegate_cannot_be_bound),
		WORLD_TEST(the_root_cannot_be_changed),
		WORLD_TEST(the_credential_cannot_be_unmounted),
		WORLD_TEST(descriptors_cannot_be_closed),
		WORLD_TEST(signals_and_orphans_are_not_ours),
	};

	return cmocka_run_group_tests_name("forbidden", tests, NULL, NULL);
}
