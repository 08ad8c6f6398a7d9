// SPDX-License-Identifier: Apache-2.0
/* The store: what is waited for, and what is said of what is not there. */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#define USERSPACE WORLD_STORE "/userspace"
#define DATA USERSPACE "/data"
#define META USERSPACE "/meta"
#define TRY_TOKEN "try cat " DC_SA "/token"

/*
 * ADD, CHECK and STATUS are refused, DEL and GC run without, and all say why,
 * at once.
 */
static void expect_none(struct world *w, int code, const char *says)
{
	static const char *const commands[] = { "ADD", "CHECK", "STATUS", "DEL",
						"GC" };
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
			  .trace_waits = true };
	struct job j;

	for (size_t i = 0; i < 5; i++) {
		c.command = commands[i];
		job_start(w, &c, &j);
		trace_no_wait(&j, c.command);
		if (i < 3) {
			expect_error_says(
				&j, i == 2 ? DC_CODE_NOT_AVAILABLE : code,
				says);
		} else {
			expect_ok(&j);
			expect_out(&j, "cat ENOENT\n");
			assert_true(report_fallback_says(&j, says));
		}
		expect_source(&j, "none");
		assert_string_equal(report_text(&j, "rule"), "userspace");
		assert_true(json_is_null(json_object_get(j.json, "jti")));
		assert_true(json_is_null(json_object_get(j.json, "expires")));
		job_free(&j);
	}
}

static void the_store_is_no_tmpfs(void **state)
{
	struct world *w = *state;

	config_put(w, PLAIN_CONFIG);
	daemon_do(w, "mkdir " WORLD_STORE "; proc " WORLD_STORE);
	world_rebase(w);
	expect_none(w, DC_CODE_TRY_AGAIN, "medium: Memory");
	world_check(w);
}

static void there_is_no_store(void **state)
{
	struct world *w = *state;

	config_put(w, PLAIN_CONFIG);
	expect_none(w, DC_CODE_TRY_AGAIN, "mount the store");
	world_check(w);
}

/* --- what is not there (yet) ------------------------------------------------- */

/* Empties a store that is full, and then some. */
static const char *const absences[] = {
	"rm " DATA "/..data",
	"rm " DATA "/token",
	"rm " DATA "/..1/ca.crt",
	"rm " META "/..1.json",
	"rename " DATA " " USERSPACE "/old",
	"rename " META " " USERSPACE "/old",
	"rename " USERSPACE " " WORLD_STORE "/old",
};

static void del_and_status_do_not_wait(void **state)
{
	static const char *const commands[] = { "DEL", "GC", "STATUS" };
	struct world *w = *state;
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < 3 * (sizeof(absences) / sizeof(char *)); i++) {
		struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
				  .command = commands[i % 3],
				  .trace_waits = true };

		store_anew(w);
		store_fill(w, "userspace", w->token, 3600);
		daemon_do(w, "%s", absences[i / 3]);
		job_start(w, &c, &j);
		trace_no_wait(&j, absences[i / 3]);
		if (i % 3 == 2)
			expect_error_says(&j, DC_CODE_NOT_AVAILABLE,
					  "no valid credential");
		else
			expect_ok(&j);
		job_free(&j);
	}
	world_check_processes();
}

static void add_waits_for_five_seconds(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
			  .trace_waits = true };
	uint64_t began;
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	began = now_ms();
	/* Once, for what is left of the five seconds, and to their end. */
	store_await(w, &c, &j);
	assert_int_equal(trace_waited(&j), 0);
	trace_no_wait(&j, "the store");
	assert_true(now_ms() - began >= 5000);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "rule 'userspace'");
	job_free(&j);
	world_check(w);
}

/*
 * What an ADD or CHECK lacks, and how it comes: each way is seen from another
 * directory.
 */
static const struct {
	const char *lacks;
	const char *comes;
} arrivals[] = {
	{ "rename " USERSPACE " " WORLD_STORE "/old",
	  "rename " WORLD_STORE "/old " USERSPACE },
	{ "rename " DATA " " USERSPACE "/old",
	  "rename " USERSPACE "/old " DATA },
	{ "rename " DATA "/..data " USERSPACE "/old",
	  "rename " USERSPACE "/old " DATA "/..data" },
	{ "rename " META "/..1.json " USERSPACE "/old",
	  "rename " USERSPACE "/old " META "/..1.json" },
};

/* woken: by one descriptor, or by the end of a short nap. */
static void waits_until_it_comes(struct world *w, const char *command,
				 const struct deny *deny, int woken)
{
	struct call c = { .config = WORLD_CONFIG, .command = command,
			  .script = "cat " DC_SA "/token", .deny = deny,
			  .trace_waits = true };
	struct job j;

	for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
		store_anew(w);
		store_fill(w, "userspace", w->token, 3600);
		daemon_do(w, "%s", arrivals[i].lacks);
		store_await(w, &c, &j);
		daemon_do(w, "%s", arrivals[i].comes);
		if (store_woken(&j) != woken)
			fail_msg("%s: woken otherwise", arrivals[i].comes);
		trace_no_wait(&j, arrivals[i].comes);
		expect_ok(&j);
		expect_out(&j, w->token);
		assert_string_equal(report_text(&j, "jti"), "jti-1");
		job_free(&j);
	}
}

static void a_store_that_fills_is_enough(void **state)
{
	static const struct deny no_inotify[] = {
		{ .nr = SYS_inotify_init1, .error = EMFILE }, { 0 }
	};
	struct world *w = *state;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	waits_until_it_comes(w, "ADD", NULL, 1);
	waits_until_it_comes(w, "CHECK", NULL, 1);
	waits_until_it_comes(w, "ADD", no_inotify, 0);
	world_check_processes();
	world_check_files(w);
}

static void less_than_a_minute_is_none(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .command = "STATUS",
			  .script = "cat " DC_SA "/token" };
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_fill(w, "userspace", w->token, 50);
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_NOT_AVAILABLE);
	job_free(&j);
	/* One that is renewed while it is waited for. */
	c.command = "ADD";
	c.trace_waits = true;
	store_await(w, &c, &j);
	store_renew(w, "userspace", "renewed", 3600);
	assert_int_equal(store_woken(&j), 1);
	trace_no_wait(&j, "a renewed one");
	expect_ok(&j);
	assert_string_equal(j.out.buf, "renewed\n");
	assert_string_equal(report_text(&j, "jti"), "jti-2");
	job_free(&j);
	world_check(w);
}

#define AUDIENCE_CONFIG                                                        \
	CONFIG_OF(RULE_ASKING("userspace", MATCH_USERSPACE,                    \
			      "\"audience\":\"vault\",", DELIVER_ACCOUNT))

/* What a rule asked for before it was changed, and what it never did. */
static const struct {
	const char *config;
	const char *audience;
	const char *account;
} others[] = {
	{ PLAIN_CONFIG, "null", "kube-system/other" },
	{ PLAIN_CONFIG, "null", "shop/userspace-cni" },
	{ PLAIN_CONFIG, "\"vault\"", "kube-system/userspace-cni" },
	{ AUDIENCE_CONFIG, "null", "kube-system/userspace-cni" },
	{ AUDIENCE_CONFIG, "\"vaults\"", "kube-system/userspace-cni" },
};

static void put_other(struct world *w, size_t i)
{
	long now = time(NULL);

	config_put(w, others[i].config);
	store_anew(w);
	store_fill(w, "userspace", w->token, 3600);
	daemon_do(w,
		  "put " META "/..1.json {\"v\":1,\"issued\":%ld,"
		  "\"expires\":%ld,\"jti\":\"jti-1\",\"audience\":%s,"
		  "\"account\":\"%s\"}",
		  now, now + 3600, others[i].audience, others[i].account);
}

/* The store's writer may be on its way to it, or gone. */
static void another_account_is_none(void **state)
{
	static const char says[] = "'..1.json' is for another account";
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		put_other(w, i);
		c.command = "STATUS";
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_NOT_AVAILABLE, says);
		job_free(&j);
		c.command = "DEL";
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, "cat ENOENT\n");
		expect_source(&j, "none");
		assert_true(report_fallback_says(&j, says));
		job_free(&j);
	}
	put_other(w, 0);
	c.command = "ADD";
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, says);
	job_free(&j);
	store_fail(w, "userspace", 103, "grant-it-to-the-new-account");
	expect_none(w, DC_CODE_FORBIDDEN, "grant-it");
	world_check_processes();
	world_check_files(w);
}

static void a_changed_rules_token_is_waited_for(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace_waits = true,
			  .script = "cat " DC_SA "/token" };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	put_other(w, 0);
	store_await(w, &c, &j);
	store_renew(w, "userspace", "renewed", 3600);
	assert_int_equal(store_woken(&j), 1);
	trace_no_wait(&j, "the new account's");
	expect_ok(&j);
	assert_string_equal(j.out.buf, "renewed\n");
	job_free(&j);
	world_check_processes();
}

/* An ADD waits for this one. */
static void expect_error_once(struct world *w, const char *msg)
{
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN };
	struct job j;

	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, msg);
	job_free(&j);
}

/* What the sidecar says of it, row by row. */
static void says_why_there_is_none(void **state)
{
	struct world *w = *state;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_fail(w, "userspace", 103, "grant-create-on-serviceaccounts/token");
	expect_none(w, DC_CODE_FORBIDDEN, "grant-create");
	store_fail(w, "userspace", 102, "correct-the-bootstrap");
	expect_none(w, DC_CODE_CONFIG, "correct-the-bootstrap");
	store_fail(w, "userspace", 11, "the-API-server-is-down");
	expect_error_once(w, "the-API-server-is-down");
	/* Not the store's to say. */
	store_fail(w, "userspace", 107, "install-something");
	expect_error_once(w, "install-something");
	daemon_do(w, "put " META "/error.json {");
	expect_error_once(w, "no valid credential for rule 'userspace'");
	/* A valid one is delivered whatever failed since. */
	store_fail(w, "userspace", 103, "no-more");
	store_fill(w, "userspace", w->token, 3600);
	for (size_t i = 0; i < 2; i++) {
		struct call c = { .config = WORLD_CONFIG,
				  .command = i ? "DEL" : "ADD",
				  .script = "cat " DC_SA "/token" };
		struct job j;

		job_run(w, &c, &j);
		expect_ok(&j);
		expect_source(&j, "store");
		job_free(&j);
	}
	world_check(w);
}

static void cleans_what_the_store_says(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG };
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_fail(w, "userspace", 103, "a\\u001b[2J\\nb");
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_FORBIDDEN, "a?[2J?b");
	job_free(&j);
	world_check(w);
}

/* --- renewal ------------------------------------------------------------------ */

static void renewal_shows_through(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG,
			  .script = "cat " DC_SA "/token; ready; wait;"
				    "cat " DC_SA "/token" };
	char want[128];
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	snprintf(want, sizeof(want), "%s\nrenewed\n", w->token);
	job_start(w, &c, &j);
	job_ready(w, &j);
	store_renew(w, "userspace", "renewed", 3600);
	job_go(w, 1);
	job_end(&j);
	expect_ok(&j);
	assert_string_equal(j.out.buf, want);
	job_free(&j);
	world_check(w);
}

/*
 * Between any two steps of the helper's: never torn, never refused, and what
 * is reported is what was current when the namespace was copied, or newer. A
 * DEL, so that no waiting hides a refusal.
 */
static void renewal_at_each_step(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .command = "DEL",
			  .script = "cat " DC_SA "/token;"
				    "cat " DC_SA "/ca.crt" };
	struct job j;
	long step, nr = 0;

	store_prepare(w, PLAIN_CONFIG);
	for (step = 1; !trace_is_fork(nr); step += test_stride()) {
		bool copied = false;

		store_anew(w);
		store_fill(w, "userspace", w->token, 3600);
		job_start(w, &c, &j);
		for (long i = 0; i < step && !trace_is_fork(nr); i++) {
			nr = trace_next(&j);
			copied = copied || nr == SYS_unshare;
		}
		store_renew(w, "userspace", "renewed", 3600);
		trace_detach(&j);
		job_end(&j);
		expect_ok(&j);
		expect_source(&j, "store");
		assert_string_equal(j.out.buf, "renewed\nSTORED\n");
		if (!copied)
			assert_string_equal(report_text(&j, "jti"), "jti-2");
		job_free(&j);
	}
	assert_true(step > 100 / test_stride());
	world_check_processes();
	world_check_files(w);
}

/* --- no call on the hot path --------------------------------------------------- */

static void two_execs_and_no_connection(void **state)
{
	static const long calls[] = { SYS_execve, SYS_execveat, SYS_socket,
				      SYS_connect, SYS_inotify_init1 };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = "cat " DC_SA "/token" };
	size_t counts[5] = { 0 };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	job_start(w, &c, &j); /* the first is done: the helper's own */
	trace_count(&j, calls, 5, counts);
	job_end(&j);
	expect_ok(&j);
	expect_out(&j, w->token);
	assert_int_equal(counts[0], 1);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(counts[i], 0);
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(the_store_is_no_tmpfs),
		WORLD_TEST(there_is_no_store),
		WORLD_TEST(del_and_status_do_not_wait),
		WORLD_TEST(add_waits_for_five_seconds),
		WORLD_TEST(a_store_that_fills_is_enough),
		WORLD_TEST(less_than_a_minute_is_none),
		WORLD_TEST(another_account_is_none),
		WORLD_TEST(a_changed_rules_token_is_waited_for),
		WORLD_TEST(says_why_there_is_none),
		WORLD_TEST(cleans_what_the_store_says),
		WORLD_TEST(renewal_shows_through),
		WORLD_TEST(renewal_at_each_step),
		WORLD_TEST(two_execs_and_no_connection),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
