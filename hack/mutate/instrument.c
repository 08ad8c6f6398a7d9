/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instrument OUT FILE...: copies C sources to OUT, with every error check in a
 * macro of mutant.h by which a number takes it out, and prints the checks:
 * number, file, function, line and text, with tabs between.
 *
 * A check is a condition of which one side is the way of an error; where it is
 * a row of several, each is one. Purely textual, so that macros stay what they
 * are.
 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"

#define MAX_MARKS 1024 /* of one file */

/* What the mutant makes of the condition. */
enum way { NEVER, ALWAYS };

struct mark {
	size_t first, end;
	enum way way;
	int number;
};

static struct mark marks[MAX_MARKS];
static size_t mark_count;
static int last_number;

/* With blanks of any kind as one. */
static void print_text(const struct source *src, const struct mark *m)
{
	const struct token *t = src->tokens;

	for (size_t i = m->first; i < m->end; i++) {
		if (i > m->first && t[i].at > t[i - 1].at + t[i - 1].len)
			putchar(' ');
		printf("%.*s", (int)t[i].len, t[i].at);
	}
}

static void add(const struct source *src, const struct function *f,
		size_t first, size_t end, enum way way)
{
	struct mark *m = &marks[mark_count++];
	const struct token *name = &src->tokens[f->name];

	if (mark_count == MAX_MARKS)
		errx(1, "raise MAX_MARKS");
	*m = (struct mark){ first, end, way, ++last_number };
	printf("%d\t%s\t%.*s\t%zu\t", m->number, src->name, (int)name->len,
	       name->at, src->tokens[first].line);
	print_text(src, m);
	putchar('\n');
}

/* The end of the part that begins at i: at the sign, or at end. */
static size_t part_end(const struct source *src, size_t i, size_t end,
		       const char *sign)
{
	const struct token *t = src->tokens;

	for (; i < end && !token_is(&t[i], sign); i++)
		if (strchr("([{", *t[i].at))
			i = t[i].pair;
	return i < end ? i : end;
}

static bool has(const struct source *src, size_t i, size_t end,
		const char *sign)
{
	return part_end(src, i, end, sign) < end;
}

/*
 * Each part of A || B is a check of its own, and so is each of A && B where
 * the error is what remains.
 */
static void split(const struct source *src, const struct function *f, size_t i,
		  size_t end, enum way way)
{
	const char *row = way == NEVER ? "||" : "&&";
	const struct token *t = src->tokens;

	if (token_is(&t[i], "(") && t[i].pair == end - 1) {
		split(src, f, i + 1, end - 1, way);
		return;
	}
	if (has(src, i, end, "?") || !has(src, i, end, row) ||
	    (way == ALWAYS && has(src, i, end, "||"))) {
		add(src, f, i, end, way);
		return;
	}
	for (size_t part; i < end; i = part + 1) {
		part = part_end(src, i, end, row);
		split(src, f, i, part, way);
	}
}

static bool is_success(const struct source *src, size_t i)
{
	const struct token *t = &src->tokens[i];

	return token_is(t, "return") && token_is(t + 2, ";") &&
	       (token_is(t + 1, "0") || token_is(t + 1, "true"));
}

static void find_in_if(const struct source *src, const struct function *f,
		       size_t i)
{
	const struct token *t = src->tokens;
	const size_t then = t[i + 1].pair + 1;
	const size_t next = statement_end(src, then);
	enum way way = NEVER;

	if (!errors_is_path(src, then)) {
		way = ALWAYS;
		if (token_is(&t[next], "else") ?
			    !errors_is_path(src, next + 1) :
			    !is_success(src, then) ||
				    !token_is(&t[next], "return") ||
				    !errors_is_path(src, next))
			return;
	}
	split(src, f, i + 2, then - 1, way);
}

/* The first token of the condition in front of a question mark. */
static size_t condition_begin(const struct source *src, size_t i)
{
	static const char *const before[] = { "(", "[", "{", ",", ";",
					      "=", "?", ":", "return" };
	const struct token *t = src->tokens;

	for (;; i--) {
		if (strchr(")]}", *t[i - 1].at))
			i = t[i - 1].pair + 1;
		else
			for (size_t j = 0; j < sizeof(before) / sizeof(*before);
			     j++)
				if (token_is(&t[i - 1], before[j]))
					return i;
	}
}

/* The end of an expression that a bracket, a comma or a semicolon closes. */
static size_t expression_end(const struct source *src, size_t i)
{
	const struct token *t = src->tokens;

	for (; !strchr(")]},;", *t[i].at); i++)
		if (strchr("([{", *t[i].at))
			i = t[i].pair;
	return i;
}

static void find_in_choice(const struct source *src, const struct function *f,
			   size_t i)
{
	const size_t end = expression_end(src, i + 1);
	const size_t colon = part_end(src, i + 1, end, ":");

	/* A choice within a choice is left alone. */
	if (has(src, i + 1, end, "?"))
		return;
	if (errors_is_value(src, i + 1, colon))
		split(src, f, condition_begin(src, i), i, NEVER);
	else if (errors_is_value(src, colon + 1, end))
		split(src, f, condition_begin(src, i), i, ALWAYS);
}

/* return A && B: a predicate, each part a check. */
static void find_in_return(const struct source *src, const struct function *f,
			   size_t i)
{
	const size_t end = statement_end(src, i) - 1;

	if (has(src, i + 1, end, "&&") && !has(src, i + 1, end, "?") &&
	    !has(src, i + 1, end, "||"))
		split(src, f, i + 1, end, ALWAYS);
}

static void find(const struct source *src)
{
	struct function f = { 0 };

	while (function_next(src, &f))
		for (size_t i = f.body; i < src->tokens[f.body].pair; i++) {
			if (token_is(&src->tokens[i], "if"))
				find_in_if(src, &f, i);
			else if (token_is(&src->tokens[i], "?"))
				find_in_choice(src, &f, i);
			else if (token_is(&src->tokens[i], "return"))
				find_in_return(src, &f, i);
		}
}

static void write_copy(const struct source *src, FILE *f)
{
	static const char *const macros[] = { "MUTANT_NEVER", "MUTANT_ALWAYS" };
	const char *done = src->text;

	for (size_t i = 0; i < src->count; i++) {
		const struct token *t = &src->tokens[i];

		fwrite(done, 1, (size_t)(t->at - done), f);
		for (size_t m = 0; m < mark_count; m++)
			if (marks[m].first == i)
				fprintf(f, "%s(%d, ", macros[marks[m].way],
					marks[m].number);
		fwrite(t->at, 1, t->len, f);
		for (size_t m = 0; m < mark_count; m++)
			if (marks[m].end == i + 1)
				fputc(')', f);
		done = t->at + t->len;
	}
	fputs(done, f);
}

static void instrument(const struct source *src, const char *out)
{
	char path[4096];
	FILE *f;

	mark_count = 0;
	find(src);
	snprintf(path, sizeof(path), "%s/%s", out, src->name);
	f = fopen(path, "we");
	if (!f)
		err(1, "%s", path);
	write_copy(src, f);
	if (fclose(f))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	struct source *sources = calloc((size_t)argc, sizeof(*sources));
	bool new = true;

	if (argc < 3 || !sources)
		errx(2, "usage: instrument OUT FILE...");
	for (int i = 2; i < argc; i++)
		source_read(argv[i], &sources[i]);
	while (new) {
		new = false;
		for (int i = 2; i < argc; i++)
			new = errors_learn(&sources[i]) || new;
	}
	for (int i = 2; i < argc; i++)
		instrument(&sources[i], argv[1]);
	return 0;
}
