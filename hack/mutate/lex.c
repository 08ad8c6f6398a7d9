/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

#define MAX_NESTING 256

bool token_is(const struct token *t, const char *text)
{
	return strlen(text) == t->len && memcmp(t->at, text, t->len) == 0;
}

bool token_is_word(const struct token *t)
{
	return t->len > 0 && (isalpha((unsigned char)*t->at) || *t->at == '_');
}

/* Behind a literal; s is at its quote. */
static const char *skip_literal(const char *s)
{
	const char quote = *s++;

	while (*s && *s != quote)
		s += *s == '\\' && s[1] ? 2 : 1;
	return *s ? s + 1 : s;
}

/* Behind a preprocessor line and those that continue it. */
static const char *skip_directive(const char *s)
{
	while (*s && *s != '\n')
		s += *s == '\\' && s[1] ? 2 : 1;
	return s;
}

static const char *skip_comment(const char *s)
{
	const char *end = s[1] == '*' ? strstr(s + 2, "*/") : strchr(s, '\n');

	if (!end)
		return s + strlen(s);
	return s[1] == '*' ? end + 2 : end;
}

/* Only the signs whose meaning would be lost in pieces. */
static size_t sign_length(const char *s)
{
	static const char *const pairs[] = { "||", "&&", "==", "!=",
					     "<=", ">=", "->" };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strncmp(s, pairs[i], 2) == 0)
			return 2;
	return 1;
}

static size_t token_length(const char *s)
{
	size_t len = 0;

	if (*s == '"' || *s == '\'')
		return (size_t)(skip_literal(s) - s);
	while (isalnum((unsigned char)s[len]) || s[len] == '_')
		len++;
	return len ? len : sign_length(s);
}

/* Behind what is no token, or s itself. */
static const char *skip_blank(const char *s, bool line_begins)
{
	if (isspace((unsigned char)*s))
		return s + 1;
	if (*s == '/' && (s[1] == '*' || s[1] == '/'))
		return skip_comment(s);
	if (*s == '#' && line_begins)
		return skip_directive(s);
	return s;
}

static void pair_brackets(const struct source *src)
{
	size_t open[MAX_NESTING], depth = 0;

	for (size_t i = 0; i < src->count; i++) {
		struct token *t = &src->tokens[i];

		if (t->len != 1 || !strchr("([{)]}", *t->at))
			continue;
		if (strchr("([{", *t->at) && depth < MAX_NESTING) {
			open[depth++] = i;
			continue;
		}
		if (depth == 0)
			errx(1, "%s:%zu: a bracket too many", src->name,
			     t->line);
		t->pair = open[--depth];
		src->tokens[t->pair].pair = i;
	}
	if (depth)
		errx(1, "%s: a bracket is not closed", src->name);
}

static void lex(struct source *src)
{
	const char *s = src->text, *next;
	size_t line = 1;
	bool line_begins = true;

	while (*s) {
		next = skip_blank(s, line_begins);
		if (next == s) {
			next = s + token_length(s);
			src->tokens[src->count++] = (struct token){
				.at = s, .len = (size_t)(next - s), .line = line
			};
			line_begins = false;
		}
		for (; s < next; s++)
			if (*s == '\n') {
				line++;
				line_begins = true;
			}
	}
	src->tokens[src->count] = (struct token){ .at = s };
}

void source_read(const char *name, struct source *ret)
{
	FILE *f = fopen(name, "re");
	size_t size = 0;

	*ret = (struct source){ .name = name };
	if (!f || getdelim(&ret->text, &size, '\0', f) < 0)
		err(1, "%s", name);
	fclose(f);
	ret->tokens = calloc(strlen(ret->text) + 1, sizeof(*ret->tokens));
	if (!ret->tokens)
		err(1, "%s", name);
	lex(ret);
	pair_brackets(ret);
}
