/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERRORS_H
#define ERRORS_H

#include "lex.h"

/* Of functions: each body of a source, one after the other. */
struct function {
	size_t name; /* tokens */
	size_t body; /* its brace */
};

bool function_next(const struct source *src, struct function *f);

/* The token behind the statement that begins at i. */
size_t statement_end(const struct source *src, size_t i);

/*
 * Looks for functions that do nothing but report an error, for what follows
 * to know them; returns whether there was a new one. A caller comes before a
 * callee now and then, so this is asked for until there is none.
 */
bool errors_learn(const struct source *src);

/* Of an expression, from i up to end. */
bool errors_is_value(const struct source *src, size_t i, size_t end);
/* Of a statement: whether it ends in, or is, the report of an error. */
bool errors_is_path(const struct source *src, size_t i);

#endif
