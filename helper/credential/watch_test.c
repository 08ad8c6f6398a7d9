/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
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

#include "watch.h"

static char dir[64];
static char file[128];

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", dir, name);
	return path[which];
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/watch_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/config.json", dir);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "config.json", "..data", "new" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_dir(names[i]));
	rmdir(in_dir("..1"));
	rmdir(in_dir("..2"));
	return rmdir(dir);
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "{}", 2), 2);
	close(fd);
}

static struct watch watch_it(void)
{
	struct err e = ERR_INIT;
	struct watch w;

	if (watch_open(file, &w, &e) < 0)
		fail_msg("%s", e.msg);
	return w;
}

static void nothing_happens(void **state)
{
	struct watch w = watch_it();

	(void)state;
	assert_false(watch_wait(&w, 0));
	assert_false(watch_wait(&w, 20));
	watch_close(&w);
}

/* As kubelet does it: the file itself is never touched. */
static void sees_a_volume_renewed(void **state)
{
	struct watch w;

	(void)state;
	assert_int_equal(mkdir(in_dir("..1"), 0700), 0);
	assert_int_equal(symlink("..1", in_dir("..data")), 0);
	assert_int_equal(symlink("..data/config.json", file), 0);
	w = watch_it();
	assert_int_equal(mkdir(in_dir("..2"), 0700), 0);
	assert_int_equal(symlink("..2", in_dir("new")), 0);
	assert_false(watch_wait(&w, 0));
	assert_int_equal(rename(in_dir("new"), in_dir("..data")), 0);
	assert_true(watch_wait(&w, 5000));
	assert_false(watch_wait(&w, 0));
	watch_close(&w);
}

static void sees_a_file_written(void **state)
{
	struct watch w;

	(void)state;
	write_file(file);
	w = watch_it();
	write_file(file);
	assert_true(watch_wait(&w, 5000));
	write_file(in_dir("new"));
	assert_int_equal(rename(in_dir("new"), file), 0);
	/* All that belongs together is seen once. */
	assert_true(watch_wait(&w, INT64_MAX));
	assert_false(watch_wait(&w, 0));
	watch_close(&w);
}

static void waits_until_it_is_quiet(void **state)
{
	struct watch w = watch_it();
	int seen = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		for (int i = 0; i < 8; i++) {
			write_file(file);
			usleep(20000);
		}
		_exit(0);
	}
	while (waitpid(pid, NULL, WNOHANG) == 0)
		seen += watch_wait(&w, 1000);
	/* Once, but for a machine that is busy with other things. */
	assert_in_range(seen, 1, 4);
	watch_close(&w);
}

static void sees_a_file_in_the_working_directory(void **state)
{
	char before[PATH_MAX];
	struct err e = ERR_INIT;
	struct watch w;

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(watch_open("config.json", &w, &e), 0);
	write_file("config.json");
	assert_true(watch_wait(&w, 5000));
	watch_close(&w);
	assert_int_equal(chdir(before), 0);
}

static void a_directory_has_to_be_there(void **state)
{
	struct err e = ERR_INIT;
	struct watch w;
	char path[PATH_MAX + 16];

	(void)state;
	assert_int_equal(watch_open("/nowhere/config.json", &w, &e), -1);
	assert_non_null(strstr(e.msg, "watch /nowhere/: no such file"));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	path[sizeof(path) - 3] = '/';
	assert_int_equal(watch_open(path, &w, &e), -1);
	assert_non_null(strstr(e.msg, "give a shorter path than x"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_happens),
		TEST(sees_a_volume_renewed),
		TEST(sees_a_file_written),
		TEST(waits_until_it_is_quiet),
		TEST(sees_a_file_in_the_working_directory),
		TEST(a_directory_has_to_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
