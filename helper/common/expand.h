/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPAND_H
#define EXPAND_H

#include <stddef.h>

#include "err.h"

/* What $(NAME) stands for. */
struct expand_scope {
	/* The value of a name of len bytes, without a NUL; NULL: unknown. */
	const char *(*lookup)(void *arg, const char *name, size_t len);
	void *arg;
};

/*
 * Expands $(NAME) in text as PodSpec's env does: $$ is a dollar, so $$(NAME)
 * is the text $(NAME); an unknown or open reference and any other dollar stay
 * as they are; values are not expanded again. Returns 0 with the text and its
 * NUL in out, or -1 with DC_CODE_CONFIG where size is too small.
 */
int expand(const char *text, const struct expand_scope *scope, char *out,
	   size_t size, struct err *e) __attribute__((warn_unused_result));

#endif
