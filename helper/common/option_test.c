/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "option.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct line {
	const char *file;
	const char *extra;
	const char *what;
	bool force;
};

static const struct option_row rows[] = {
	{ "file", "FILE", "the file", offsetof(struct line, file), true },
	{ "extraordinary", "DIRECTORY", "more", offsetof(struct line, extra),
	  false },
	{ "force", NULL, "at any price", offsetof(struct line, force), false },
};

static const struct option_set plain = {
	.usage = "x --file=FILE",
	.summary = "Do it.",
	.rows = rows,
	.row_count = COUNT(rows),
};

static const struct option_set with_operand = {
	.usage = "x WHAT --file=FILE",
	.summary = "Do it.",
	.rows = rows,
	.row_count = COUNT(rows),
	.operand = "WHAT",
	.operand_offset = offsetof(struct line, what),
};

#define MAX_ARGS 6

static int parse(const struct option_set *set, const char *const *args,
		 struct line *ret, bool *ret_help, struct err *e)
{
	char *argv[MAX_ARGS + 2] = { (char *)"x" };
	int argc = 1;

	for (size_t i = 0; i < MAX_ARGS && args[i] != NULL; i++)
		argv[argc++] = (char *)args[i];
	memset(ret, 0, sizeof(*ret));
	return option_parse(set, argc, argv, ret, ret_help, e);
}

static void takes_options_in_any_order(void **state)
{
	static const char *const args[] = { "--force", "--extraordinary=b=c",
					    "--file=a", NULL };
	struct err e = ERR_INIT;
	struct line got;
	bool help;

	(void)state;
	assert_int_equal(parse(&plain, args, &got, &help, &e), 0);
	assert_string_equal(got.file, "a");
	assert_string_equal(got.extra, "b=c");
	assert_true(got.force);
	assert_false(help);
}

static void takes_an_operand_anywhere(void **state)
{
	static const char *const lines[][MAX_ARGS] = {
		{ "w", "--file=a" },
		{ "--file=a", "w" },
		{ "--force", "w", "--file=a" },
		{ "--file", "a", "w" },
		{ "w", "--file", "a", "--force" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct err e = ERR_INIT;
		struct line got;
		bool help;

		assert_int_equal(parse(&with_operand, lines[i], &got, &help,
				       &e),
				 0);
		assert_string_equal(got.what, "w");
		assert_string_equal(got.file, "a");
		assert_null(got.extra);
	}
}

static void help_asks_for_nothing_else(void **state)
{
	static const char *const args[] = { "--help", "--nonsense", NULL };
	struct err e = ERR_INIT;
	struct line got;
	bool help;

	(void)state;
	assert_int_equal(parse(&with_operand, args, &got, &help, &e), 0);
	assert_true(help);
}

static const struct {
	const struct option_set *set;
	const char *args[MAX_ARGS];
	const char *msg;
} refused[] = {
	{ &plain, { NULL }, "give --file=FILE (see --help)" },
	{ &plain, { "--force" }, "give --file=FILE (see --help)" },
	{ &plain, { "--file" }, "give --file a value: --file=FILE" },
	{ &plain, { "--file=" }, "give --file a value: --file=FILE" },
	{ &plain, { "--file", "" }, "give --file a value: --file=FILE" },
	{ &plain, { "--file", "--force" }, "give --file a value: --file=FILE" },
	{ &plain, { "--file", "a", "--file", "b" }, "give --file only once" },
	{ &plain,
	  { "--file=a", "--force", "b" },
	  "take out 'b': only options are expected (see --help)" },
	{ &plain, { "--file=a", "--file=b" }, "give --file only once" },
	{ &plain, { "--file=a", "--force=1" }, "give --force without a value" },
	{ &plain,
	  { "--file=a", "--force", "--force" },
	  "give --force only once" },
	{ &plain,
	  { "--fil=a" },
	  "take out '--fil': there is no such option (see --help)" },
	{ &plain,
	  { "--filee=a" },
	  "take out '--filee': there is no such option (see --help)" },
	{ &plain,
	  { "-f" },
	  "take out '-f': there is no such option (see --help)" },
	{ &plain,
	  { "--" },
	  "take out '--': there is no such option (see --help)" },
	{ &plain,
	  { "--file=a", "b" },
	  "take out 'b': only options are expected (see --help)" },
	{ &plain,
	  { "" },
	  "take out '': only options are expected (see --help)" },
	{ &with_operand, { "--file=a" }, "give WHAT (see --help)" },
	{ &with_operand, { "a" }, "give --file=FILE (see --help)" },
	{ &with_operand, { "--file=a", "b", "c" }, "give only one WHAT" },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = ERR_INIT;
		struct line got;
		bool help;

		assert_int_equal(parse(refused[i].set, refused[i].args, &got,
				       &help, &e),
				 -1);
		assert_int_equal(e.code, DC_CODE_COMMAND_LINE);
		assert_string_equal(e.msg, refused[i].msg);
	}
}

static void usage_lists_the_table(void **state)
{
	char text[512];

	(void)state;
	option_usage(&plain, text, sizeof(text));
	assert_string_equal(text,
			    "usage: x --file=FILE\n"
			    "Do it.\n"
			    "\n"
			    "  --file=FILE         the file\n"
			    "  --extraordinary=DIRECTORY\n"
			    "                      more\n"
			    "  --force             at any price\n"
			    "  --help              print this text\n");
}

static void usage_is_cut(void **state)
{
	char text[16];

	(void)state;
	option_usage(&plain, text, sizeof(text));
	assert_string_equal(text, "usage: x --file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options_in_any_order),
		cmocka_unit_test(takes_an_operand_anywhere),
		cmocka_unit_test(help_asks_for_nothing_else),
		cmocka_unit_test(refuses),
		cmocka_unit_test(usage_lists_the_table),
		cmocka_unit_test(usage_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
