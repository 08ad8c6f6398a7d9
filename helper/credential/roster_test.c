/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "roster.h"

#define EPOCH INT64_C(1700000000)

static const struct schedule_clock now = { .wall = EPOCH * 1000,
					   .steady = 1000 * 1000 };

#define DOCUMENT(rules)                                                        \
	"{\"apiVersion\":\"credentials.k8s.cni.cncf.io/v1alpha1\","            \
	"\"kind\":\"DelegateCredentialConfig\",\"rules\":[" rules "]}"
#define RULE(name, sources)                                                    \
	"{\"name\":\"" name "\",\"matchPlugins\":[\"p\"],\"sources\":["        \
	sources                                                                \
	"],\"deliver\":{\"env\":[{\"name\":\"A\",\"value\":\"b\"}]}}"
#define TOKEN(account, more)                                                   \
	"{\"serviceAccountToken\":{\"namespace\":\"n\","                       \
	"\"serviceAccountName\":\"" account "\"" more ",\"path\":\"token\"}}"
#define MAP(name, key, path)                                                   \
	"{\"configMap\":{\"namespace\":\"n\",\"name\":\"" name "\",\"items\":" \
	"[{\"key\":\"" key "\",\"path\":\"" path "\"}]}}"
#define TWO_KEYS                                                               \
	"{\"configMap\":{\"namespace\":\"n\",\"name\":\"m\",\"items\":"        \
	"[{\"key\":\"k\",\"path\":\"k\"},{\"key\":\"l\",\"path\":\"l\"}]}}"
#define SOURCES(token_namespace, path, map_namespace)                          \
	"{\"serviceAccountToken\":{\"namespace\":\"" token_namespace "\","     \
	"\"serviceAccountName\":\"s\",\"path\":\"" path "\"}},"               \
	"{\"configMap\":{\"namespace\":\"" map_namespace "\",\"name\":"       \
	"\"m\",\"items\":[{\"key\":\"k\",\"path\":\"p\"}]}}"
#define DIRECTORY "{\"directory\":{\"path\":\"/credentials\"}}"

static struct config decode(const char *text)
{
	static struct config_mistakes mistakes;
	struct config c;

	memset(&mistakes, 0, sizeof(mistakes));
	if (config_decode(text, strlen(text), &c, &mistakes) < 0)
		fail_msg("%s: %s", mistakes.items[0].key,
			 mistakes.items[0].text);
	return c;
}

static void adopt(struct roster *r, const char *text)
{
	struct config c = decode(text);

	assert_int_equal(roster_adopt(r, &c, "node", &now), 0);
}

/* As after a request, so that a schedule that is kept can be told. */
static void renew(struct roster *r, const char *rule)
{
	struct roster_entry *entry = roster_find(r, rule);

	schedule_renewed(&entry->schedule, EPOCH, EPOCH + 3600, &now);
	entry->is_new = false;
}

static bool is_kept(const struct roster *r, const char *rule)
{
	return roster_find(r, rule)->schedule.issued == EPOCH;
}

static void takes_what_comes_from_the_api_server(void **state)
{
	struct roster r = { 0 };

	(void)state;
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", ""))
			   "," RULE("b", DIRECTORY) ","
			   RULE("c", MAP("m", "k", "k")) ","
			   RULE("d", TOKEN("s", ""))));
	assert_int_equal(r.count, 3);
	assert_non_null(roster_find(&r, "a"));
	assert_null(roster_find(&r, "b"));
	assert_non_null(roster_find(&r, "c"));
	assert_true(roster_find(&r, "a")->is_new);
	assert_false(roster_find(&r, "a")->is_other);
	/* The same account twice: two credentials, not at the same time. */
	assert_true(roster_find(&r, "a")->schedule.seed !=
		    roster_find(&r, "d")->schedule.seed);
	roster_free(&r);
}

static void keeps_the_schedule_of_what_stays(void **state)
{
	struct roster r = { 0 };

	(void)state;
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", "")) ","
			   RULE("b", TOKEN("s", "") "," MAP("m", "k", "k"))));
	renew(&r, "a");
	renew(&r, "b");
	adopt(&r, DOCUMENT(RULE("b", TOKEN("s", "") "," MAP("m", "k", "k")) ","
			   RULE("c", TOKEN("s", ""))));
	assert_int_equal(r.count, 2);
	assert_null(roster_find(&r, "a"));
	assert_true(is_kept(&r, "b"));
	assert_false(roster_find(&r, "b")->is_new);
	assert_false(is_kept(&r, "c"));
	assert_true(roster_find(&r, "c")->is_new);
	/* Nothing is left of what was in force before. */
	assert_ptr_equal(roster_find(&r, "b")->rule, &r.config.rules[0]);
	roster_free(&r);
}

static void starts_anew_what_changed(void **state)
{
	static const char *const changed[] = {
		DOCUMENT(RULE("a", TOKEN("t", "") "," MAP("m", "k", "p"))),
		DOCUMENT(RULE("a", TOKEN("s", ",\"audience\":\"x\"") ","
				   MAP("m", "k", "p"))),
		DOCUMENT(RULE("a", TOKEN("s", ",\"expirationSeconds\":700") ","
				   MAP("m", "k", "p"))),
		DOCUMENT(RULE("a", TOKEN("s", ",\"boundObjectRef\":"
					      "{\"kind\":\"Node\"}") ","
				   MAP("m", "k", "p"))),
		DOCUMENT(RULE("a", TOKEN("s", "") "," MAP("o", "k", "p"))),
		DOCUMENT(RULE("a", TOKEN("s", "") "," MAP("m", "l", "p"))),
		DOCUMENT(RULE("a", TOKEN("s", "") "," MAP("m", "k", "q"))),
		DOCUMENT(RULE("a", MAP("m", "k", "p") "," TOKEN("s", ""))),
		DOCUMENT(RULE("a", TOKEN("s", ""))),
		DOCUMENT(RULE("a", SOURCES("o", "token", "n"))),
		DOCUMENT(RULE("a", SOURCES("n", "other", "n"))),
		DOCUMENT(RULE("a", SOURCES("n", "token", "o"))),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		struct roster r = { 0 };
		int64_t wait;

		adopt(&r, DOCUMENT(RULE("a", TOKEN("s", "") ","
					     MAP("m", "k", "p"))));
		renew(&r, "a");
		adopt(&r, changed[i]);
		if (is_kept(&r, "a"))
			fail_msg("kept: %s", changed[i]);
		/* What is in the store is of the old sources. */
		assert_true(roster_find(&r, "a")->is_new);
		assert_true(roster_find(&r, "a")->is_other);
		assert_non_null(roster_next(&r, &now, &wait));
		assert_true(wait < SCHEDULE_START);
		roster_free(&r);
	}
}

/* Its sources are as before, but what refused it may not be. */
static void a_refused_one_is_tried_again(void **state)
{
	static const char *const same = DOCUMENT(RULE("a", TOKEN("s", "")));
	struct schedule_clock later = now;
	struct roster r = { 0 };
	int64_t wait;

	(void)state;
	adopt(&r, same);
	for (int i = 0; i < 9; i++)
		schedule_refused(&r.entries[0].schedule, &now);
	roster_next(&r, &now, &wait);
	assert_true(wait >= SCHEDULE_REFUSED_LONGEST);
	adopt(&r, same);
	roster_next(&r, &now, &wait);
	assert_true(wait <= 2 * SCHEDULE_REFUSED);
	for (int i = 0; i < 9; i++)
		schedule_refused(&r.entries[0].schedule, &now);
	later.steady += SCHEDULE_REFUSED;
	later.wall += SCHEDULE_REFUSED;
	roster_reconsider(&r, &later);
	roster_next(&r, &later, &wait);
	assert_true(wait < SCHEDULE_START);
	roster_free(&r);
}

#define SECRET(name)                                                           \
	DOCUMENT(RULE("a", TOKEN("s", ",\"boundObjectRef\":{\"kind\":"         \
				      "\"Secret\",\"name\":\"" name "\"}")))

static void starts_anew_where_another_secret_binds(void **state)
{
	struct roster r = { 0 };

	(void)state;
	adopt(&r, SECRET("one"));
	renew(&r, "a");
	adopt(&r, SECRET("one"));
	assert_true(is_kept(&r, "a"));
	adopt(&r, SECRET("other"));
	assert_false(is_kept(&r, "a"));
	roster_free(&r);
}

static void starts_anew_what_got_another_source(void **state)
{
	struct roster r = { 0 };

	(void)state;
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", ""))));
	renew(&r, "a");
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", "") "," MAP("m", "k", "k"))));
	assert_false(is_kept(&r, "a"));
	renew(&r, "a");
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", "") "," TWO_KEYS)));
	assert_false(is_kept(&r, "a"));
	roster_free(&r);
}

static void the_next_is_the_first_that_is_due(void **state)
{
	struct roster r = { 0 };
	int64_t wait;

	(void)state;
	assert_null(roster_next(&r, &now, &wait));
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", "")) ","
			   RULE("b", TOKEN("s", "")) ","
			   RULE("c", TOKEN("s", ""))));
	renew(&r, "a");
	renew(&r, "c");
	assert_string_equal(roster_next(&r, &now, &wait)->rule->name, "b");
	assert_true(wait < SCHEDULE_START);
	renew(&r, "b");
	roster_find(&r, "c")->schedule.due = now.steady - 1;
	assert_string_equal(roster_next(&r, &now, &wait)->rule->name, "c");
	assert_int_equal(wait, 0);
	roster_free(&r);
}

static void names_what_cannot_be_fetched(void **state)
{
	struct config c = decode(DOCUMENT(RULE("a", TOKEN("s", "")) ","
					  RULE("b", DIRECTORY)));
	struct err e = ERR_INIT;

	(void)state;
	assert_ptr_equal(roster_rule(&c, "a", &e), &c.rules[0]);
	assert_null(roster_rule(&c, "b", &e));
	assert_string_equal(e.msg, "name another rule than b: it delivers a "
				   "directory");
	assert_null(roster_rule(&c, "c", &e));
	assert_string_equal(e.msg, "name a rule of the configuration: 'c' is "
				   "none");
	config_free(&c);
}

static struct store_state stored(const char *account, const char *audience,
				 int64_t expires)
{
	struct store_state s = { .present = true,
				 .meta.expires = expires };

	snprintf(s.meta.account, sizeof(s.meta.account), "%s", account);
	snprintf(s.meta.audience, sizeof(s.meta.audience), "%s", audience);
	return s;
}

static void knows_whose_credential_is_stored(void **state)
{
	struct config c = decode(
		DOCUMENT(RULE("a", TOKEN("s", "")) ","
			 RULE("b", TOKEN("s", ",\"audience\":\"x\"")) ","
			 RULE("c", MAP("m", "k", "k"))));
	struct store_state s = stored("n/s", "", 1);

	(void)state;
	assert_true(roster_is_of(&c.rules[0], &s));
	assert_false(roster_is_of(&c.rules[1], &s));
	assert_false(roster_is_of(&c.rules[2], &s));
	s.present = false;
	assert_false(roster_is_of(&c.rules[0], &s));
	s = stored("n/s", "x", 1);
	assert_false(roster_is_of(&c.rules[0], &s));
	assert_true(roster_is_of(&c.rules[1], &s));
	s = stored("n/other", "", 1);
	assert_false(roster_is_of(&c.rules[0], &s));
	s = stored("", "", 0);
	assert_false(roster_is_of(&c.rules[0], &s));
	assert_true(roster_is_of(&c.rules[2], &s));
	config_free(&c);
}

static void sees_what_another_process_renewed(void **state)
{
	struct store_state s = stored("n/s", "", EPOCH + 3600);
	struct roster_entry *entry;
	struct roster r = { 0 };

	(void)state;
	adopt(&r, DOCUMENT(RULE("a", TOKEN("s", ""))));
	entry = &r.entries[0];
	s.meta.issued = EPOCH;
	assert_true(roster_was_renewed(entry, &s, &now));
	assert_int_equal(entry->schedule.issued, EPOCH);
	/* It is the one that is known, and due. */
	assert_false(roster_was_renewed(entry, &s, &now));
	s.meta.issued = EPOCH - 1;
	s.meta.expires = EPOCH + 60;
	assert_false(roster_was_renewed(entry, &s, &now));
	assert_int_equal(entry->schedule.issued, EPOCH);
	s = stored("n/other", "", EPOCH + 3600);
	s.meta.issued = EPOCH - 1;
	assert_false(roster_was_renewed(entry, &s, &now));
	s = stored("n/s", "", EPOCH + 3600);
	s.meta.issued = EPOCH - 1;
	entry->is_other = true;
	assert_false(roster_was_renewed(entry, &s, &now));
	entry->is_other = false;
	assert_true(roster_was_renewed(entry, &s, &now));
	roster_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_comes_from_the_api_server),
		cmocka_unit_test(keeps_the_schedule_of_what_stays),
		cmocka_unit_test(starts_anew_what_changed),
		cmocka_unit_test(a_refused_one_is_tried_again),
		cmocka_unit_test(starts_anew_where_another_secret_binds),
		cmocka_unit_test(starts_anew_what_got_another_source),
		cmocka_unit_test(the_next_is_the_first_that_is_due),
		cmocka_unit_test(names_what_cannot_be_fetched),
		cmocka_unit_test(knows_whose_credential_is_stored),
		cmocka_unit_test(sees_what_another_process_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
