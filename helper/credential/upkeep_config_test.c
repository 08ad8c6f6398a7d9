/* SPDX-License-Identifier: Apache-2.0 */
/* The file that is broken, and what is kept for then. */
#include "upkeep_test.h"

static void a_broken_configuration_is_said_once(void **state)
{
	(void)state;
	load("{");
	assert_said("(nothing is requested until then)");
	load("{");
	assert_string_equal(said, "");
	load(R);
	assert_said("config.json: in force, 1 credential to keep");
	load("{");
	assert_said("(the last good configuration stays in force)");
	assert_int_equal(u.roster.count, 1);
	load("[");
	assert_said("(the last good configuration stays in force)");
}

/* Two mistakes: its name, and how it is delivered. */
#define BROKEN(deliver)                                                        \
	DOCUMENT("{\"name\":\"A\",\"matchPlugins\":[\"p\"],\"sources\":["      \
		 "{\"directory\":{\"path\":\"/d\"}}],\"deliver\":" deliver     \
		 "}")
#define BROKEN_NAME                                                            \
	"config.json:1:105: rules[0].name: write a name of a-z, 0-9 and "      \
	"inner hyphens, at most 63 characters\n"

static void every_mistake_is_said(void **state)
{
	(void)state;
	load(BROKEN("1"));
	assert_string_equal(said, BROKEN_NAME
			    "config.json:1:180: rules[0].deliver: "
			    "write an object: {...}\n"
			    "correct config.json: 2 mistakes (nothing is "
			    "requested until then)\n");
}

/* Even where the first of them, and their number, are the same. */
static void other_mistakes_are_said(void **state)
{
	(void)state;
	load(BROKEN("1"));
	said[0] = '\0';
	load(BROKEN("1"));
	assert_string_equal(said, "");
	load(BROKEN("{}"));
	assert_memory_equal(said, BROKEN_NAME, strlen(BROKEN_NAME));
	assert_said("correct config.json: 2 mistakes (");
	load(R);
	said[0] = '\0';
	load(BROKEN("{}"));
	assert_memory_equal(said, BROKEN_NAME, strlen(BROKEN_NAME));
}

/* Of one that cannot be read there is no more to say than that. */
static void one_that_cannot_be_read_is_said(void **state)
{
	(void)state;
	load(BROKEN("1"));
	said[0] = '\0';
	assert_int_equal(unlink("config.json"), 0);
	upkeep_load(&u, &now);
	assert_string_equal(said, "correct 'config.json': no such file or "
				  "directory (nothing is requested until "
				  "then)\n");
}

/* As another process would find it. */
static void restart(void)
{
	roster_free(&u.roster);
	session_close(&u.session);
	u.in_force = false;
	u.broken.msg[0] = said[0] = '\0';
	if (upkeep_open(&u, &err) < 0)
		fail_msg("%s", err.msg);
}

static void the_last_good_one_outlives_the_process(void **state)
{
	(void)state;
	publish("r", "n/s", 7);
	load(R);
	restart();
	load("{");
	assert_non_null(strstr(said, "the one kept before: in force, 1 "));
	assert_said("(the last good configuration stays in force)");
	assert_true(is_held("r"));
	load("{");
	assert_string_equal(said, "");
	load(DOCUMENT(""));
	assert_said("config.json: in force, 0 credentials to keep");
	restart();
	load("{");
	assert_int_equal(u.roster.count, 0);
	assert_true(u.in_force);
}

static void what_was_kept_is_looked_at(void **state)
{
	static const char *const kept[] = { "{", "" };

	(void)state;
	for (size_t i = 0; i < COUNT(kept); i++) {
		put_file("store/" DC_LAST_GOOD_NAME, kept[i]);
		restart();
		load("{");
		assert_said("(nothing is requested until then)");
	}
	assert_int_equal(unlink("store/" DC_LAST_GOOD_NAME), 0);
	put_file("elsewhere", R);
	assert_int_equal(symlink("../elsewhere", "store/" DC_LAST_GOOD_NAME),
			 0);
	restart();
	load("{");
	assert_false(u.in_force);
}

/* It is used, and it is said. */
static void one_that_cannot_be_kept_is_said(void **state)
{
	(void)state;
	assert_int_equal(mkdir("store/" DC_LAST_GOOD_NAME, 0700), 0);
	load(R);
	assert_non_null(strstr(said, "could not be kept: give the store room"));
	assert_said("config.json: in force, 1 credential to keep");
	assert_int_equal(access("store/" DC_LAST_GOOD_NAME ".new", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_broken_configuration_is_said_once),
		TEST(every_mistake_is_said),
		TEST(other_mistakes_are_said),
		TEST(one_that_cannot_be_read_is_said),
		TEST(the_last_good_one_outlives_the_process),
		TEST(what_was_kept_is_looked_at),
		TEST(one_that_cannot_be_kept_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
