/* SPDX-License-Identifier: Apache-2.0 */
/* jwt: claims come out as they went in, and of a token that is cut none do. */
#include <string.h>

#include "../credential/boundedjson.h"
#include "../credential/jwt.h"
#include "fuzz.h"

#define HEADER "eyJhbGciOiJFUzI1NiJ9" /* {"alg":"ES256"} */
#define SIGNATURE_LEN 86		/* of 64 bytes */

static size_t encode(const uint8_t *data, size_t len, char *out)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_";
	size_t n = 0;

	for (size_t bit = 0; bit < len * 8; bit += 6) {
		unsigned two = (unsigned)data[bit / 8] << 8;

		if (bit / 8 + 1 < len)
			two |= data[bit / 8 + 1];
		out[n++] = alphabet[two >> (10 - bit % 8) & 63];
	}
	return n;
}

static void check_none(const char *token, size_t len)
{
	char *exact = malloc(len + !len);

	must(exact != NULL);
	memcpy(exact, token, len);
	must(jwt_claims(exact, len) == NULL);
	free(exact);
}

/* With data for claims. */
static void check_made(const uint8_t *data, size_t len)
{
	char *token = malloc(sizeof(HEADER) + len * 2 + 2 + SIGNATURE_LEN);
	json_t *want = boundedjson_parse((const char *)data, len), *claims;
	size_t n = sizeof(HEADER);

	must(token != NULL);
	memcpy(token, HEADER ".", n);
	n += encode(data, len, token + n);
	token[n++] = '.';
	memset(token + n, 'A', SIGNATURE_LEN);
	n += SIGNATURE_LEN;
	must(jwt_is_one(token, n));
	claims = jwt_claims(token, n);
	must(json_is_object(want) ? json_equal(want, claims) : claims == NULL);
	json_decref(claims);
	json_decref(want);
	check_none(token, n - 1 - len % SIGNATURE_LEN);
	free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	json_t *claims = jwt_claims(text, len);

	if (claims != NULL) {
		must(json_is_object(claims));
		must(memchr(text, '.', len) != NULL && text[len - 1] != '.');
	}
	json_decref(claims);
	check_made(data, len);
	return 0;
}
