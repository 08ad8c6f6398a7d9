/* SPDX-License-Identifier: Apache-2.0 */
/* Which statements are the way of an error. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

#define MAX_REPORTERS 512

static struct token reporters[MAX_REPORTERS] = {
	{ .at = "err_set", .len = 7 },	      { .at = "err_sys", .len = 7 },
	{ .at = "_exit", .len = 5 },	      { .at = "exit", .len = 4 },
	{ .at = "value_mistake", .len = 13 },
};
static size_t reporter_count = 5;

static bool is_reporter(const struct token *t)
{
	for (size_t i = 0; i < reporter_count; i++)
		if (t->len == reporters[i].len &&
		    memcmp(t->at, reporters[i].at, t->len) == 0)
			return true;
	return false;
}

/* A name's last word in front of a parenthesis, outside of any brace. */
bool function_next(const struct source *src, struct function *f)
{
	size_t i = f->body ? src->tokens[f->body].pair + 1 : 0;

	f->name = 0;
	for (; i < src->count; i++) {
		const struct token *t = &src->tokens[i];

		if (token_is(t, "(")) {
			if (i > 0 && token_is_word(t - 1))
				f->name = i - 1;
			i = t->pair;
		} else if (token_is(t, ";")) {
			f->name = 0;
		} else if (token_is(t, "{")) {
			f->body = i;
			if (f->name && token_is(t - 1, ")"))
				return true;
			i = t->pair;
		}
	}
	return false;
}

static bool is_one_of(const struct token *t, const char *const *words)
{
	for (; *words; words++)
		if (token_is(t, *words))
			return true;
	return false;
}

static bool is_control(const struct token *t)
{
	static const char *const words[] = { "if", "for", "while", "switch",
					     "do", NULL };

	return is_one_of(t, words);
}

size_t statement_end(const struct source *src, size_t i)
{
	const struct token *t = src->tokens;

	if (token_is(&t[i], "{"))
		return t[i].pair + 1;
	if (token_is(&t[i], "do"))
		i = statement_end(src, i + 1);
	else if (is_control(&t[i])) {
		bool is_if = token_is(&t[i], "if");

		i = statement_end(src, t[i + 1].pair + 1);
		if (is_if && token_is(&t[i], "else"))
			i = statement_end(src, i + 1);
		return i;
	}
	for (; i < src->count && !token_is(&t[i], ";"); i++)
		if (strchr("([{", *t[i].at))
			i = t[i].pair;
	return i + 1;
}

bool errors_is_value(const struct source *src, size_t i, size_t end)
{
	const struct token *t = &src->tokens[i];

	if (i >= end)
		return false;
	if (token_is(t, "-") || is_reporter(t))
		return true;
	/* A larger number is a length, no status. */
	return i + 1 == end &&
	       (token_is(t, "NULL") || token_is(t, "none") ||
		token_is(t, "false") ||
		(t->len == 1 && *t->at >= '1' && *t->at <= '9'));
}

static bool is_path(const struct source *src, size_t i, size_t end,
		    bool bare_return)
{
	const struct token *t = src->tokens;

	if (token_is(&t[i], "goto"))
		return true;
	if (token_is(&t[i], "return"))
		return i + 2 == end ? bare_return :
				      *t[i + 1].at == '"' ||
					      errors_is_value(src, i + 1,
							      end - 1);
	for (; i < end; i++)
		if (is_reporter(&t[i]) && token_is(&t[i + 1], "("))
			return true;
	return false;
}

bool errors_is_path(const struct source *src, size_t i)
{
	size_t end = statement_end(src, i);

	if (!token_is(&src->tokens[i], "{"))
		return !is_control(&src->tokens[i]) &&
		       is_path(src, i, end, true);
	for (i++; i < end - 1; i = statement_end(src, i))
		if (!is_control(&src->tokens[i]) &&
		    is_path(src, i, statement_end(src, i), true))
			return true;
	return false;
}

/* All that it returns is errors; without a result, it reports one anyway. */
static bool is_reporting(const struct source *src, const struct function *f)
{
	const size_t end = src->tokens[f->body].pair;
	bool ret = false;

	for (size_t i = f->body; i < end; i++) {
		if (!token_is(&src->tokens[i], "return"))
			continue;
		ret = is_path(src, i, statement_end(src, i), false);
		if (!ret)
			return false;
	}
	for (size_t i = f->body + 1; i < end; i = statement_end(src, i))
		ret = ret || (!is_control(&src->tokens[i]) &&
			      is_path(src, i, statement_end(src, i), false));
	return ret;
}

bool errors_learn(const struct source *src)
{
	struct function f = { 0 };
	bool new = false;

	while (function_next(src, &f)) {
		const struct token *name = &src->tokens[f.name];

		if (is_reporter(name) || !is_reporting(src, &f))
			continue;
		if (reporter_count == MAX_REPORTERS)
			errx(1, "raise MAX_REPORTERS");
		reporters[reporter_count++] = *name;
		new = true;
	}
	return new;
}
