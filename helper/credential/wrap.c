/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

#include <string.h>

size_t wrap_line(const char *s, size_t columns)
{
	size_t len = strlen(s), at = columns;

	if (len <= columns)
		return len;
	while (at > 0 && s[at] != ' ')
		at--;
	if (at > 0)
		return at;
	for (at = columns; at > 0 && ((unsigned char)s[at] & 0xc0) == 0x80;)
		at--;
	return at > 0 ? at : columns;
}

void wrap_print(const char *s, int indent, int more, FILE *out)
{
	for (;; indent = more) {
		size_t len = wrap_line(s, WRAP_COLUMNS - (size_t)indent);

		fprintf(out, "%*s%.*s\n", indent, "", (int)len, s);
		s += len + strspn(s + len, " ");
		if (*s == '\0')
			return;
	}
}
