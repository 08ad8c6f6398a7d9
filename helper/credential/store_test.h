/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_TEST_H
#define STORE_TEST_H

/* A store and one rule in it, for the tests of what writes there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "store.h"

#define RULE "rule-1"

/* In memory, as the store is: a disk takes a minute. */
static char dir[] = "/dev/shm/store_test.XXXXXX";
static struct store store;

static struct err err;

/* Calls that have to succeed; they put their error there. */
#define check(call)                                                            \
	do {                                                                   \
		if ((call) < 0)                                                \
			fail_msg("%s: %s", #call, err.msg);                    \
	} while (0)

static int run(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	return system(line);
}

static int set_up(void **state)
{
	struct err e;

	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	return store_open(dir, &store, &e);
}

static int tear_down(void **state)
{
	(void)state;
	store_close(&store);
	return run("rm -rf " RULE " && rmdir $PWD");
}

/* One whose every part tells its number. */
static int publish(unsigned n, struct err *e)
{
	char token[64], ca[64], jti[64];
	const struct store_file files[] = {
		{ "token", token, (size_t)snprintf(token, sizeof(token),
						   "token-%u", n) },
		{ "ca.crt", ca, (size_t)snprintf(ca, sizeof(ca), "ca-%u", n) },
	};
	const struct store_generation g = {
		.files = files,
		.file_count = 2,
		.issued = 1 + n,
		.expires = 100 + n,
		.jti = jti,
		.account = "ns/sa",
	};

	snprintf(jti, sizeof(jti), "%u", n);
	return store_publish(&store, RULE, &g, e);
}

/* Everything below a directory of the store, in order, as one text. */
static void list(const char *where, char *ret, size_t size)
{
	char line[512];
	FILE *out;

	snprintf(line, sizeof(line),
		 "cd %s/" RULE "/%s && find . -mindepth 1 "
		 "-printf '%%y%%m %%P %%l\\n' | LC_ALL=C sort -k2 | "
		 "sed -E 's/[0-9]{4}(_[0-9]{2}){5}\\.[0-9]{9}/GEN/g'",
		 dir, where);
	out = popen(line, "r");
	assert_non_null(out);
	ret[fread(ret, 1, size - 1, out)] = '\0';
	assert_int_equal(pclose(out), 0);
}

static void check_listing(void)
{
	char text[2000];

	list("data", text, sizeof(text));
	assert_string_equal(text, "d700 ..GEN \n"
				  "f400 ..GEN/ca.crt \n"
				  "f400 ..GEN/token \n"
				  "l777 ..data ..GEN\n"
				  "l777 ca.crt ..data/ca.crt\n"
				  "l777 token ..data/token\n");
	list("meta", text, sizeof(text));
	assert_string_equal(text, "f400 ..GEN.json \n");
}

#define with_store(name)                                                       \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
