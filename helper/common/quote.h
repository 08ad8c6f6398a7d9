/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUOTE_H
#define QUOTE_H

#include <stddef.h>
#include <stdio.h>

#define QUOTE_MAX 8 /* bytes of one character, a NUL included */

/*
 * The next character of s (UTF-8, not at its end) as it stands between the
 * double quotes of a string that JSON and YAML both read back as it was; s is
 * moved behind it. Returns the length of what is in out.
 */
size_t quote_next(const char **s, char out[QUOTE_MAX]);

/* All of s in this way, without quotes around it. */
void quote_print(const char *s, FILE *out);

#endif
