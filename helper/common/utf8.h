/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xfffdu
#define UTF8_MAX_SIZE 4

/*
 * The first character of len > 0 bytes and its size. A byte that begins no
 * valid sequence (overlong forms, surrogates and all above U+10FFFF included)
 * is UTF8_REPLACEMENT of size 1, as in Go.
 */
uint32_t utf8_decode(const char *s, size_t len, size_t *ret_size);

/* Returns the size written to out. c must be a valid character. */
size_t utf8_encode(uint32_t c, char out[UTF8_MAX_SIZE]);

#endif
