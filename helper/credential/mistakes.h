/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MISTAKES_H
#define MISTAKES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../common/config.h"

/* No line is cut: the path of a file that could be opened, and the rest. */
#define MISTAKES_LINE (PATH_MAX + 512)

/*
 * The lines of what was noted, in their order, from *i on, which is 0 at first
 * and the function's: FILE:LINE:COLUMN: key: what to do, and last how many more
 * there are. False: that was all.
 */
bool mistakes_next(const char *file, const struct config_mistakes *m, size_t *i,
		   char *ret, size_t size);

/* Whether these are the same mistakes, as far as they were noted. */
bool mistakes_are_same(const struct config_mistakes *a,
		       const struct config_mistakes *b);

/* All of those lines. */
void mistakes_print(const char *file, const struct config_mistakes *m,
		    FILE *out);

#endif
