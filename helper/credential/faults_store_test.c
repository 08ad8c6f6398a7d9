/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call that can fail does so once while the store is used: a failure says
 * why, and what can be read is whole, the old or the new.
 */
#include "faults_test.h"

#include "../exec/fd.h"
#include "storedir.h"
#include "wipe.h"

#define ACCOUNT "kube-system/userspace-cni"
#define CA "a certificate, for all that is looked at here\n"

static char dir[] = "/dev/shm/faults_store_test.XXXXXX";
static struct store store;

static int publish(const char *token)
{
	const struct store_file files[] = {
		{ "token", token, strlen(token) },
		{ "ca.crt", CA, strlen(CA) },
	};
	const struct store_generation g = { .files = files,
					    .file_count = 2,
					    .issued = 1,
					    .expires = 4000000000,
					    .jti = token,
					    .account = ACCOUNT };

	return store_publish(&store, "r", &g, &err);
}

/* The store's content is of one generation. */
static void expect_stored(const char *one, const char *other)
{
	struct err e = ERR_INIT;
	struct store_state s;
	char *token = NULL;
	size_t len;

	need(store_read(&store, "r", &s, &e) == 0 && s.present, "not readable");
	need(store_read_file(&store, "r", "token", &token, &len, &e) == 0,
	     "no token");
	need(!strcmp(s.meta.jti, token), "half of one, half of the other");
	need(!strcmp(token, one) || !strcmp(token, other), "another token");
	wipe_free(token);
}

static void publish_over_one(void)
{
	bool done = over_with_reason(publish("new"));

	expect_stored("new", done ? "new" : "old");
}

/* What an attempt left half done does not keep the next from succeeding. */
static void publish_again(void)
{
	over(publish("new"));
	need(publish("newer") == 0, "the next one fails");
	expect_stored("newer", "newer");
}

static void publish_a_first(void)
{
	struct err e = ERR_INIT;
	struct store_state s;
	const long n = fuse;
	bool done;

	fuse = 0;
	need(storedir_remove(&store, "r", &err) == 0, "not removed");
	fuse = n;
	done = over_with_reason(publish("new"));
	need(store_read(&store, "r", &s, &e) == 0, "not readable");
	need(s.present || !done, "not there");
}

static void note_an_error(void)
{
	const struct err why = { DC_CODE_TRY_AGAIN, "wait" };
	struct err e = ERR_INIT;
	struct store_state s;
	bool done = over_with_reason(store_note_error(&store, "r", &why, 5,
						      &err));

	need(store_read(&store, "r", &s, &e) == 0 && s.present, "not readable");
	need(s.failed == done, "not noted");
}

static void read_the_store(void)
{
	struct store_state s;

	if (over_with_reason(store_read(&store, "r", &s, &err)))
		need(s.present && !strcmp(s.meta.jti, "old"), "read wrongly");
}

static void read_a_file(void)
{
	char *token = NULL;
	size_t len;

	if (over_with_reason(store_read_file(&store, "r", "token", &token, &len,
					     &err)))
		need(len == 3 && !strcmp(token, "old"), "read wrongly");
	wipe_free(token);
}

static void list_the_store(void)
{
	struct storedir d;
	int failed = storedir_list(&store, &d, &err);

	/* One whose lock cannot be looked at counts as none. */
	if (!(culprit && !strcmp(culprit, "fstatat")) &&
	    over_with_reason(failed))
		need(d.count == 1 && !strcmp(d.rules[0], "r"), "listed wrongly");
	storedir_free(&d);
}

static void remove_a_rule(void)
{
	struct err e = ERR_INIT;
	struct storedir d;
	bool done = storedir_remove(&store, "r", &err) == 0;

	fuse = 0;
	if (done) /* the link may stay, if all else goes */
		need(!culprit || !strcmp(culprit, "unlinkat"),
		     "a failure is ignored");
	else
		over_with_reason(-1);
	need(storedir_list(&store, &d, &e) == 0, "not readable");
	need(d.count == 0 || !done, "not removed");
	need(d.count == 1 || faccessat(store.fd, "r/data", F_OK, 0) < 0,
	     "what is left is not found again");
	storedir_free(&d);
}

static void lock_a_rule(void)
{
	int lock = -1;

	need(over_with_reason(store_lock(&store, "r", true, &lock, &err)) ==
		     (lock >= 0),
	     "no lock");
}

static void open_the_store(void)
{
	struct store s = { -1 };

	need(over_with_reason(store_open(dir, &s, &err)) == (s.fd >= 0),
	     "not open");
}

static void prepare(void)
{
	auto_fd lock = -1;

	if (storedir_remove(&store, "r", &err) < 0 ||
	    store_lock(&store, "r", true, &lock, &err) < 0 ||
	    publish("old") < 0)
		fail_msg("%s", err.msg);
}

static int set_up(void **state)
{
	(void)state;
	wipe_json();
	return mkdtemp(dir) ? store_open(dir, &store, &err) : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	store_close(&store);
	sprintf(command, "rm -rf -- %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATTEMPT(publish_over_one),
		ATTEMPT(publish_again),
		ATTEMPT(publish_a_first),
		ATTEMPT(note_an_error),
		ATTEMPT(read_the_store),
		ATTEMPT(read_a_file),
		ATTEMPT(list_the_store),
		ATTEMPT(remove_a_rule),
		ATTEMPT(lock_a_rule),
		ATTEMPT(open_the_store),
	};

	return cmocka_run_group_tests_name("store", tests, set_up, tear_down);
}
