/* SPDX-License-Identifier: Apache-2.0 */
/* What does not belong into a rule's place, and is removed or refused. */
#include "../exec/fd.h"
#include "store_test.h"

/* The first generation, as a writer leaves it. */
static void publish_first(void)
{
	auto_fd lock = -1;

	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
}

/* What a killed writer and a stranger may leave behind. */
static void leftovers_are_removed(void **state)
{
	auto_fd lock = -1;

	(void)state;
	publish_first();
	assert_int_equal(
		run("cd " RULE "/data && mkdir ..old && echo x >..old/token && "
		    "ln -s ..old ..data_tmp && ln -s ..data/gone gone && "
		    "ln -s /etc/passwd passwd && echo x >plain && cd ../meta && "
		    "echo x >..old.json && echo x >error.json.tmp"),
		0);
	check(store_lock(&store, RULE, true, &lock, &err));
	check_listing();
	check(publish(2, &err));
	check_listing();
}

/* Each in place of the link to the token, which the next has to find right. */
static const char *const other_links[] = {
	"ln -s ..data/nekot token",
	"ln -s ..data/tok token",
	"ln -s ..data/token/ token",
	"echo x >token",
	"mkdir token",
};

static void a_link_that_is_not_ours_is_removed(void **state)
{
	char command[128], text[1000];
	auto_fd lock = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(other_links) / sizeof(char *); i++) {
		publish_first();
		snprintf(command, sizeof(command), "cd " RULE "/data && "
			 "rm token && %s", other_links[i]);
		assert_int_equal(run(command), 0);
		check(store_lock(&store, RULE, true, &lock, &err));
		list("data", text, sizeof(text));
		if (strstr(text, " token "))
			fail_msg("after %s: %s", other_links[i], text);
		check(publish(2, &err));
		check_listing();
		fd_close(&lock);
	}
}

/* A directory is never a part of a credential. */
static void a_link_to_a_directory_is_removed(void **state)
{
	auto_fd lock = -1;

	(void)state;
	publish_first();
	assert_int_equal(run("cd " RULE "/data && mkdir ..data/dir && "
			     "ln -s ..data/dir dir"),
			 0);
	check(store_lock(&store, RULE, true, &lock, &err));
	assert_int_equal(run("rmdir " RULE "/data/..data/dir"), 0);
	check_listing();
}

static void a_store_without_a_current_one_is_emptied(void **state)
{
	struct store_state s;
	auto_fd lock = -1;
	char text[100];

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	check(publish(1, &err));
	assert_int_equal(run("cd " RULE "/data && rm ..data && "
			     "ln -s ../meta ..data"),
			 0);
	check(store_read(&store, RULE, &s, &err));
	assert_false(s.present);
	fd_close(&lock);
	check(store_lock(&store, RULE, true, &lock, &err));
	list("data", text, sizeof(text));
	assert_string_equal(text, "");
	list("meta", text, sizeof(text));
	assert_string_equal(text, "");
	check(publish(2, &err));
	check_listing();
}

static void what_others_can_write_is_refused(void **state)
{
	struct err e = ERR_INIT;
	auto_fd lock = -1;

	(void)state;
	check(store_lock(&store, RULE, true, &lock, &err));
	fd_close(&lock);
	assert_int_equal(run("chmod 0770 " RULE "/data"), 0);
	assert_int_equal(store_lock(&store, RULE, true, &lock, &e), -1);
	assert_int_equal(run("rm -r " RULE "/data && ln -s /tmp " RULE "/data"),
			 0);
	assert_int_equal(store_lock(&store, RULE, true, &lock, &e), -1);
	assert_int_equal(run("rm " RULE "/data"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_store(leftovers_are_removed),
		with_store(a_link_that_is_not_ours_is_removed),
		with_store(a_link_to_a_directory_is_removed),
		with_store(a_store_without_a_current_one_is_emptied),
		with_store(what_others_can_write_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
