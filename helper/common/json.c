/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "utf8.h"

enum state {
	STATE_START, /* the top-level value */
	STATE_FIRST, /* behind { or [: a member or the end of it */
	STATE_AFTER, /* behind a member: a comma or the end */
	STATE_DONE,  /* behind the top-level value */
};

/* The big arrays stay untouched: their pages cost nothing until depth does. */
void json_init(struct json_scanner *s, const char *buf, size_t len)
{
	s->buf = buf;
	s->len = len;
	s->pos = 0;
	s->depth = 0;
	s->state = STATE_START;
}

void json_position(const char *buf, size_t off, size_t *ret_line,
		   size_t *ret_column)
{
	size_t start = 0;

	*ret_line = 1;
	for (size_t i = 0; i < off; i++) {
		if (buf[i] == '\n') {
			start = i + 1;
			++*ret_line;
		}
	}
	*ret_column = off - start + 1;
}

/* The byte at hand, -1 behind the last. */
static int peek(const struct json_scanner *s)
{
	return s->pos < s->len ? (unsigned char)s->buf[s->pos] : -1;
}

static int fail(const struct json_scanner *s, struct err *e, const char *what)
{
	size_t line, column;

	json_position(s->buf, s->pos, &line, &column);
	return err_set(e, DC_CODE_UNSAFE_REQUEST, "line %zu, column %zu: %s",
		       line, column, what);
}

/* Names the byte that stands where something else should. */
static int unexpected(const struct json_scanner *s, struct err *e,
		      const char *expected)
{
	char what[96];
	int c = peek(s);

	if (c < 0)
		snprintf(what, sizeof(what), "expected %s, found the end",
			 expected);
	else if (c > 0x20 && c < 0x7f)
		snprintf(what, sizeof(what), "expected %s, found '%c'",
			 expected, c);
	else
		snprintf(what, sizeof(what), "expected %s, found byte 0x%02x",
			 expected, (unsigned)c);
	return fail(s, e, what);
}

static void skip_space(struct json_scanner *s)
{
	int c = peek(s);

	while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
		s->pos++;
		c = peek(s);
	}
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind the backslash. */
static int scan_escape(struct json_scanner *s, struct err *e)
{
	int c = peek(s);

	if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL)
		return unexpected(s, e, "an escape such as \\n or \\u0041");
	s->pos++;
	if (c != 'u')
		return 0;
	for (int i = 0; i < 4; i++, s->pos++) {
		if (hex_value(peek(s)) < 0)
			return unexpected(s, e, "four hexadecimal digits");
	}
	return 0;
}

static int scan_string(struct json_scanner *s, struct json_span *ret,
		       struct err *e)
{
	size_t start = s->pos++;
	int c;

	while ((c = peek(s)) != '"') {
		if (c < 0x20)
			return unexpected(s, e, "the rest of a string");
		s->pos++;
		if (c == '\\' && scan_escape(s, e) < 0)
			return -1;
	}
	s->pos++;
	*ret = (struct json_span){ start, s->pos - start };
	return 0;
}

static int scan_digits(struct json_scanner *s, struct err *e)
{
	if (!is_digit(peek(s)))
		return unexpected(s, e, "a digit");
	while (is_digit(peek(s)))
		s->pos++;
	return 0;
}

/* What may not follow a number (01, 1.) is found by the next event. */
static int scan_number(struct json_scanner *s, struct err *e)
{
	if (peek(s) == '-')
		s->pos++;
	if (peek(s) == '0')
		s->pos++;
	else if (scan_digits(s, e) < 0)
		return -1;
	if (peek(s) == '.') {
		s->pos++;
		if (scan_digits(s, e) < 0)
			return -1;
	}
	if (peek(s) != 'e' && peek(s) != 'E')
		return 0;
	s->pos++;
	if (peek(s) == '+' || peek(s) == '-')
		s->pos++;
	return scan_digits(s, e);
}

static int scan_word(struct json_scanner *s, const char *word, struct err *e)
{
	for (const char *p = word; *p != '\0'; p++, s->pos++) {
		if (peek(s) != *p)
			return unexpected(s, e, word);
	}
	return 0;
}

static bool in_object(const struct json_scanner *s)
{
	unsigned level = s->depth - 1;

	return s->is_object[level / 64] >> level % 64 & 1;
}

static int scan_open(struct json_scanner *s, struct json_item *ret,
		     struct err *e)
{
	unsigned level = s->depth;

	if (level == JSON_MAX_DEPTH)
		return fail(s, e, "nested deeper than 10000 levels");
	if (level % 64 == 0)
		s->is_object[level / 64] = 0;
	s->is_object[level / 64] &= ~(UINT64_C(1) << level % 64);
	if (ret->type == JSON_IS_OBJECT)
		s->is_object[level / 64] |= UINT64_C(1) << level % 64;
	s->open_at[level] = s->pos;
	ret->event = JSON_OPEN;
	s->depth++;
	s->state = STATE_FIRST;
	s->pos++;
	return 0;
}

static int scan_close(struct json_scanner *s, struct json_item *ret)
{
	size_t start;

	ret->type = in_object(s) ? JSON_IS_OBJECT : JSON_IS_ARRAY;
	ret->event = JSON_CLOSE;
	ret->depth = --s->depth;
	s->pos++;
	start = s->open_at[s->depth];
	ret->value = (struct json_span){ start, s->pos - start };
	s->state = s->depth > 0 ? STATE_AFTER : STATE_DONE;
	return 0;
}

/* false for a byte that begins no value. */
static bool value_type(int c, enum json_type *ret)
{
	static const struct {
		char first;
		enum json_type type;
	} types[] = {
		{ '{', JSON_IS_OBJECT }, { '[', JSON_IS_ARRAY },
		{ '"', JSON_IS_STRING }, { '-', JSON_IS_NUMBER },
		{ 't', JSON_IS_TRUE },	 { 'f', JSON_IS_FALSE },
		{ 'n', JSON_IS_NULL },
	};

	*ret = JSON_IS_NUMBER;
	if (is_digit(c))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		*ret = types[i].type;
		if (types[i].first == c)
			return true;
	}
	return false;
}

static int scan_scalar(struct json_scanner *s, struct json_item *ret,
		       struct err *e)
{
	switch (ret->type) {
	case JSON_IS_STRING:
		return scan_string(s, &ret->value, e);
	case JSON_IS_TRUE:
		return scan_word(s, "true", e);
	case JSON_IS_FALSE:
		return scan_word(s, "false", e);
	case JSON_IS_NULL:
		return scan_word(s, "null", e);
	default:
		return scan_number(s, e);
	}
}

static int scan_value(struct json_scanner *s, struct json_item *ret,
		      struct err *e)
{
	size_t start = s->pos;
	int r;

	if (!value_type(peek(s), &ret->type))
		return unexpected(s, e, "a value");
	ret->event = JSON_VALUE;
	ret->depth = s->depth;
	if (ret->type == JSON_IS_OBJECT || ret->type == JSON_IS_ARRAY) {
		r = scan_open(s, ret, e);
	} else {
		s->state = s->depth > 0 ? STATE_AFTER : STATE_DONE;
		r = scan_scalar(s, ret, e);
	}
	ret->value = (struct json_span){ start, s->pos - start };
	return r;
}

static int scan_member(struct json_scanner *s, struct json_item *ret,
		       struct err *e)
{
	if (!in_object(s))
		return scan_value(s, ret, e);
	if (peek(s) != '"')
		return unexpected(s, e, "a key in double quotes");
	if (scan_string(s, &ret->key, e) < 0)
		return -1;
	ret->has_key = true;
	skip_space(s);
	if (peek(s) != ':')
		return unexpected(s, e, "':' behind the key");
	s->pos++;
	skip_space(s);
	return scan_value(s, ret, e);
}

static int scan_first(struct json_scanner *s, struct json_item *ret,
		      struct err *e)
{
	if (peek(s) == (in_object(s) ? '}' : ']'))
		return scan_close(s, ret);
	return scan_member(s, ret, e);
}

static int scan_after(struct json_scanner *s, struct json_item *ret,
		      struct err *e)
{
	if (peek(s) == (in_object(s) ? '}' : ']'))
		return scan_close(s, ret);
	if (peek(s) != ',')
		return unexpected(s, e,
				  in_object(s) ? "',' or '}'" : "',' or ']'");
	s->pos++;
	skip_space(s);
	return scan_member(s, ret, e);
}

int json_next(struct json_scanner *s, struct json_item *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	skip_space(s);
	switch (s->state) {
	case STATE_START:
		return scan_value(s, ret, e);
	case STATE_FIRST:
		return scan_first(s, ret, e);
	case STATE_AFTER:
		return scan_after(s, ret, e);
	default:
		ret->event = JSON_END;
		return s->pos < s->len ? unexpected(s, e, "nothing more") : 0;
	}
}

/* The value of \uXXXX at p, or no surrogate's partner where none stands. */
static uint32_t utf16_unit(const char *p, const char *end)
{
	uint32_t v = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return 0;
	for (int i = 2; i < 6; i++)
		v = v << 4 | (uint32_t)hex_value((unsigned char)p[i]);
	return v;
}

static uint32_t next_unicode_escape(const char **p, const char *end)
{
	uint32_t high = utf16_unit(*p, end), low;

	*p += 6;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	low = utf16_unit(*p, end);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return UTF8_REPLACEMENT;
	*p += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The next decoded character of a scanned string; p is moved behind it. */
static uint32_t next_char(const char **p, const char *end)
{
	static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *name;
	size_t size;
	uint32_t c;

	if (**p != '\\') {
		c = utf8_decode(*p, (size_t)(end - *p), &size);
		*p += size;
		return c;
	}
	if ((*p)[1] == 'u')
		return next_unicode_escape(p, end);
	c = (unsigned char)(*p)[1];
	*p += 2;
	name = strchr(names, (int)c);
	return name == NULL ? c : (unsigned char)values[name - names];
}

size_t json_decode_string(const char *buf, struct json_span s, char *out,
			  size_t size)
{
	const char *p = buf + s.off + 1, *end = buf + s.off + s.len - 1;
	size_t len = 0, written = 0;
	char utf8[UTF8_MAX_SIZE];

	while (p < end) {
		size_t n = utf8_encode(next_char(&p, end), utf8);

		/* Once cut, nothing more: never half a character. */
		if (written == len && len + n < size) {
			memcpy(out + len, utf8, n);
			written += n;
		}
		len += n;
	}
	if (size > 0)
		out[written] = '\0';
	return len;
}

/* Go folds by Unicode: two characters beyond ASCII fold into it. */
static uint32_t fold(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 'a';
	if (c == 0x212a)
		return 'k';
	return c == 0x17f ? 's' : c;
}

/* Returns whether key begins with name; *ret_rest: whether more follows. */
static bool match_key(const char *buf, struct json_span key, const char *name,
		      size_t len, bool *ret_rest)
{
	const char *p = buf + key.off + 1, *end = buf + key.off + key.len - 1;

	for (size_t i = 0; i < len; i++) {
		if (p == end ||
		    fold(next_char(&p, end)) != fold((unsigned char)name[i]))
			return false;
	}
	*ret_rest = p < end;
	return true;
}

bool json_key_is(const char *buf, struct json_span key, const char *name)
{
	bool rest;

	return match_key(buf, key, name, strlen(name), &rest) && !rest;
}

bool json_key_matches(const char *buf, struct json_span key, const char *name,
		      size_t len)
{
	bool begins = len > 0 && name[len - 1] == '*', rest;

	return match_key(buf, key, name, len - begins, &rest) &&
	       (begins || !rest);
}
