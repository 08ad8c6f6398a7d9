// SPDX-License-Identifier: Apache-2.0
/* Cases of helper/ATTACKS.md that no other program has. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NEW DC_STATE_DIR "/new"
#define KEPT DC_STATE_DIR "/" DC_LAST_GOOD_NAME
#define SHOW_TOKEN "cat " DC_SA "/token"

static void run(struct world *w, const struct call *c, struct job *j)
{
	job_run(w, c, j);
	expect_ok(j);
	expect_out(j, w->token);
}

/* --- names planted where the helper writes ------------------------------------ */

static bool daemon_says(struct world *w, const char *script, const char *text)
{
	char out[4096];

	assert_int_equal(ns_script(w->daemon_ns, script, out, sizeof(out)), 0);
	return strstr(out, text);
}

static void planted_links_are_not_followed(void **state)
{
	static const char planted[] = DC_STATE_DIR "/" DC_LOCK_NAME;
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	daemon_do(w, "put /tmp/victim intact; put " KEPT " stale;"
		     "link /tmp/victim " NEW "; rename " NEW " %s", planted);
	job_run(w, &c, &j);
	assert_true(daemon_says(w, "cat /tmp/victim", "intact"));
	assert_true(report_fallback_says(&j, "could not be kept"));
	job_free(&j);
	daemon_do(w, "put " NEW " x; rename " NEW " %1$s; rm %1$s", planted);
	run(w, &c, &j);
	assert_int_equal(report_fallbacks(&j), 0);
	job_free(&j);
	world_check(w);
}

static void a_directory_in_the_new_files_place_is_said(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	daemon_do(w, "put " KEPT " stale; mkdir " KEPT ".new");
	run(w, &c, &j);
	assert_true(report_fallback_says(&j, "could not be kept"));
	assert_true(report_fallback_says(&j, "file exists"));
	assert_true(daemon_says(w, "cat " KEPT, "stale"));
	job_free(&j);
	daemon_do(w, "rmdir " KEPT ".new");
	run(w, &c, &j);
	assert_int_equal(report_fallbacks(&j), 0);
	assert_false(daemon_says(w, "cat " KEPT, "stale"));
	job_free(&j);
	world_check(w);
}

/* --- the store's directory is replaced ------------------------------------------- */

#define DATA WORLD_STORE "/userspace/data"

/*
 * By root's own files, at one call of the set-up; false if it has fewer. Counts
 * the runs that say so.
 */
static bool replaced_at_call(struct world *w, long step, int *said)
{
	struct call c = { .config = WORLD_CONFIG, .trace = true,
			  .script = SHOW_TOKEN };
	struct job j;
	long nr;

	store_anew(w);
	store_fill(w, "userspace", w->token, 3600);
	job_start(w, &c, &j);
	while ((nr = trace_next(&j)) >= 0 && !trace_is_fork(nr) && step--)
		continue;
	daemon_do(w, "rename " DATA " " DATA ".old; mkdir " DATA ";"
		     "put " DATA "/token planted");
	trace_detach(&j);
	job_end(&j);
	expect_no_out(&j, "planted");
	if (!strstr(j.out.buf, w->token))
		assert_non_null(strstr(j.out.buf, "\"code\":"));
	*said += strstr(j.out.buf, "the caller's container alone") != NULL;
	job_free(&j);
	world_check_processes();
	return !trace_is_fork(nr);
}

static void a_replaced_directory_is_not_bound(void **state)
{
	long step = 0;
	int said = 0;

	config_put(*state, PLAIN_CONFIG);
	store_mount(*state);
	while (replaced_at_call(*state, step, &said))
		step += test_stride();
	assert_true(step > 100);
	assert_true(said > 0);
	world_check(*state);
}

/* --- sizes -------------------------------------------------------------------- */

/* One more entry than a directory of the store may have. */
static void too_many_files_are_refused(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = SHOW_TOKEN };
	const size_t size = (DC_STORE_FILES_MAX + 1) * 96;
	char *script = malloc(size);
	int n = snprintf(script, size, "uid 65532");
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	for (int i = 0; i <= DC_STORE_FILES_MAX; i++)
		n += snprintf(script + n, size - n,
			      ";link ..data/f%1$d " WORLD_STORE
			      "/userspace/data/f%1$d", i);
	assert_int_equal(ns_script(w->daemon_ns, script, NULL, 0), 0);
	free(script);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_TRY_AGAIN, "too many files");
	job_free(&j);
	world_check(w);
}

/* Each of them as large as one string of an environment may be. */
static void hostile_variables_pass_and_stay_out_of_the_log(void **state)
{
	static const char *const names[] = { "CNI_ARGS", "TRACEPARENT",
					     "TRACESTATE", "BAGGAGE" };
	static const char odd[] = "K8S_POD_NAMESPACE=a\"\\\n\x1b[2J\xff;"
				  "K8S_POD_NAME=";
	struct world *w = *state;
	char *env[5] = { NULL };
	struct call c = { .env = (const char *const *)env,
			  .script = SHOW_TOKEN "; self" };
	struct job j;

	for (size_t i = 0; i < 4; i++) {
		env[i] = malloc(130000);
		memset(env[i], '"', 130000);
		env[i][129999] = '\0';
		memcpy(env[i] + sprintf(env[i], "%s=", names[i]), odd,
		       sizeof(odd) - 1);
		env[i][strlen(names[i]) + sizeof(odd)] = '"';
	}
	run(w, &c, &j);
	for (size_t i = 0; i < 4; i++) {
		expect_out(&j, env[i]);
		free(env[i]);
	}
	assert_non_null(j.json);
	assert_true(j.report.len <= DC_REPORT_MAX);
	assert_ptr_equal(strchr(j.report.buf, '\n'),
			 j.report.buf + j.report.len - 1);
	for (size_t i = 0; i + 1 < j.report.len; i++)
		assert_true(j.report.buf[i] >= ' ' && j.report.buf[i] <= '~');
	job_free(&j);
	world_check(w);
}

/* --- one that waits is in nobody's way ----------------------------------------- */

static void a_waiting_add_keeps_no_del(void **state)
{
	struct world *w = *state;
	struct call add = { .config = WORLD_CONFIG, .script = SHOW_TOKEN,
			    .trace_waits = true };
	struct call del = { .command = "DEL", .script = SHOW_TOKEN };
	struct job waiting, j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	store_await(w, &add, &waiting);
	run(w, &del, &j);
	job_free(&j);
	store_serve(w, &waiting);
}

static void terminate(struct job *j)
{
	assert_return_code(kill(j->pid, SIGTERM), errno);
}

static void leave(struct job *j)
{
	close(j->report.fd);
	j->report.fd = -1;
}

/* At once, since kubelet waits; and nothing is started for nobody. */
static void a_wait_for_the_store_ends(void **state)
{
	static void (*const by[])(struct job *) = { terminate, leave };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = "create /sync/ran",
			  .trace_waits = true };
	struct job j;

	config_put(w, PLAIN_CONFIG);
	store_mount(w);
	for (size_t i = 0; i < 2; i++) {
		store_await(w, &c, &j);
		by[i](&j);
		if (trace_waited(&j) == 0)
			fail_msg("%zu: waited to the end", i);
		trace_no_wait(&j, "who is not there any more");
		if (i == 0)
			expect_none_started(&j);
		else
			expect_error(&j, DC_CODE_TRY_AGAIN);
		job_free(&j);
		assert_false(host_says(w, "ls /sync", "ran"));
	}
	world_check(w);
}

/* --- delegates that mount ------------------------------------------------------- */

/* Where /run/netns is a mount of its own, as a container runtime makes it. */
static void a_netns_of_a_delegate_lives_until_del(void **state)
{
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN "; netns /run/netns/blue" };
	struct job j;

	host_do(w, "mkdir /run/netns; bind /run/netns /run/netns;"
		   "make shared /run/netns");
	run(w, &c, &j);
	job_free(&j);
	assert_int_equal(mounts_on(w->daemon, "/hostroot/run/netns/blue"), 1);
	c.command = "DEL";
	c.script = SHOW_TOKEN "; umount /run/netns/blue; rm /run/netns/blue";
	run(w, &c, &j);
	job_free(&j);
	host_do(w, "umount /run/netns; rmdir /run/netns");
	world_check(w);
}

/* A limit that the README tells of: the mount is not in DEL's view. */
static void a_private_mount_stays_in_its_copy(void **state)
{
	struct world *w = *state;
	struct call c = {
		.script = SHOW_TOKEN "; mkdir /var/lib/v/below;"
			  "bind /var/lib/v /var/lib/v; make private /var/lib/v;"
			  "tmpfs /var/lib/v/below; put /var/lib/v/below/f x",
	};
	struct job j;

	run(w, &c, &j);
	job_free(&j);
	c.command = "DEL";
	c.script = SHOW_TOKEN "; ls /var/lib/v/below; umount /var/lib/v;"
			      "rmdir /var/lib/v/below; rmdir /var/lib/v";
	run(w, &c, &j);
	expect_out(&j, "ls\n");
	job_free(&j);
	world_check(w);
}

/*
 * Bound or moved to where mounts are shared, a credential would reach the
 * daemon and the copies of others, and outlive its delegate.
 */
static void a_credential_cannot_be_mounted_elsewhere(void **state)
{
	static const char *const scripts[] = {
		"try bind " DC_SA " /var/lib/v",
		"try bind " WORLD_TARGET " /var/lib/v",
		"try rbind " WORLD_TARGET " /var/lib/v",
		"try bind " DC_SA "/token /var/lib/f",
		"try move " WORLD_TARGET " /var/lib/v",
		"try move " DC_SA " /var/lib/v",
	};
	struct world *w = *state;
	struct call c = { 0 };
	struct job j;

	host_do(w, "mkdir /var/lib/v; create /var/lib/f");
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		c.script = scripts[i];
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, " EINVAL\n");
		job_free(&j);
		world_check_mounts(w);
	}
	/* What is around it can be, and comes without it. */
	c.script = "rbind /run /var/lib/v; ls /var/lib/v/secrets/kubernetes.io";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "ls\n");
	job_free(&j);
	assert_int_equal(mounts_on(w->daemon, "/hostroot/var/lib/v"), 1);
	daemon_do(w, "umount /hostroot/var/lib/v");
	host_do(w, "rmdir /var/lib/v; rm /var/lib/f");
	world_check(w);
}

/* --- few descriptors -------------------------------------------------------------- */

static rlim_t descriptors;

static void limit_descriptors(void)
{
	const struct rlimit limit = { descriptors, descriptors };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		_exit(125);
}

static bool runs_with(struct world *w, const char *command, rlim_t n)
{
	struct call c = { .command = command, .script = "try " SHOW_TOKEN,
			  .prepare = limit_descriptors };
	struct job j;
	bool ran;

	descriptors = n;
	job_run(w, &c, &j);
	ran = !j.status && strstr(j.out.buf, w->token);
	if (!ran && strcmp(command, "DEL") == 0 && !j.status) {
		expect_out(&j, "cat ENOENT");
		expect_source(&j, "none");
	} else if (!ran) {
		json_t *e = json_loads(j.out.buf, 0, NULL);

		assert_int_equal(j.status, 1 << 8);
		assert_non_null(json_object_get(e, "code"));
		json_decref(e);
	}
	job_free(&j);
	world_check(w);
	return ran;
}

static void few_descriptors_are_no_half_run(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };

	for (size_t i = 0; i < 2; i++) {
		rlim_t n = 5; /* the loader of a sanitized build opens one */

		while (!runs_with(*state, commands[i], n))
			n++;
		assert_in_range(n, 7, 32);
	}
}

/* --- a container in a user namespace ---------------------------------------------- */

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(125);
	close(fd);
}

static void enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		_exit(125);
	write_to("/proc/self/setgroups", "deny");
	write_to("/proc/self/uid_map", "0 0 1");
	write_to("/proc/self/gid_map", "0 0 1");
}

static void in_a_user_namespace(void **state)
{
	struct world *w = *state;
	struct call c = { .script = SHOW_TOKEN,
			  .prepare = enter_user_namespace };
	struct job j;

	run(w, &c, &j);
	assert_int_equal(report_fallbacks(&j), 1);
	assert_true(report_fallback_says(&j, "noswap"));
	job_free(&j);
	c.strict = true;
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_KERNEL, "noswap");
	job_free(&j);
	world_check(w);
}

static void enter_one_of_few_namespaces(void)
{
	enter_user_namespace();
	write_to("/proc/sys/user/max_mnt_namespaces", "1");
}

/* The node's limit, which is each user namespace's, too. */
static void no_mount_namespace_is_left(void **state)
{
	static const char limit[] = "user.max_mnt_namespaces";
	struct world *w = *state;
	struct call c = { .script = "try " SHOW_TOKEN,
			  .prepare = enter_one_of_few_namespaces };
	struct job j;

	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_INTERNAL, limit);
	expect_out(&j, ": no space left on device\"}");
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "cat ENOENT");
	assert_true(report_fallback_says(&j, limit));
	job_free(&j);
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(planted_links_are_not_followed),
		WORLD_TEST(a_directory_in_the_new_files_place_is_said),
		WORLD_TEST(a_replaced_directory_is_not_bound),
		WORLD_TEST(too_many_files_are_refused),
		WORLD_TEST(hostile_variables_pass_and_stay_out_of_the_log),
		WORLD_TEST(a_waiting_add_keeps_no_del),
		WORLD_TEST(a_wait_for_the_store_ends),
		WORLD_TEST(a_netns_of_a_delegate_lives_until_del),
		WORLD_TEST(a_private_mount_stays_in_its_copy),
		WORLD_TEST(a_credential_cannot_be_mounted_elsewhere),
		WORLD_TEST(few_descriptors_are_no_half_run),
		WORLD_TEST(in_a_user_namespace),
		WORLD_TEST(no_mount_namespace_is_left),
	};

	return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
