/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "delegate-credentials.h"
#include "storedir.h"

static char dir[64];
static struct store store;

static const char *in_dir(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static bool exists(const char *name)
{
	struct stat st;

	return lstat(in_dir(name), &st) == 0;
}

static int set_up(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	strcpy(dir, "/tmp/storedir_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	return store_open(dir, &store, &e);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	store_close(&store);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command); /* NOLINT(cert-env33-c) */
}

static void publish(const char *rule, int64_t issued)
{
	const struct store_file files[] = { { "token", "secret", 6 },
					    { "ca.crt", "ca", 2 } };
	struct store_generation g = { .files = files,
				      .file_count = 2,
				      .issued = issued,
				      .expires = issued + 3600,
				      .jti = "id",
				      .account = "n/s" };
	struct err e = ERR_INIT;
	int lock;

	if (store_lock(&store, rule, true, &lock, &e) < 0 ||
	    store_publish(&store, rule, &g, &e) < 0)
		fail_msg("%s", e.msg);
	close(lock);
}

static void assert_list(const char *expected)
{
	char names[256] = "";
	struct err e = ERR_INIT;
	struct storedir d;

	assert_int_equal(storedir_list(&store, &d, &e), 0);
	for (size_t i = 0; i < d.count; i++) {
		strcat(names, d.rules[i]);
		strcat(names, " ");
	}
	storedir_free(&d);
	assert_string_equal(names, expected);
}

static void assert_removed(const char *rule)
{
	struct err e = ERR_INIT;

	if (storedir_remove(&store, rule, &e) < 0)
		fail_msg("%s", e.msg);
	assert_false(exists(rule));
}

static void lists_rules_by_name(void **state)
{
	(void)state;
	assert_list("");
	publish("b", 1700000000);
	publish("a-1", 1700000000);
	publish("c", 1700000000);
	assert_list("a-1 b c ");
	assert_list("a-1 b c ");
}

/* --store=/etc must not end badly. */
static void lists_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in_dir("etc"), 0700), 0);
	assert_int_equal(mkdir(in_dir("Upper"), 0700), 0);
	assert_int_equal(close(creat(in_dir("Upper/lock"), 0600)), 0);
	assert_int_equal(mkdir(in_dir("-no-label"), 0700), 0);
	assert_int_equal(close(creat(in_dir("-no-label/lock"), 0600)), 0);
	assert_int_equal(mkdir(in_dir("linked"), 0700), 0);
	assert_int_equal(symlink("../etc", in_dir("linked/lock")), 0);
	assert_int_equal(close(creat(in_dir("file"), 0600)), 0);
	assert_list("");
}

static void removes_a_rule_whole(void **state)
{
	struct err why = { 103, "no" }, e = ERR_INIT;

	(void)state;
	publish("a", 1700000000);
	publish("a", 1700000001);
	publish("b", 1700000000);
	assert_int_equal(store_note_error(&store, "a", &why, 1, &e), 0);
	assert_removed("a");
	assert_list("b ");
	assert_true(exists("b/data/token"));
	/* It may come back. */
	publish("a", 1700000002);
	assert_list("a b ");
}

/* Whether a process waits for a lock. */
static bool is_waiting(pid_t pid)
{
	FILE *f = fopen("/proc/locks", "r");
	char line[256];
	bool found = false;
	int waits;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*d: -> FLOCK ADVISORY WRITE %d",
			       &waits) == 1 && waits == pid;
	fclose(f);
	return found;
}

static void a_lock_is_no_use_once_removed(void **state)
{
	struct err e = ERR_INIT;
	int lock, status;
	pid_t pid;

	(void)state;
	assert_int_equal(store_lock(&store, "a", true, &lock, &e), 0);
	pid = fork();
	if (pid == 0) {
		close(lock);
		_exit(store_lock(&store, "a", true, &lock, &e) == 0 ||
		      e.code != DC_CODE_TRY_AGAIN);
	}
	while (!is_waiting(pid))
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	assert_int_equal(unlink(in_dir("a/lock")), 0);
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_reader_keeps_what_it_holds(void **state)
{
	char content[8] = "";
	int data, token;

	(void)state;
	publish("a", 1700000000);
	data = open(in_dir("a/data"), O_PATH | O_DIRECTORY);
	token = open(in_dir("a/data/token"), O_RDONLY);
	assert_true(data >= 0 && token >= 0);
	assert_removed("a");
	assert_int_equal(read(token, content, sizeof(content)), 6);
	assert_string_equal(content, "secret");
	assert_int_equal(openat(data, "token", O_RDONLY), -1);
	close(data);
	close(token);
}

static void follows_no_link(void **state)
{
	(void)state;
	publish("a", 1700000000);
	assert_int_equal(mkdir(in_dir("kept"), 0700), 0);
	assert_int_equal(close(creat(in_dir("kept/file"), 0600)), 0);
	assert_int_equal(symlink("../../kept", in_dir("a/data/x")), 0);
	assert_removed("a");
	assert_true(exists("kept/file"));
}

static void goes_no_deeper_than_a_rule_does(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	publish("a", 1700000000);
	assert_int_equal(mkdir(in_dir("a/x"), 0700), 0);
	assert_int_equal(mkdir(in_dir("a/x/y"), 0700), 0);
	assert_int_equal(mkdir(in_dir("a/x/y/z"), 0700), 0);
	assert_int_equal(close(creat(in_dir("a/x/y/z/file"), 0600)), 0);
	assert_int_equal(storedir_remove(&store, "a", &e), -1);
	assert_non_null(strstr(e.msg, "remove the rule a from the store"));
	assert_true(exists("a/x/y/z/file"));
	/* But the credential is gone from sight. */
	assert_false(exists("a/data/..data"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_rules_by_name),
		TEST(lists_nothing_else),
		TEST(removes_a_rule_whole),
		TEST(a_lock_is_no_use_once_removed),
		TEST(a_reader_keeps_what_it_holds),
		TEST(follows_no_link),
		TEST(goes_no_deeper_than_a_rule_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
