// SPDX-License-Identifier: Apache-2.0
/* The configuration's file: which one counts, and what becomes of a bad one. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TRY_TOKEN "try cat " DC_SA "/token"

static void run(struct world *w, const char *script, struct job *j)
{
	struct call c = { .config = WORLD_CONFIG, .script = script };

	job_run(w, &c, j);
	expect_ok(j);
}

/* Each makes a good file at WORLD_CONFIG one that does not count. */
static const struct {
	const char *script;
	const char *says;
} spoilers[] = {
	{ "rm " WORLD_CONFIG, "container: no such file" },
	{ "put " WORLD_CONFIG " {\"rules\":", WORLD_CONFIG ":1:10" },
	{ "put " WORLD_CONFIG " " CONFIG_OF(
		  RULE("userspace", MATCH_USERSPACE,
		       DELIVER_ACCOUNT ",\"surprise\":1")),
	  "rules[0].deliver.surprise" },
	{ "chmod " WORLD_CONFIG " 664", "root's" },
	{ "chmod " WORLD_CONFIG " 646", "root's" },
	{ "own " WORLD_CONFIG " 65532", "root's" },
	{ "size " WORLD_CONFIG " 1048577", "at most" },
	{ "rm " WORLD_CONFIG "; mkdir " WORLD_CONFIG, "regular" },
	{ "rm " WORLD_CONFIG "; mkfifo " WORLD_CONFIG, "regular" },
	{ "rm " WORLD_CONFIG "; link /dev/null " WORLD_CONFIG, "regular" },
	{ "rm " WORLD_CONFIG "; link " WORLD_CONFIG " " WORLD_CONFIG,
	  WORLD_CONFIG },
	{ "size " WORLD_CONFIG " 0", WORLD_CONFIG ":1:1" },
};

#define SPOILERS (sizeof(spoilers) / sizeof(spoilers[0]))

static void spoil(struct world *w, size_t i)
{
	config_put(w, PLAIN_CONFIG);
	daemon_do(w, "%s", spoilers[i].script);
}

/* The first has left nothing there. */
static void restore(struct world *w, size_t i)
{
	if (i)
		daemon_do(w, "rename " WORLD_CONFIG " /etc/spoilt-%zu", i);
}

static void expect_none(struct world *w, const char *says)
{
	static const struct {
		const char *command;
		int code; /* 0: runs without */
	} rows[] = {
		{ "ADD", DC_CODE_CONFIG },
		{ "CHECK", DC_CODE_CONFIG },
		{ "STATUS", DC_CODE_NOT_AVAILABLE },
		{ "DEL", 0 },
		{ "GC", 0 },
	};
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN };
	struct job j;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.command = rows[i].command;
		job_run(w, &c, &j);
		if (rows[i].code) {
			expect_error_says(&j, rows[i].code, says);
		} else {
			expect_ok(&j);
			expect_out(&j, "cat ENOENT\n");
			expect_source(&j, "none");
			assert_true(report_fallback_says(&j, says));
		}
		job_free(&j);
	}
}

static void a_bad_one_without_a_good_one(void **state)
{
	struct world *w = *state;

	store_mount(w);
	store_fill(w, "userspace", w->token, 3600);
	for (size_t i = 0; i < SPOILERS; i++) {
		spoil(w, i);
		expect_none(w, spoilers[i].says);
		restore(w, i);
	}
	world_check(w);
}

static void a_bad_one_after_a_good_one(void **state)
{
	struct world *w = *state;
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	run(w, "print ran", &j);
	job_free(&j);
	for (size_t i = 0; i < SPOILERS; i++) {
		spoil(w, i);
		run(w, "cat " DC_SA "/token", &j);
		expect_out(&j, w->token);
		expect_source(&j, "store");
		assert_true(report_fallback_says(
			&j, "used the last good configuration"));
		assert_true(report_fallback_says(&j, spoilers[i].says));
		job_free(&j);
		restore(w, i);
	}
	world_check(w);
}

/* The sidecar may be gone: what it left is the old rule's. */
static void a_rule_without_a_token_gets_none(void **state)
{
	static const char rule[] = CONFIG_OF(
		"{\"name\":\"userspace\"," MATCH_USERSPACE
		",\"sources\":[{\"configMap\":{\"namespace\":\"kube-system\","
		"\"name\":\"kube-root-ca.crt\",\"items\":[{\"key\":"
		"\"ca.crt\",\"path\":\"ca.crt\"}]}}],\"deliver\":{\"env\":"
		"[{\"name\":\"CA\",\"value\":"
		"\"$(CREDENTIALS_DIRECTORY)/ca.crt\"}]}}");
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = "print ran" };
	struct job j;

	store_prepare(w, rule);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN,
			  "for another account or audience");
	job_free(&j);
	world_check(w);
}

/* The copy is judged as the file is. */
static void a_bad_copy_does_not_count(void **state)
{
	static const char *const scripts[] = {
		"own " DC_STATE_DIR "/" DC_LAST_GOOD_NAME " 65532",
		"chmod " DC_STATE_DIR "/" DC_LAST_GOOD_NAME " 666",
		"put " DC_STATE_DIR "/" DC_LAST_GOOD_NAME " x",
		"put /etc/copy " PLAIN_CONFIG "; rm " DC_STATE_DIR
		"/" DC_LAST_GOOD_NAME "; link /etc/copy " DC_STATE_DIR
		"/" DC_LAST_GOOD_NAME,
	};
	struct world *w = *state;
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(char *); i++) {
		config_put(w, PLAIN_CONFIG);
		run(w, "print ran", &j);
		assert_int_equal(report_fallbacks(&j), 0);
		job_free(&j);
		daemon_do(w, "%s; rm " WORLD_CONFIG, scripts[i]);
		expect_none(w, WORLD_CONFIG);
	}
	world_check(w);
}

static const char other[] = CONFIG_OF(
	RULE("userspace", MATCH_USERSPACE,
	     DELIVER_ACCOUNT ",\"kubeconfig\":{}"));

static void other_is_kept(struct world *w)
{
	struct job j;

	daemon_do(w, "rm " WORLD_CONFIG);
	run(w, "ls " WORLD_TARGET, &j);
	expect_out(&j, "ls kubeconfig serviceaccount\n");
	job_free(&j);
	world_check(w);
}

/* Of two runs, the one that read the older one comes to keep it last. */
static void an_older_one_is_not_kept(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = "print ran" };
	struct job old, j;

	store_prepare(w, PLAIN_CONFIG);
	job_start(w, &c, &old);
	while (trace_next(&old) != SYS_flock)
		assert_false(old.ended);
	config_put(w, other);
	run(w, "print ran", &j);
	job_free(&j);
	trace_detach(&old);
	job_end(&old);
	expect_ok(&old);
	assert_int_equal(report_fallbacks(&old), 0);
	job_free(&old);
	other_is_kept(w);
}

/*
 * Else it would be one that is not kept, and the next run go by the one before
 * it. What is in the file's place once it has its turn counts.
 */
static void what_is_used_is_kept(void **state)
{
	static const struct {
		const char *script;
		const char *says;
	} changes[] = {
		{ "put " WORLD_CONFIG " {", WORLD_CONFIG ":1:" },
		{ "rm " WORLD_CONFIG, "no such file or directory" },
	};
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	run(w, "print ran", &j);
	job_free(&j);
	for (size_t i = 0; i < 2; i++) {
		config_put(w, other);
		job_start(w, &c, &j);
		while (trace_next(&j) != SYS_flock)
			assert_false(j.ended);
		daemon_do(w, "%s", changes[i].script);
		trace_detach(&j);
		job_end(&j);
		expect_ok(&j);
		expect_out(&j, w->token);
		assert_true(report_fallback_says(
			&j, "used the last good configuration"));
		assert_true(report_fallback_says(&j, changes[i].says));
		job_free(&j);
	}
	world_check(w);
}

static void why_it_is_not_kept_is_said(void **state)
{
	static const struct {
		int error;
		const char *says;
	} cases[] = {
		{ ENOSPC, "could not be kept: give " DC_STATE_DIR },
		{ EPERM, "could not be kept: allow openat(2), write(2) and "
			 "renameat(2)" },
	};
	struct world *w = *state;
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < 2; i++) {
		const struct deny deny[] = {
			{ .nr = SYS_renameat, .error = cases[i].error }, { 0 }
		};
		struct call c = { .config = WORLD_CONFIG, .deny = deny,
				  .script = "print ran" };

		job_run(w, &c, &j);
		expect_ok(&j);
		assert_true(report_fallback_says(&j, cases[i].says));
		job_free(&j);
	}
	world_check(w);
}

/* Its folder is there, so that none has to be made. */
static void a_kept_one_is_found_without_mkdir(void **state)
{
	static const struct deny deny[] = {
		{ .nr = SYS_mkdir, .error = EPERM }, { 0 }
	};
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
			  .deny = deny };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	run(w, "print ran", &j);
	job_free(&j);
	daemon_do(w, "put " WORLD_CONFIG " {");
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

/* The newest good one is the last good one. */
static void the_copy_follows(void **state)
{
	struct world *w = *state;
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	run(w, "print ran", &j);
	job_free(&j);
	config_put(w, other);
	run(w, "print ran", &j);
	job_free(&j);
	other_is_kept(w);
}

/* Else the limits of a process would decide which one is in force. */
static void want_of_memory_is_no_fault_of_the_file(void **state)
{
	static const int errors[] = { ENOMEM, EMFILE, ENFILE };
	struct world *w = *state;
	/* The open of the file, and not of the kept one. */
	struct deny deny[] = {
		{ .nr = SYS_openat, .arg = 2, .mask = O_NOCTTY | O_NOFOLLOW,
		  .value = O_NOCTTY },
		{ 0 },
	};
	struct call c = { .config = WORLD_CONFIG, .script = "print ran",
			  .deny = deny };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	run(w, "print ran", &j);
	job_free(&j);
	for (size_t i = 0; i < 3; i++) {
		deny[0].error = errors[i];
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_INTERNAL, "memory and open files");
		job_free(&j);
	}
	world_check(w);
}

static void version_needs_no_configuration(void **state)
{
	struct world *w = *state;
	struct call c = { .config = "/nowhere", .command = "VERSION",
			  .script = TRY_TOKEN "; echo" };
	struct job j;

	/* One to fall back on is there: it is not even looked for. */
	store_prepare(w, PLAIN_CONFIG);
	run(w, "print ran", &j);
	job_free(&j);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "cat ENOENT\n{\"cniVersion\"");
	expect_source(&j, "none");
	assert_true(json_is_null(json_object_get(j.json, "rule")));
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(want_of_memory_is_no_fault_of_the_file),
		WORLD_TEST(a_bad_one_without_a_good_one),
		WORLD_TEST(a_bad_one_after_a_good_one),
		WORLD_TEST(what_is_used_is_kept),
		WORLD_TEST(why_it_is_not_kept_is_said),
		WORLD_TEST(a_kept_one_is_found_without_mkdir),
		WORLD_TEST(a_bad_copy_does_not_count),
		WORLD_TEST(a_rule_without_a_token_gets_none),
		WORLD_TEST(the_copy_follows),
		WORLD_TEST(an_older_one_is_not_kept),
		WORLD_TEST(version_needs_no_configuration),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
