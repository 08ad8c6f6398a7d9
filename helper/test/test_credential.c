// SPDX-License-Identifier: Apache-2.0
/* The credential as a delegate meets it. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static struct world_options bidirectional = { .bidirectional = true };
static struct world_options fresh = { .fresh = true };

static void run_reads(struct world *w, const char *command)
{
	struct call c = { .command = command,
			  .script = "cat " DC_SA "/token; cat " DC_SA "/ca.crt;"
				    "cat " DC_SA "/namespace; ls " DC_SA };
	char want[512];
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	snprintf(want, sizeof(want),
		 "%s\nCERTIFICATE\nkube-system\nls ..1 ..data ca.crt namespace "
		 "token\n",
		 w->token);
	assert_string_equal(j.out.buf, want);
	assert_string_equal(j.err.buf, "");
	expect_source(&j, "directory");
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
	world_check(w);
}

static void reads_the_three_files(void **state)
{
	static const char *const commands[] = { "ADD", "CHECK", "DEL", "GC",
						"STATUS" };

	for (size_t i = 0; i < 5; i++)
		run_reads(*state, commands[i]);
}

static void version_gets_none(void **state)
{
	struct world *w = *state;
	struct call c = { .command = "VERSION",
			  .directory = "/nowhere",
			  .script = "try cat " DC_SA "/token; echo" };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "cat ENOENT\n{\"cniVersion\"");
	expect_source(&j, "none");
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
	c.directory = NULL; /* it is there, and still not wanted */
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "cat ENOENT\n{\"cniVersion\"");
	job_free(&j);
	assert_false(host_says(w, "tree /run", "secrets"));
	world_check_mounts(w);
}

/* One line a run: what it holds, and how long it may be. */
static void report_is_complete(void **state)
{
	static const char *const text[] = { "rule",	    "plugin",
					    "command",	    "podNamespace",
					    "pod",	    "source" };
	struct world *w = *state;
	struct call c = { .script = "exit 7" };
	struct job j;

	job_run(w, &c, &j);
	assert_int_equal(j.status, 7 << 8);
	assert_non_null(j.json);
	assert_true(j.report.len <= DC_REPORT_MAX);
	assert_ptr_equal(strchr(j.report.buf, '\n'),
			 j.report.buf + j.report.len - 1);
	for (size_t i = 0; i < 6; i++)
		assert_non_null(json_object_get(j.json, text[i]));
	assert_int_equal(report_number(&j, "v"), DC_REPORT_VERSION);
	assert_string_equal(report_text(&j, "plugin"), WORLD_PLUGIN);
	assert_string_equal(report_text(&j, "command"), "ADD");
	assert_string_equal(report_text(&j, "podNamespace"), "shop");
	assert_string_equal(report_text(&j, "pod"), "web-0");
	assert_true(json_is_null(json_object_get(j.json, "jti")));
	assert_true(json_is_null(json_object_get(j.json, "expires")));
	assert_true(report_number(&j, "setupMicroseconds") > 0);
	assert_true(report_number(&j, "teardownMicroseconds") > 0);
	assert_int_equal(report_number(&j, "exitStatus"), 7);
	assert_non_null(json_object_get(j.json, "types"));
	assert_null(strstr(j.report.buf, w->token));
	job_free(&j);
}

/* The longest request that can be: the report stays one bounded line. */
static void report_stays_short(void **state)
{
	struct world *w = *state;
	char types[1100], args[9000] = "CNI_ARGS=K8S_POD_NAME=";
	const char *env[] = { args, NULL };
	struct call c = { .types = types, .env = env, .command = "DEL" };
	char name[256];
	struct job j;

	memset(name, 'x', 255);
	name[255] = '\0';
	memset(args + strlen(args), 'y', 8000);
	snprintf(types, sizeof(types), "userspace,%s,%s,%s", name, name, name);
	job_run(w, &c, &j);
	expect_ok(&j);
	assert_non_null(j.json);
	assert_true(j.report.len <= DC_REPORT_MAX);
	job_free(&j);
}

static void tmpfs_is_tight(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "mounts " WORLD_TARGET
				    "; mounts " WORLD_CREDENTIAL
				    "; fs " WORLD_TARGET "; stat " WORLD_TARGET
				    "; fs " DC_SA };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, " " WORLD_TARGET " ro,nosuid,nodev,noexec");
	expect_out(&j, "size=1024k,nr_inodes=1024,mode=700");
	if (!report_fallback_says(&j, "noswap"))
		expect_out(&j, ",noswap");
	expect_out(&j, " " WORLD_CREDENTIAL " ro,");
	expect_out(&j, "fs ro nodev noexec nosuid bytes=1048576 inodes=1024");
	expect_out(&j, "stat 040700 0:0");
	expect_no_out(&j, "shared:");
	job_free(&j);
	world_check(w);
}

/* A guard against accidents. */
static void nothing_can_be_written(void **state)
{
	struct world *w = *state;
	struct call c = {
		.script = "try put " DC_SA "/token x; try create " DC_SA "/new;"
			  "try rm " DC_SA "/token; try chmod " DC_SA
			  "/..data/token 666; try create " WORLD_TARGET
			  "/new; try rmdir " DC_SA "; try chmod " WORLD_TARGET
			  " 777; cat " DC_SA "/token",
	};
	char want[256];
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	snprintf(want, sizeof(want),
		 "put EROFS\ncreate EROFS\nrm EROFS\nchmod EROFS\n"
		 "create EROFS\nrmdir EROFS\nchmod EROFS\n%s\n",
		 w->token);
	assert_string_equal(j.out.buf, want);
	job_free(&j);
	world_check(w);
}

/* Whatever the caller's own mount of it allows. */
static void a_writable_source_is_bound_read_only(void **state)
{
	struct world *w = *state;
	struct call c = { .directory = "/tmp/account",
			  .script = "cat " DC_SA "/token; fs " DC_SA
				    "; try put " DC_SA "/token x;"
				    "try create " DC_SA "/new" };
	struct job j;

	daemon_do(w, "mkdir /tmp/account; put /tmp/account/token other");
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "other\nfs ro nodev noexec nosuid ");
	expect_out(&j, "put EROFS\ncreate EROFS\n");
	job_free(&j);
	world_check(w);
}

/* As kubelet's AtomicWriter does it. */
static void renewal_shows_through(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "ready; wait; cat " DC_SA "/token" };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	host_do(w,
		"mkdir %1$s/..2; put %1$s/..2/token renewed;"
		"link ..2 %1$s/..data_tmp; rename %1$s/..data_tmp %1$s/..data;"
		"rm %1$s/..1/token",
		WORLD_ACCOUNT);
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	assert_string_equal(j.out.buf, "renewed\n");
	job_free(&j);
	world_check(w);
}

static void mountinfo_is_as_before_during_a_run(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/token; ready; wait" };
	struct job j;

	job_start(w, &c, &j);
	job_ready(w, &j);
	world_check_mounts(w);
	assert_int_equal(mounts_on(j.pid, "/hostroot" WORLD_TARGET), 1);
	assert_int_equal(mounts_on(j.pid, "/hostroot" WORLD_CREDENTIAL), 1);
	assert_false(host_says(w, "tree /run", "token"));
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	job_free(&j);
	world_check(w);
}

static const char *device_line(const struct job *j)
{
	const char *dev = strstr(j->out.buf, "dev ");

	assert_non_null(dev);
	return dev;
}

static const struct {
	const char *name;
	const char *make; /* by the host, ahead of both runs */
	const char *undo;
	int code; /* of their refusal; 0: none */
} hosts[] = {
	{ .name = "as ever", .make = "" },
	{ .name = "the target made anew",
	  .make = "rmdir " WORLD_TARGET "; mkdir " WORLD_TARGET },
	{ .name = "a mount over /run", .make = "tmpfs /run",
	  .undo = "detach /run" },
	{ .name = "a mount over /run/secrets", .make = "tmpfs /run/secrets",
	  .undo = "detach /run/secrets" },
	{ .name = "a link to a mount in place of /run/secrets",
	  .make = "mkdir /tmp/other; tmpfs /tmp/other;"
		  "mkdir /tmp/other/kubernetes.io;"
		  "rename /run/secrets /run/old;"
		  "link ../tmp/other /run/secrets",
	  .undo = "rm /run/secrets; rename /run/old /run/secrets;"
		  "detach /tmp/other",
	  .code = DC_CODE_UNSAFE_HOST_PATH },
	{ .name = "make-rshared", .make = "make rshared /" },
	/* Not undone: the daemon's mounts are nobody's slaves any more. */
	{ .name = "make-rslave", .make = "make rslave /" },
};

static const struct call held = {
	.script = "dev " WORLD_TARGET "; mounts " WORLD_TARGET
		  "; cat " DC_SA "/token; ready; wait",
};

static void two_are_apart(struct world *w)
{
	struct job a, b;

	job_start(w, &held, &a);
	job_start(w, &held, &b);
	job_ready(w, &a);
	job_ready(w, &b);
	assert_int_equal(mounts_on(a.pid, "/hostroot" WORLD_TARGET), 1);
	assert_int_equal(mounts_on(b.pid, "/hostroot" WORLD_TARGET), 1);
	world_check_mounts(w);
	job_go(w, 2);
	job_end(&a);
	job_end(&b);
	expect_ok(&a);
	expect_ok(&b);
	expect_out(&a, w->token);
	expect_out(&b, w->token);
	assert_string_not_equal(device_line(&a), device_line(&b));
	job_free(&a);
	job_free(&b);
}

static void two_are_refused(struct world *w, int code)
{
	const struct call c = { .script = "print ran" };
	struct job a, b;

	job_start(w, &c, &a);
	job_start(w, &c, &b);
	job_end(&a);
	job_end(&b);
	expect_error(&a, code);
	expect_error(&b, code);
	job_free(&a);
	job_free(&b);
}

static void two_at_once_see_their_own(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		print_message("%s\n", hosts[i].name);
		host_do(w, "%s", hosts[i].make);
		world_rebase(w);
		if (hosts[i].code)
			two_are_refused(w, hosts[i].code);
		else
			two_are_apart(w);
		world_check_processes();
		world_check_mounts(w);
		host_do(w, "%s", hosts[i].undo ?: "");
	}
	world_check_files(w);
}

static void works_without_a_report(void **state)
{
	struct world *w = *state;
	struct call c = { .no_report = true,
			  .script = "cat " DC_SA "/token; exit 4" };
	struct job j;

	job_run(w, &c, &j);
	assert_int_equal(j.status, 4 << 8);
	expect_out(&j, w->token);
	assert_int_equal(j.report.len, 0);
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(reads_the_three_files),
		WORLD_TEST_IN("reads_the_three_files_bidirectional",
			      reads_the_three_files, &bidirectional),
		WORLD_TEST_IN("version_gets_none", version_gets_none, &fresh),
		WORLD_TEST(report_is_complete),
		WORLD_TEST(report_stays_short),
		WORLD_TEST(tmpfs_is_tight),
		WORLD_TEST_IN("tmpfs_is_tight_bidirectional", tmpfs_is_tight,
			      &bidirectional),
		WORLD_TEST(nothing_can_be_written),
		WORLD_TEST(a_writable_source_is_bound_read_only),
		WORLD_TEST(renewal_shows_through),
		WORLD_TEST(mountinfo_is_as_before_during_a_run),
		WORLD_TEST_IN("mountinfo_as_before_bidirectional",
			      mountinfo_is_as_before_during_a_run,
			      &bidirectional),
		WORLD_TEST(two_at_once_see_their_own),
		WORLD_TEST_IN("two_at_once_bidirectional",
			      two_at_once_see_their_own, &bidirectional),
		WORLD_TEST(works_without_a_report),
	};

	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
