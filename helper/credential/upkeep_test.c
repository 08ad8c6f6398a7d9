/* SPDX-License-Identifier: Apache-2.0 */
/* Without an API server. With one: e2e/sidecar. */
#include "upkeep_test.h"

static bool is_stored(const char *rule)
{
	struct store_state s;

	assert_int_equal(store_read(&u.session.store, rule, &s, &err), 0);
	return s.present;
}

static const struct schedule *attend(void)
{
	said[0] = '\0';
	upkeep_attend(&u, &u.roster.entries[0]);
	return &u.roster.entries[0].schedule;
}

static void what_is_in_the_store_is_used_if_it_is_whole(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 8; which++) {
		publish("r", "n/s", which);
		load(R);
		assert_int_equal(is_held("r"), which == 7);
		if (which < 7)
			assert_int_equal(attend()->failures, 1);
		assert_true(is_stored("r"));
		load(DOCUMENT(""));
		assert_false(is_stored("r"));
	}
}

static void what_is_due_is_asked_for(void **state)
{
	(void)state;
	publish("r", "n/s", 7);
	load(R);
	assert_true(is_held("r"));
	assert_int_equal(attend()->failures, 1);
	assert_said("rule r: failed, again in 1 s: ");
}

static void what_is_not_the_rules_is_removed(void **state)
{
	(void)state;
	publish("r", "n/other", 7);
	publish("s", "n/s", 7);
	load(R);
	assert_non_null(strstr(said, "rule s: gone, removed from the store"));
	assert_said("rule r: of another account or audience, removed");
	assert_false(is_held("r"));
	assert_false(is_stored("r"));
	assert_false(is_stored("s"));
}

/* The store has what the rule was; which stays until there is another. */
static void what_other_sources_made_is_not_used(void **state)
{
	(void)state;
	publish("r", "n/s", 7);
	load(R);
	assert_true(is_held("r"));
	load(DOCUMENT(RULE("r", ",\"expirationSeconds\":700")));
	assert_false(is_held("r"));
	assert_true(is_stored("r"));
}

static void a_store_that_cannot_be_read_is_not_used(void **state)
{
	(void)state;
	publish("r", "n/s", 7);
	assert_int_equal(mkdir("store/r/meta/error.json", 0700), 0);
	load(R);
	assert_false(is_held("r"));
	close(u.session.store.fd);
	u.session.store.fd = -1;
	load(R);
	assert_said("list the store: ");
}

/* What comes next, a look later. */
static struct roster_entry *look(int64_t *ret_wait)
{
	now.steady += UPKEEP_LOOK;
	now.wall += UPKEEP_LOOK;
	return upkeep_next(&u, &now, ret_wait);
}

static void an_emptied_store_is_noticed(void **state)
{
	int64_t wait;

	(void)state;
	publish("r", "n/s", 7);
	load(R);
	assert_int_equal(storedir_remove(&u.session.store, "r", &err), 0);
	now.steady += UPKEEP_LOOK - 1;
	assert_null(upkeep_next(&u, &now, &wait));
	assert_int_equal(wait, 1);
	assert_true(is_held("r"));
	now.steady++;
	now.wall += UPKEEP_LOOK;
	assert_non_null(upkeep_next(&u, &now, &wait));
	assert_in_range(wait, 0, SCHEDULE_START);
	assert_said("rule r: not in the store any more");
	assert_non_null(look(&wait));
	assert_int_equal(wait, 0);
	assert_string_equal(said, "");
}

static void what_is_in_the_store_stays(void **state)
{
	int64_t wait;

	(void)state;
	publish("r", "n/s", 7);
	load(R);
	said[0] = '\0';
	assert_null(look(&wait));
	assert_int_equal(wait, UPKEEP_LOOK);
	/* That it cannot be read may pass. */
	close(u.session.store.fd);
	u.session.store.fd = -1;
	assert_null(look(&wait));
	assert_said("list the store: ");
	assert_true(is_held("r"));
}

static void another_server_counts(void **state)
{
	int64_t wait;

	(void)state;
	load(R);
	for (int i = 0; i < 9; i++)
		schedule_refused(&u.roster.entries[0].schedule, &now);
	put_file("kubeconfig", KUBECONFIG("https://127.0.0.1:2"));
	assert_non_null(look(&wait));
	assert_in_range(wait, 0, SCHEDULE_START);
	assert_string_equal(u.session.bootstrap.server, "https://127.0.0.1:2");
	put_file("kubeconfig", "{");
	look(&wait);
	assert_said("(the last good one stays in use)");
	assert_string_equal(u.session.bootstrap.server, "https://127.0.0.1:2");
	look(&wait);
	assert_string_equal(said, "");
}

/* Whether the store has a note of it. */
static bool is_noted(void)
{
	struct store_state s;

	assert_int_equal(store_read(&u.session.store, "r", &s, &err), 0);
	return s.failed;
}

/* By a process that is stuck: nothing here may wait for it. */
static void a_lock_that_is_held_keeps_nothing_else(void **state)
{
	auto_fd lock = -1;
	int64_t wait;

	(void)state;
	alarm(60);
	load(R);
	publish("gone", "n/s", 7);
	assert_int_equal(store_lock(&u.session.store, "r", true, &lock, &err),
			 0);
	assert_int_equal(attend()->failures, 1);
	assert_said("rule r: wait: another process is renewing 'r'");
	fd_close(&lock);
	assert_int_equal(store_lock(&u.session.store, "gone", true, &lock,
				    &err),
			 0);
	look(&wait);
	assert_said("wait: another process is renewing 'gone'");
	assert_true(is_stored("gone"));
	fd_close(&lock);
	look(&wait);
	assert_said("rule gone: gone, removed from the store");
	alarm(0);
}

static void a_failure_is_tried_again(void **state)
{
	(void)state;
	load(R);
	assert_int_equal(attend()->failures, 1);
	assert_said("rule r: failed, again in 1 s: ");
	assert_true(is_noted());
}

static void what_another_process_got_is_taken(void **state)
{
	(void)state;
	load(R);
	publish("r", "n/s", 7);
	assert_int_equal(attend()->failures, 0);
	assert_said("rule r: in the store, jti -, expires ");
	assert_true(is_held("r"));
}

/* Nothing is requested without the lock. */
static void a_lock_that_cannot_be_had_is_a_failure(void **state)
{
	(void)state;
	load(R);
	assert_int_equal(mkdir("store/r", 0700), 0);
	assert_int_equal(mkdir("store/r/lock", 0700), 0);
	assert_int_equal(attend()->failures, 1);
	assert_said("rule r: look at the store: ");
	assert_false(is_noted());
}

static void a_store_that_cannot_be_read_is_a_failure(void **state)
{
	(void)state;
	load(R);
	publish("r", "n/s", 7);
	assert_int_equal(mkdir("store/r/meta/error.json", 0700), 0);
	assert_int_equal(attend()->failures, 1);
	assert_said("rule r: look at the store: ");
	assert_false(is_held("r"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_in_the_store_is_used_if_it_is_whole),
		TEST(what_is_due_is_asked_for),
		TEST(what_is_not_the_rules_is_removed),
		TEST(what_other_sources_made_is_not_used),
		TEST(a_store_that_cannot_be_read_is_not_used),
		TEST(an_emptied_store_is_noticed),
		TEST(what_is_in_the_store_stays),
		TEST(another_server_counts),
		TEST(a_lock_that_is_held_keeps_nothing_else),
		TEST(a_failure_is_tried_again),
		TEST(what_another_process_got_is_taken),
		TEST(a_lock_that_cannot_be_had_is_a_failure),
		TEST(a_store_that_cannot_be_read_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
