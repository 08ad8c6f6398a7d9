/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "configfile.h"
#include "delegate-credentials.h"

#define DOCUMENTS "helper/common/testdata/config/"

static struct config_mistakes mistakes;

static void reads_a_good_one(void **state)
{
	struct err e = ERR_INIT;
	struct config c;

	(void)state;
	assert_int_equal(configfile_read(DOCUMENTS "good/many-rules.json", &c,
					 &mistakes, &e),
			 0);
	assert_int_equal(c.rule_count, 20);
	config_free(&c);
}

static void hands_over_the_mistakes(void **state)
{
	static const char file[] = DOCUMENTS "bad/several.json";
	struct err e = ERR_INIT;
	struct config c;

	(void)state;
	assert_int_equal(configfile_read(file, &c, &mistakes, &e), -1);
	assert_int_equal(mistakes.count, 5);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	assert_string_equal(e.msg,
			    "correct helper/common/testdata/config/bad/several."
			    "json:2:17 (the first of 5 mistakes): apiVersion: "
			    "write a string: \"...\"; for all of them run "
			    "'multus-credential check --config=helper/common/"
			    "testdata/config/bad/several.json'");
}

static const struct {
	const char *file;
	const char *msg;
} unreadable[] = {
	{ "/nowhere/c.json",
	  "correct '/nowhere/c.json': no such file or directory" },
	{ "/", "correct '/': is a directory" },
};

static void says_why_it_cannot_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct err e = ERR_INIT;
		struct config c;

		assert_int_equal(configfile_read(unreadable[i].file, &c,
						 &mistakes, &e),
				 -1);
		assert_int_equal(mistakes.count, 0);
		assert_int_equal(e.code, DC_CODE_CONFIG);
		assert_string_equal(e.msg, unreadable[i].msg);
	}
}

/* Never read whole, whatever its size: here a file without an end. */
static void stops_at_the_maximum(void **state)
{
	struct err e = ERR_INIT;
	struct config c;

	(void)state;
	assert_int_equal(configfile_read("/dev/zero", &c, &mistakes, &e), -1);
	assert_int_equal(mistakes.count, 1);
	assert_string_equal(mistakes.items[0].text, "keep it to 1048576 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_good_one),
		cmocka_unit_test(hands_over_the_mistakes),
		cmocka_unit_test(says_why_it_cannot_read),
		cmocka_unit_test(stops_at_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
