/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEX_H
#define LEX_H

#include <stdbool.h>
#include <stddef.h>

/* C as a row of tokens, without blanks, comments and preprocessor lines. */
struct token {
	const char *at;
	size_t len;
	size_t line;
	size_t pair; /* of a bracket: the other one's place in the row */
};

struct source {
	const char *name;
	char *text;
	struct token *tokens; /* one more than count, which is empty */
	size_t count;
};

/* Ends the program where the file cannot be read or a bracket has no pair. */
void source_read(const char *name, struct source *ret);

bool token_is(const struct token *t, const char *text);
bool token_is_word(const struct token *t);

#endif
