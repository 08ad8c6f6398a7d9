/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEANTEXT_H
#define CLEANTEXT_H

#include <stddef.h>

/*
 * Somebody else's text for a message of ours: printable ASCII, white space as
 * one blank, cut with "..." to size - 1 bytes, and "[hidden]" for whatever
 * could be a token. Pure.
 */
void cleantext(const char *in, size_t len, char *ret, size_t size);

/* The text in a Warning header's value: 299 - "text" (RFC 7234, 5.5). */
void cleantext_warning(const char *value, char *ret, size_t size);

#endif
