/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "boundedjson.h"
#include "jwt.h"
#include "wipe.h"

#define PARTS 3 /* header, claims, signature */

struct part {
	const char *text;
	size_t len;
};

/* The size of a signature tells whether its end is there (RFC 7518, 3). */
static const struct {
	const char *alg;
	size_t unit; /* bytes: it is a multiple of this */
	size_t least;
} signatures[] = {
	{ "RS", 64, 256 },   { "PS", 64, 256 },	   { "ES256", 64, 64 },
	{ "ES384", 96, 96 }, { "ES512", 132, 132 },
};

static size_t count_dots(const char *token, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; i++)
		dots += token[i] == '.';
	return dots;
}

bool jwt_is_one(const char *token, size_t len)
{
	return len >= 3 && !memcmp(token, "eyJ", 3) &&
	       count_dots(token, len) != 4;
}

static int split(const char *token, size_t len, struct part parts[PARTS])
{
	if (count_dots(token, len) != PARTS - 1)
		return -1;
	for (size_t i = 0; i < PARTS; i++) {
		const char *dot = memchr(token, '.', len);
		size_t n = dot ? (size_t)(dot - token) : len;

		parts[i] = (struct part){ token, n };
		token += n + 1;
		len -= dot ? n + 1 : n;
	}
	return 0;
}

static int sextet(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_";

	for (int i = 0; i < 64; i++)
		if (alphabet[i] == c)
			return i;
	return -1;
}

/*
 * base64url without padding (RFC 4648, 5). out has room for the text's length;
 * returns the decoded length, or 0 where it is empty, cut or something else.
 */
static size_t decode(const struct part *p, char *out)
{
	uint32_t bits = 0;
	size_t n = 0;

	if (p->len % 4 == 1)
		return 0;
	for (size_t i = 0; i < p->len; i++) {
		int value = sextet(p->text[i]);

		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			out[n++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return n;
}

static json_t *decode_object(const struct part *p)
{
	auto_wipe text = wipe_malloc(p->len + 1);
	size_t len = text ? decode(p, text) : 0;
	json_t *all = boundedjson_parse(text, len);

	if (json_is_object(all))
		return all;
	json_decref(all);
	return NULL;
}

static bool signature_is_whole(const struct part *p, const char *alg)
{
	auto_wipe bytes = wipe_malloc(p->len + 1);
	size_t len = bytes ? decode(p, bytes) : 0;

	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (!strncmp(alg, signatures[i].alg, strlen(signatures[i].alg)))
			return len >= signatures[i].least &&
			       len % signatures[i].unit == 0;
	return len > 0;
}

json_t *jwt_claims(const char *token, size_t len)
{
	struct part parts[PARTS];
	json_t *header = NULL, *claims = NULL;
	const char *alg;

	if (split(token, len, parts) == 0) {
		header = decode_object(&parts[0]);
		alg = json_string_value(json_object_get(header, "alg"));
		if (alg && signature_is_whole(&parts[2], alg))
			claims = decode_object(&parts[1]);
	}
	json_decref(header);
	return claims;
}
