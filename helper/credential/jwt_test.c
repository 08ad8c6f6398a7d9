/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "jwt.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define ES256 "eyJhbGciOiJFUzI1NiJ9" /* {"alg":"ES256"} */
#define RS256 "eyJhbGciOiJSUzI1NiJ9"
#define ES384 "eyJhbGciOiJFUzM4NCJ9"
#define NONE "eyJhbGciOiJub25lIn0"
#define EDDSA "eyJhbGciOiJFZERTQSJ9"
#define NO_ALG "eyJ4IjoxfQ"

#define CLAIMS "eyJzdWIiOiLDvz8-In0" /* {"sub":"\xc3\xbf?>"} */

/* 12 bytes in 16 letters */
#define B12 "AAECAwQFBgcICQoL"
#define B48 B12 B12 B12 B12
#define B64 B48 B12 "AAECAw"
#define B96 B48 B48
#define B192 B96 B96
#define B256 B192 B48 B12 "AAECAw"

static json_t *claims_of(const char *token)
{
	size_t len = strlen(token);
	char *exact = malloc(len + 1);
	json_t *claims;

	assert_non_null(exact);
	memcpy(exact, token, len + 1);
	claims = jwt_claims(exact, len);
	free(exact);
	return claims;
}

static const char *const whole[] = {
	ES256 "." CLAIMS "." B64,
	RS256 "." CLAIMS "." B256,
	ES384 "." CLAIMS "." B96,
	EDDSA "." CLAIMS "." B12, /* not known here: any size will do */
};

static void claims_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(whole); i++) {
		json_t *claims = claims_of(whole[i]);

		assert_true(jwt_is_one(whole[i], strlen(whole[i])));
		assert_non_null(claims);
		assert_string_equal(
			json_string_value(json_object_get(claims, "sub")),
			"\xc3\xbf?>");
		json_decref(claims);
	}
}

static const char *const damaged[] = {
	"eyJ",
	ES256,
	ES256 "." CLAIMS,
	ES256 "." CLAIMS ".",
	ES256 ".." B64,
	"." CLAIMS "." B64,
	ES256 "." CLAIMS "." B48 B12,	  /* four bytes are missing */
	RS256 "." CLAIMS "." B192 B48,
	RS256 "." CLAIMS "." B192 B96, /* more than enough, not a multiple */
	ES384 "." CLAIMS "." B64,
	ES256 "." CLAIMS "A." B64 "." B12,
	ES256 "." CLAIMS "." B64 "." B12,
	ES256 ".eyJzdWIiOiLDvz8-In." B64, /* the claims lost their brace */
	ES256 ".W10." B64,		  /* [] */
	ES256 ".eyJzdWIiOiLDvz8+In0." B64, /* the other base64 */
	ES256 ".eyJzdWIiOiLDvz8-In0=." B64,
	ES256 ".A." B64,
	NONE "." CLAIMS ".",
	NO_ALG "." CLAIMS "." B64,
	"eyJhbGciOiJFUzI1NiJ." CLAIMS "." B64,
};

static void damage_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++)
		if (claims_of(damaged[i]))
			fail_msg("taken: %s", damaged[i]);
}

/* Of a signature of the usual size: there is no length that gets past. */
static void every_cut_is_seen(void **state)
{
	static const char token[] = RS256 "." CLAIMS "." B256;
	char *copy = strdup(token);

	(void)state;
	for (size_t len = sizeof(token) - 2; len >= 3; len--) {
		copy[len] = '\0';
		assert_true(jwt_is_one(copy, len));
		if (claims_of(copy))
			fail_msg("taken at %zu of %zu", len, strlen(token));
	}
	free(copy);
}

static void an_opaque_token_is_none(void **state)
{
	static const char *const opaque[] = {
		"", "x", "ey", "a.b.c", "k8s-opaque-0123456789",
		"eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(opaque); i++)
		assert_false(jwt_is_one(opaque[i], strlen(opaque[i])));
	assert_false(jwt_is_one("eyJ", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_are_read),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(every_cut_is_seen),
		cmocka_unit_test(an_opaque_token_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
