/* SPDX-License-Identifier: Apache-2.0 */
/* Without an API server: every request fails. With one: e2e/sidecar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../exec/fd.h"
#include "delegate-credentials.h"
#include "now.h"
#include "storedir.h"
#include "upkeep.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define DOCUMENT(rules)                                                        \
	"{\"apiVersion\":\"credentials.k8s.cni.cncf.io/v1alpha1\","            \
	"\"kind\":\"DelegateCredentialConfig\",\"rules\":[" rules "]}"
#define RULE(name, more)                                                       \
	"{\"name\":\"" name "\",\"matchPlugins\":[\"p\"],\"sources\":["        \
	"{\"serviceAccountToken\":{\"namespace\":\"n\",\"serviceAccountName\"" \
	":\"s\"" more ",\"path\":\"token\"}},{\"configMap\":{\"namespace\":"   \
	"\"n\",\"name\":\"m\",\"items\":[{\"key\":\"k\",\"path\":\"a\"},"      \
	"{\"key\":\"l\",\"path\":\"b\"}]}}],"                                  \
	"\"deliver\":{\"env\":[{\"name\":\"A\",\"value\":\"b\"}]}}"
#define R DOCUMENT(RULE("r", ""))
#define KUBECONFIG(server)                                                     \
	"current-context: c\nclusters:\n- name: c\n  cluster:\n    server: "   \
	server "\n    certificate-authority: ca.crt\nusers:\n- name: u\n"      \
	"  user:\n    tokenFile: token\ncontexts:\n- name: c\n  context:\n"    \
	"    cluster: c\n    user: u\n"
#define NOBODY "https://127.0.0.1:1"

static char dir[64];
static struct upkeep u;
static struct schedule_clock now;
static struct err err;

static char said[4096];

static void hear(const char *line)
{
	strncat(said, line, sizeof(said) - strlen(said) - 2);
	strcat(said, "\n");
}

/* Of what was said since the last time. */
static void assert_said(const char *part)
{
	if (!strstr(said, part))
		fail_msg("not '%s': %s", part, said);
	said[0] = '\0';
}

/* In place of the one before, to another inode. */
static void put_file(const char *name, const char *text)
{
	FILE *f = fopen("next", "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename("next", name), 0);
}

static void load(const char *text)
{
	put_file("config.json", text);
	upkeep_load(&u, &now);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/upkeep_test.XXXXXX");
	if (mkdtemp(dir) == NULL || chdir(dir) < 0 || mkdir("store", 0700) < 0)
		return -1;
	put_file("kubeconfig", KUBECONFIG(NOBODY));
	put_file("token", "t\n");
	put_file("ca.crt", "");
	u = (struct upkeep){ .options = { .config = "config.json",
					  .store = "store",
					  .kubeconfig = "kubeconfig",
					  .node_name = "node" },
			     .say = hear };
	now = now_read();
	u.looked = now.steady;
	said[0] = '\0';
	err = (struct err)ERR_INIT;
	return upkeep_open(&u, &err);
}

static int tear_down(void **state)
{
	(void)state;
	roster_free(&u.roster);
	session_close(&u.session);
	return system("rm -rf -- \"$PWD\""); /* NOLINT(cert-env33-c) */
}

static const struct store_file all[] = { { "token", "t", 1 },
					 { "a", "", 0 },
					 { "b", "", 0 } };

/* With those of the files above that the bits say; an hour to live. */
static void publish(const char *rule, const char *account, unsigned which)
{
	struct store_generation g = { .issued = now.wall / 1000,
				      .expires = now.wall / 1000 + 3600,
				      .account = account };
	struct store_file files[COUNT(all)];
	auto_fd lock = -1;

	for (size_t i = 0; i < COUNT(all); i++)
		if (which >> i & 1)
			files[g.file_count++] = all[i];
	g.files = files;
	if (store_lock(&u.session.store, rule, true, &lock, &err) < 0 ||
	    store_publish(&u.session.store, rule, &g, &err) < 0)
		fail_msg("%s", err.msg);
}

static bool is_held(const char *rule)
{
	return roster_find(&u.roster, rule)->schedule.issued != 0;
}

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_broken_configuration_is_said_once),
		TEST(the_last_good_one_outlives_the_process),
		TEST(what_was_kept_is_looked_at),
		TEST(one_that_cannot_be_kept_is_said),
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
