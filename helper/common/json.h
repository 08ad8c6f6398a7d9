/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * A JSON scanner that accepts exactly what Go's encoding/json accepts, since
 * the delegates decode the same bytes with it: any number that fits the
 * grammar (1e400, 2^64), \u0000, lone surrogates and invalid UTF-8 in strings,
 * duplicate keys, at most 10,000 levels. It yields spans of the input and
 * keeps every duplicate; it allocates nothing and does not recurse.
 */

#define JSON_MAX_DEPTH 10000

struct json_span {
	size_t off;
	size_t len;
};

enum json_event {
	JSON_END,   /* the document is complete */
	JSON_VALUE, /* a string, number, true, false or null */
	JSON_OPEN,  /* { or [: value.len is 1 */
	JSON_CLOSE, /* } or ]: value spans the whole object or array */
};

enum json_type {
	JSON_IS_OBJECT,
	JSON_IS_ARRAY,
	JSON_IS_STRING,
	JSON_IS_NUMBER,
	JSON_IS_TRUE,
	JSON_IS_FALSE,
	JSON_IS_NULL,
};

/*
 * One event. depth counts the objects and arrays around the value: 0 at top
 * level, the same for the JSON_OPEN and the JSON_CLOSE of a container. Spans
 * of strings hold their quotes. JSON_CLOSE carries no key.
 */
struct json_item {
	enum json_event event;
	enum json_type type;
	unsigned depth;
	bool has_key;
	struct json_span key;
	struct json_span value;
};

struct json_scanner {
	const char *buf;
	size_t len;
	size_t pos;
	unsigned depth;
	int state;					/* json.c's own */
	uint64_t is_object[(JSON_MAX_DEPTH + 64) / 64]; /* one bit a level */
	size_t open_at[JSON_MAX_DEPTH + 1];
};

/* buf stays the caller's and must outlive the scanner; it needs no NUL. */
void json_init(struct json_scanner *s, const char *buf, size_t len);

/*
 * Moves to the next event. Returns 0, or -1 with "line L, column C: what" in
 * e (code DC_CODE_UNSAFE_REQUEST) where Go would refuse the document, bytes
 * behind the top-level value included. After JSON_END or an error it must not
 * be called again.
 */
int json_next(struct json_scanner *s, struct json_item *ret, struct err *e)
	__attribute__((warn_unused_result));

/* Line and column, both from 1, the column in bytes, of an offset. */
void json_position(const char *buf, size_t off, size_t *ret_line,
		   size_t *ret_column);

/*
 * Decodes a string span (with its quotes) as Go does: escapes resolved, lone
 * surrogates and invalid UTF-8 replaced by U+FFFD. Writes at most size bytes
 * with the closing NUL and returns the full decoded length without it, so a
 * return value >= size means it was cut. Decoded NULs are kept and counted.
 */
size_t json_decode_string(const char *buf, struct json_span s, char *out,
			  size_t size);

/*
 * Whether Go would store this key in a field of the given ASCII name: decoded,
 * then compared with case folded (U+212A is k, U+017F is s).
 */
bool json_key_is(const char *buf, struct json_span key, const char *name);

/*
 * The same for a name of len bytes; one that ends in "*" stands for all keys
 * that begin with what is before it.
 */
bool json_key_matches(const char *buf, struct json_span key, const char *name,
		      size_t len);

#endif
