/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

#include <stdbool.h>

/* What a first byte promises; 0 for one that begins nothing. */
static size_t sequence_size(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc0)
		return 0;
	if (first < 0xe0)
		return 2;
	if (first < 0xf0)
		return 3;
	return first < 0xf8 ? 4 : 0;
}

/* Whether c is a character and size its shortest form. */
static bool is_valid(uint32_t c, size_t size)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return c >= lowest[size] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

uint32_t utf8_decode(const char *s, size_t len, size_t *ret_size)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t size = sequence_size(b[0]);
	uint32_t c;

	*ret_size = 1;
	if (size == 1)
		return b[0];
	if (size == 0 || size > len)
		return UTF8_REPLACEMENT;
	c = b[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return UTF8_REPLACEMENT;
		c = c << 6 | (b[i] & 0x3fu);
	}
	if (!is_valid(c, size))
		return UTF8_REPLACEMENT;
	*ret_size = size;
	return c;
}

size_t utf8_encode(uint32_t c, char out[UTF8_MAX_SIZE])
{
	static const unsigned char mark[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t size;

	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(mark[size] | c);
	return size;
}
