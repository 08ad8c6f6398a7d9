// SPDX-License-Identifier: Apache-2.0
/* What a host may look like where the credential goes. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static const char reads[] = "cat " DC_SA "/token";

static void delivers(struct world *w, const char *command)
{
	struct call c = { .command = command, .script = reads };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	expect_source(&j, "directory");
	job_free(&j);
	world_check_processes();
	world_check_mounts(w);
}

static void delivers_for_all(void **state)
{
	delivers(*state, "ADD");
	delivers(*state, "DEL");
}

/* The path cannot carry it: ADD and CHECK refuse, DEL and GC go without. */
static void refuses(struct world *w, const char *words)
{
	struct call c = { .script = "try cat " DC_SA "/token; print ran" };
	struct job j;

	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH, words);
	job_free(&j);
	c.command = "CHECK";
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_UNSAFE_HOST_PATH, words);
	job_free(&j);
	c.command = "STATUS";
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_NOT_AVAILABLE);
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "ran");
	expect_no_out(&j, w->token);
	expect_source(&j, "none");
	assert_true(report_fallbacks(&j) > 0);
	job_free(&j);
	world_check_processes();
	world_check_mounts(w);
}

/* Nothing but /run and /var can be written: neither on the host, nor by a
 * daemon with readOnlyRootFilesystem. */
static void read_only_roots(void **state)
{
	struct world *w = *state;

	assert_true(host_says(w, "try create /etc/x", "EROFS"));
	delivers_for_all(state);
}

static struct world_options read_only = { .read_only = true };
static struct world_options read_only_shared = { .read_only = true,
						 .bidirectional = true };
static struct world_options relative = { .var_run = "link ../run /var/run" };
static struct world_options long_way = {
	.var_run = "link /run /x; link ../../../../x /var/run",
};
static struct world_options own_mount = {
	.var_run = "mkdir /var/run; tmpfs /var/run",
};
static struct world_options on_root = { .var_run = "mkdir /var/run" };
static struct world_options run_on_root = { .no_run_mount = true };
static struct world_options dangling = { .var_run = "link /nowhere /var/run" };
static struct world_options missing = { .var_run = "mkdir /var" };
static struct world_options loop = { .var_run = "link /var/run /var/run" };
static struct world_options file = { .var_run = "put /var/run text" };
static struct world_options bidirectional = { .bidirectional = true };

static const char mount_of_its_own[] =
	"let /var/run lead to a mount of its own";

static void a_root_mount_is_no_carrier(void **state)
{
	refuses(*state, mount_of_its_own);
}

/* Where the host has mounted it, but the delegate's root does not show it. */
static void a_root_without_the_mounts_below(void **state)
{
	struct world *w = *state;

	daemon_do(w, "umount /hostroot/run");
	world_rebase(w);
	refuses(w, mount_of_its_own);
	refuses(w, "with all the mounts below it");
}

static void no_var_run_is_refused(void **state)
{
	refuses(*state, "/var/run");
}

static void no_run_to_link_to(void **state)
{
	refuses(*state, "link /var/run of the host to /run");
}

static void target_may_be_there(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir " WORLD_TARGET);
	delivers(w, "ADD");
	host_do(w, "mkdir " WORLD_CREDENTIAL);
	delivers(w, "ADD");
	assert_true(host_says(w, "tree /run", WORLD_CREDENTIAL "/\n"));
}

static void target_may_be_a_mount(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir " WORLD_TARGET "; tmpfs " WORLD_TARGET);
	world_rebase(w);
	delivers(w, "ADD");
}

static void secrets_may_be_a_mount(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir /run/secrets; tmpfs /run/secrets");
	world_rebase(w);
	delivers(w, "ADD");
}

static void missing_target_is_made_once(void **state)
{
	struct world *w = *state;

	delivers(w, "ADD");
	assert_true(host_says(w, "stat " WORLD_TARGET, "stat 040"));
	assert_false(host_says(w, "ls " WORLD_TARGET, "serviceaccount"));
	world_check(w);
}

/* The host's own files win, whatever they are; nothing is covered. */
static void host_wins(struct world *w, const char *want)
{
	struct call c = { .script = "tree /run; mounts " WORLD_TARGET
				    "; try cat " DC_SA "/token" };
	struct job j;

	world_rebase(w);
	for (int i = 0; i < 2; i++) {
		c.command = i ? "DEL" : "ADD";
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_source(&j, "host");
		expect_out(&j, want);
		expect_no_out(&j, w->token);
		job_free(&j);
	}
	world_check_mounts(w);
}

static void host_token_wins(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir " WORLD_CREDENTIAL "; put " WORLD_CREDENTIAL
		   "/token hosts-own");
	host_wins(w, "hosts-own\n");
}

static void other_host_file_wins(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir " WORLD_TARGET "; put " WORLD_TARGET "/other x");
	host_wins(w, WORLD_TARGET "/other\n");
}

static void other_host_directory_wins(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir " WORLD_TARGET "/vendor");
	host_wins(w, WORLD_TARGET "/vendor/\n");
}

/* spiderpool#5562: another container's token got there through a mount. */
static void polluted_host_wins(void **state)
{
	struct world *w = *state;

	host_do(w, "mkdir " WORLD_CREDENTIAL "; tmpfs " WORLD_CREDENTIAL
		   "; put " WORLD_CREDENTIAL "/token polluted");
	host_wins(w, "polluted\n");
}

static void links_below_run_are_refused(void **state)
{
	struct world *w = *state;

	host_do(w, "rmdir " WORLD_TARGET "; rmdir /run/secrets;"
		   "mkdir /tmp/evil/kubernetes.io; link /tmp/evil /run/secrets");
	refuses(w, "/run/secrets");
	host_do(w, "rm /run/secrets; mkdir /run/secrets;"
		   "link /tmp/evil " WORLD_TARGET);
	refuses(w, WORLD_TARGET);
	host_do(w, "rm " WORLD_TARGET "; mkdir " WORLD_TARGET
		   "; link /tmp/evil " WORLD_CREDENTIAL);
	host_wins(w, WORLD_CREDENTIAL "\n");
	assert_false(host_says(w, "tree /tmp", "token"));
}

static void a_file_as_target_is_refused(void **state)
{
	struct world *w = *state;

	host_do(w, "rmdir " WORLD_TARGET "; rmdir /run/secrets;"
		   "put /run/secrets text");
	refuses(w, "/run/secrets");
	host_do(w, "rm /run/secrets; mkdir /run/secrets; put " WORLD_TARGET
		   " text");
	refuses(w, WORLD_TARGET);
}

/* A mount that an earlier, unlisted delegate stacked in the daemon's view. */
static void stacked_mounts_do_not_leak(void **state)
{
	struct world *w = *state;
	struct call c = { .script = reads };
	struct job j;

	host_do(w, "tmpfs /run; mkdir " WORLD_TARGET "; tmpfs /run/secrets");
	world_rebase(w);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check_processes();
	world_check_mounts(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST_IN("var_run_absolute", delivers_for_all, NULL),
		WORLD_TEST_IN("read_only_roots", read_only_roots, &read_only),
		WORLD_TEST_IN("read_only_roots_bidirectional", read_only_roots,
			      &read_only_shared),
		WORLD_TEST_IN("var_run_relative", delivers_for_all, &relative),
		WORLD_TEST_IN("var_run_through_links", delivers_for_all,
			      &long_way),
		WORLD_TEST_IN("var_run_a_mount", delivers_for_all, &own_mount),
		WORLD_TEST_IN("var_run_on_root", a_root_mount_is_no_carrier,
			      &on_root),
		WORLD_TEST_IN("run_on_root", a_root_mount_is_no_carrier,
			      &run_on_root),
		WORLD_TEST(a_root_without_the_mounts_below),
		WORLD_TEST_IN("var_run_dangling", no_run_to_link_to,
			      &dangling),
		WORLD_TEST_IN("var_run_missing", no_run_to_link_to,
			      &missing),
		WORLD_TEST_IN("var_run_a_loop", no_var_run_is_refused, &loop),
		WORLD_TEST_IN("var_run_a_file", no_run_to_link_to, &file),
		WORLD_TEST(target_may_be_there),
		WORLD_TEST_IN("target_may_be_there_bidirectional",
			      target_may_be_there, &bidirectional),
		WORLD_TEST(target_may_be_a_mount),
		WORLD_TEST(secrets_may_be_a_mount),
		WORLD_TEST(missing_target_is_made_once),
		WORLD_TEST(host_token_wins),
		WORLD_TEST_IN("host_token_wins_bidirectional", host_token_wins,
			      &bidirectional),
		WORLD_TEST(other_host_file_wins),
		WORLD_TEST(other_host_directory_wins),
		WORLD_TEST(polluted_host_wins),
		WORLD_TEST(links_below_run_are_refused),
		WORLD_TEST(a_file_as_target_is_refused),
		WORLD_TEST(stacked_mounts_do_not_leak),
		WORLD_TEST_IN("stacked_mounts_do_not_leak_bidirectional",
			      stacked_mounts_do_not_leak, &bidirectional),
	};

	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
