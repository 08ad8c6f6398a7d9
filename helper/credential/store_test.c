/* SPDX-License-Identifier: Apache-2.0 */
/* store.c and publish.c: one thing, seen from outside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../exec/fd.h"
#include "store_test.h"
#include "wipe.h"

#define SWAPS 10000
#define KILLS 300

static void a_generation_is_laid_out(void **state)
{
	struct store_state s;
	auto_wipe token = NULL;
	auto_fd lock = -1;
	size_t len;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(store_read(&store, RULE, &s, &err));
	assert_false(s.present);
	assert_false(s.failed);
	for (unsigned n = 0; n < 3; n++) {
		check(publish(n, &err));
		check_listing();
	}
	check(store_read(&store, RULE, &s, &err));
	assert_true(s.present);
	assert_int_equal(s.meta.issued, 3);
	assert_int_equal(s.meta.expires, 102);
	assert_string_equal(s.meta.jti, "2");
	assert_string_equal(s.meta.account, "ns/sa");
	check(store_read_file(&store, RULE, "token", &token, &len, &err));
	assert_string_equal(token, "token-2");
	assert_int_equal(len, 7);
}

static void names_come_and_go(void **state)
{
	const struct store_file file = { "other", "", 0 };
	const struct store_generation g = { .files = &file, .file_count = 1,
					    .issued = 1 };
	struct store_state s;
	auto_fd lock = -1;
	char text[1000];

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	check(store_publish(&store, RULE, &g, &err));
	list("data", text, sizeof(text));
	assert_string_equal(text, "d700 ..GEN \n"
				  "f400 ..GEN/other \n"
				  "l777 ..data ..GEN\n"
				  "l777 other ..data/other\n");
	check(store_read(&store, RULE, &s, &err));
	assert_true(s.present);
	assert_int_equal(s.meta.expires, 0);
}

static void an_unchanged_name_keeps_its_link(void **state)
{
	struct stat before, after;
	auto_fd lock = -1;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/" RULE "/data/token", dir);
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	assert_int_equal(lstat(path, &before), 0);
	check(publish(2, &err));
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void an_error_is_noted_until_a_success(void **state)
{
	const struct err why = { 103, "grant it" };
	struct store_state s;
	auto_fd lock = -1;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	for (int at = 5; at < 7; at++) {
		check(store_note_error(&store, RULE, &why, at, &err));
		check(store_read(&store, RULE, &s, &err));
		assert_true(s.present);
		assert_true(s.failed);
		assert_int_equal(s.error.code, 103);
		assert_string_equal(s.error.msg, "grant it");
		assert_int_equal(s.error.at, at);
	}
	check(publish(2, &err));
	check(store_read(&store, RULE, &s, &err));
	assert_false(s.failed);
	check_listing();
}

static void what_cannot_be_published_leaves_the_last(void **state)
{
	char *large = calloc(1, DC_STORE_FILE_MAX + 1);
	struct store_file file = { "token", large, DC_STORE_FILE_MAX + 1 };
	struct store_generation g = { .files = &file, .file_count = 1,
				      .issued = 1 };
	static const char *const names[] = { "", ".", "..x", "a/b", "../x" };
	struct store_state s;
	struct err e;
	auto_fd lock = -1;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	assert_int_equal(store_publish(&store, RULE, &g, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	file.len = 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		file.name = names[i];
		assert_int_equal(store_publish(&store, RULE, &g, &e), -1);
	}
	file.name = "token";
	g.audience = "\n";
	assert_int_equal(store_publish(&store, RULE, &g, &e), -1);
	check_listing();
	check(store_read(&store, RULE, &s, &err));
	assert_string_equal(s.meta.jti, "1");
	free(large);
}

static void the_lock_excludes(void **state)
{
	auto_fd lock = -1, second = -1;
	struct err e = ERR_INIT;

	(void)state;
	check(store_lock(&store, RULE, false, &lock, &err));
	assert_int_equal(store_lock(&store, RULE, false, &second, &e), -1);
	assert_int_equal(e.code, DC_CODE_TRY_AGAIN);
	fd_close(&lock);
	check(store_lock(&store, RULE, false, &second, &err));
}

static void a_name_leads_nowhere_else(void **state)
{
	struct err e = ERR_INIT;
	auto_wipe token = NULL;
	auto_fd lock = -1;
	struct store_state s;
	size_t len;

	(void)state;
	assert_int_equal(store_lock(&store, "../x", true, &lock, &e), -1);
	assert_int_equal(store_lock(&store, "", true, &lock, &e), -1);
	assert_int_equal(store_read(&store, "../x", &s, &e), -1);
	assert_int_equal(store_read_file(&store, "../x", "token", &token, &len,
					 &e),
			 -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
}

static void damaged_metadata_is_none(void **state)
{
	struct store_state s;
	auto_fd lock = -1;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	assert_int_equal(run("cd " RULE "/meta && chmod 600 ..*.json && "
			     "truncate -s -1 ..*.json"),
			 0);
	check(store_read(&store, RULE, &s, &err));
	assert_false(s.present);
	assert_int_equal(s.meta.issued, 0);
}

static void an_error_that_cannot_be_read_is_one(void **state)
{
	struct err e = ERR_INIT;
	struct store_state s;
	auto_fd lock = -1;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	assert_int_equal(run("mkdir " RULE "/meta/error.json"), 0);
	assert_int_equal(store_read(&store, RULE, &s, &e), -1);
	assert_non_null(strstr(e.msg, "error.json"));
}

/* --- a reader beside a writer -------------------------------------------- */

static int read_at(int at, const char *name, char *ret, size_t size)
{
	auto_fd fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (n < 0)
		return -1;
	ret[n] = '\0';
	return 0;
}

/*
 * As a reader without any of our code does: ..data decides, then its
 * directory and its metadata. Returns the number of the generation, 0 where it
 * was swapped away meanwhile, or -1 where parts of two came together.
 */
static long read_whole(void)
{
	char generation[128], path[256], token[64], ca[64], meta[512], want[64];
	auto_fd data = -1, files = -1;
	ssize_t n;
	long number;

	snprintf(path, sizeof(path), "%s/" RULE "/data", dir);
	data = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = readlinkat(data, "..data", generation, sizeof(generation) - 1);
	if (n < 0)
		return -1;
	generation[n] = '\0';
	files = openat(data, generation, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "../meta/%s.json", generation);
	if (files < 0 || read_at(files, "token", token, sizeof(token)) < 0 ||
	    read_at(files, "ca.crt", ca, sizeof(ca)) < 0 ||
	    read_at(data, path, meta, sizeof(meta)) < 0)
		return errno == ENOENT ? 0 : -1;
	if (sscanf(token, "token-%ld", &number) != 1)
		return -1;
	snprintf(want, sizeof(want), "ca-%ld", number);
	if (strcmp(ca, want))
		return -1;
	snprintf(want, sizeof(want), "\"jti\":\"%ld\"", number);
	return strstr(meta, want) ? number : -1;
}

/* Our own reader, which looks again by itself: never nothing, never older. */
static long read_ours(void)
{
	struct err e = ERR_INIT;
	auto_wipe token = NULL;
	struct store_state s;
	size_t len;
	long number;

	if (store_read(&store, RULE, &s, &e) < 0 || !s.present ||
	    store_read_file(&store, RULE, "token", &token, &len, &e) < 0 ||
	    sscanf(token, "token-%ld", &number) != 1)
		return -1;
	return number >= atol(s.meta.jti) ? number : -1;
}

/* How many whole generations were seen, or -1. */
static long read_until(const volatile bool *done)
{
	long last = 0, seen = 0, number;

	while (!*done) {
		number = seen % 2 ? read_ours() : read_whole();
		if (number < 0 || (number && number < last))
			return -1;
		if (number) {
			last = number;
			seen++;
		}
	}
	return seen;
}

static void a_reader_sees_only_whole_ones(void **state)
{
	volatile bool *done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	auto_fd lock = -1;
	int status;
	pid_t pid;

	(void)state;
	assert_true(done != MAP_FAILED);
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	pid = fork();
	if (pid == 0) {
		long seen = read_until(done);

		_exit(seen < 0 ? 1 : seen < SWAPS / 100 ? 2 : 0);
	}
	for (unsigned n = 2; n <= SWAPS + 1; n++)
		check(publish(n, &err));
	*done = true;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	munmap((void *)done, sizeof(*done));
	check_listing();
}

static void write_for_ever(unsigned n)
{
	struct err e = ERR_INIT;
	auto_fd lock = -1;

	if (store_lock(&store, RULE, true, &lock, &e) < 0)
		_exit(1);
	for (;; n++)
		if (publish(n, &e) < 0)
			_exit(1);
}

/* Whatever it was about: there is a whole one, and the next sees no trace. */
static void a_writer_may_be_killed(void **state)
{
	auto_fd lock = -1;
	int status;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	fd_close(&lock);
	srand(1);
	for (unsigned i = 0; i < KILLS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			write_for_ever(2 + i * 100000);
		usleep((useconds_t)(rand() % 3000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_true(read_whole() > 0);
		assert_true(read_ours() > 0);
		check(store_lock(&store, RULE, true, &lock, &err));
		if (i % 10 == 0)
			check_listing();
		fd_close(&lock);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(a_generation_is_laid_out),
		with_store(names_come_and_go),
		with_store(an_unchanged_name_keeps_its_link),
		with_store(an_error_is_noted_until_a_success),
		with_store(what_cannot_be_published_leaves_the_last),
		with_store(the_lock_excludes),
		with_store(a_name_leads_nowhere_else),
		with_store(damaged_metadata_is_none),
		with_store(an_error_that_cannot_be_read_is_one),
		with_store(a_reader_sees_only_whole_ones),
		with_store(a_writer_may_be_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
