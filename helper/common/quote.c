/* SPDX-License-Identifier: Apache-2.0 */
#include "quote.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

/*
 * YAML takes some characters for line breaks (U+0085, U+2028) and refuses
 * others unless they are escaped; above U+FFFF it takes all as they are, and
 * its escapes there are not JSON's.
 */
size_t quote_next(const char **s, char out[QUOTE_MAX])
{
	size_t size;
	uint32_t c = utf8_decode(*s, strnlen(*s, UTF8_MAX_SIZE), &size);

	*s += size;
	if (c == '"' || c == '\\')
		return (size_t)snprintf(out, QUOTE_MAX, "\\%c", (int)c);
	if (c < 0x20 || (c >= 0x7f && c < 0x10000))
		return (size_t)snprintf(out, QUOTE_MAX, "\\u%04" PRIx32, c);
	return utf8_encode(c, out);
}

void quote_print(const char *s, FILE *out)
{
	char c[QUOTE_MAX];

	while (*s != '\0') {
		size_t len = quote_next(&s, c);

		fwrite(c, 1, len, out);
	}
}
