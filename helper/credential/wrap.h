/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRAP_H
#define WRAP_H

#include <stddef.h>
#include <stdio.h>

/* Lines for a terminal. A byte counts as a column: none is ever too long. */

#define WRAP_COLUMNS 80

/*
 * How much of s (UTF-8) goes on a line of so many columns: whole words if there
 * are any, and never a part of a character.
 */
size_t wrap_line(const char *s, size_t columns);

/* s on lines of WRAP_COLUMNS: the first indented by indent, the others more. */
void wrap_print(const char *s, int indent, int more, FILE *out);

#endif
