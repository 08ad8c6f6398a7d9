/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "answer.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define NOW 1764067237 /* 2025-11-25T10:40:37Z */
#define IN_AN_HOUR "2025-11-25T11:40:37Z"

/* {"alg":"ES256"} and a signature of 64 bytes, with the claims between. */
#define JWT(claims)                                                            \
	"eyJhbGciOiJFUzI1NiJ9." claims "."                                     \
	"czNjcmV0c2lnbmF0dXJlczNjcmV0c2lnbmF0dXJlczNjcmV0c2lnbmF0dXJlczNj"     \
	"cmV0c2lnbmF0dXJlMTIzNA"

/*
 * iss and kubernetes.io left out: {"aud":["a","b"],"exp":1764070837,
 * "iat":1764067230,"jti":"j-1","sub":"system:serviceaccount:ns:sa"}
 */
#define CLAIMS                                                                 \
	"eyJhdWQiOlsiYSIsImIiXSwiZXhwIjoxNzY0MDcwODM3LCJpYXQiOjE3NjQwNjcyMzAs" \
	"Imp0aSI6ImotMSIsInN1YiI6InN5c3RlbTpzZXJ2aWNlYWNjb3VudDpuczpzYSJ9"

/* The body and what is around it, in a buffer of just its size. */
static int judge(const char *body, const struct config_token *asked,
		 struct answer_token *ret, struct err *e)
{
	size_t len = strlen(body);
	char *exact = malloc(len ? len : 1);
	int result;

	assert_non_null(exact);
	memcpy(exact, body, len);
	result = answer_token(exact, len, asked, NOW, ret, e);
	free(exact);
	return result;
}

#define REQUEST(status)                                                        \
	"{\"kind\":\"TokenRequest\",\"apiVersion\":"                           \
	"\"authentication.k8s.io/v1\",\"metadata\":{\"name\":\"sa\"},"         \
	"\"spec\":{\"audiences\":[\"a\"],\"attestations\":[{}]},"              \
	"\"status\":" status "}"
#define STATUS(token, expires)                                                 \
	"{\"token\":\"" token "\",\"expirationTimestamp\":\"" expires "\"}"

static const struct config_token account = {
	.namespace = "ns",
	.service_account_name = "sa",
};

static void a_token_is_taken(void **state)
{
	struct answer_token t;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(judge(REQUEST(STATUS(JWT(CLAIMS), IN_AN_HOUR)),
			       &account, &t, &e),
			 0);
	assert_string_equal(t.token, JWT(CLAIMS));
	assert_int_equal(t.token_len, strlen(JWT(CLAIMS)));
	assert_int_equal(t.issued, 1764067230);
	assert_int_equal(t.expires, NOW + 3600);
	assert_string_equal(t.jti, "j-1");
	answer_token_wipe(&t);
	assert_null(t.token);
}

static void an_opaque_token_is_taken(void **state)
{
	struct answer_token t;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(judge(REQUEST(STATUS("opaque", IN_AN_HOUR)), &account,
			       &t, &e),
			 0);
	assert_string_equal(t.token, "opaque");
	assert_int_equal(t.issued, NOW);
	assert_string_equal(t.jti, "");
	answer_token_wipe(&t);
}

/* The claim exp is an hour from now. */
static void the_answer_says_when_it_ends(void **state)
{
	struct answer_token t;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(judge(REQUEST(STATUS(JWT(CLAIMS),
					      "2025-11-25T10:41:37Z")),
			       &account, &t, &e),
			 0);
	assert_int_equal(t.expires, NOW + 60);
	answer_token_wipe(&t);
	assert_int_equal(judge(REQUEST(STATUS(JWT(CLAIMS),
					      "2025-11-25T10:41:36Z")),
			       &account, &t, &e),
			 -1);
	assert_non_null(strstr(e.msg, "clocks"));
}

/* base64url */
static void encode(const char *in, char *out)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_";
	unsigned bits = 0, count = 0;

	for (; *in; in++) {
		bits = bits << 8 | (unsigned char)*in;
		for (count += 8; count >= 6; count -= 6)
			*out++ = alphabet[bits >> (count - 6) & 63];
	}
	if (count > 0)
		*out++ = alphabet[bits << (6 - count) & 63];
	*out = '\0';
}

/* A token with that end and those claims beside the account's. */
static int judge_ending(long exp, const char *more,
			const struct config_token *asked,
			struct answer_token *ret, struct err *e)
{
	char claims[512], encoded[1024], body[2048];

	snprintf(claims, sizeof(claims),
		 "{\"sub\":\"system:serviceaccount:ns:sa\",\"exp\":%ld%s}",
		 exp, more);
	encode(claims, encoded);
	snprintf(body, sizeof(body), REQUEST(STATUS(JWT("%s"), IN_AN_HOUR)),
		 encoded);
	return judge(body, asked, ret, e);
}

static int judge_claims(const char *more, const struct config_token *asked,
			struct answer_token *ret, struct err *e)
{
	return judge_ending(NOW + 3600, more, asked, ret, e);
}

/* It may be a year later than the answer's own time. */
static void exp_counts_where_it_is_sooner(void **state)
{
	struct answer_token t;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(judge_ending(NOW - 100, "", &account, &t, &e), -1);
	assert_non_null(strstr(e.msg, "ends -100 s from now"));
	assert_int_equal(judge_ending(NOW + 100, "", &account, &t, &e), 0);
	assert_int_equal(t.expires, NOW + 100);
	answer_token_wipe(&t);
}

static const struct {
	const char *claim;
	bool good; /* for the audience b */
} audiences[] = {
	{ ",\"aud\":\"b\"", true },
	{ ",\"aud\":[\"a\",\"b\"]", true },
	{ ",\"aud\":[5,\"b\"]", true },
	{ "", false },
	{ ",\"aud\":\"c\"", false },
	{ ",\"aud\":[]", false },
	{ ",\"aud\":[\"a\",\"bb\",null]", false },
	{ ",\"aud\":{\"b\":\"b\"}", false },
};

static void the_audience_is_looked_at(void **state)
{
	struct config_token asked = account;

	(void)state;
	asked.audience = "b";
	for (size_t i = 0; i < COUNT(audiences); i++) {
		struct answer_token t;
		struct err e = ERR_INIT;
		int result = judge_claims(audiences[i].claim, &asked, &t, &e);

		if (result != (audiences[i].good ? 0 : -1))
			fail_msg("%s: %d", audiences[i].claim, result);
		if (result < 0)
			assert_non_null(strstr(e.msg, "another audience"));
		answer_token_wipe(&t);
	}
}

#define DOTS32 "a.b.c.d.a.b.c.d.a.b.c.d.a.b.c.d."
#define DOTS128 DOTS32 DOTS32 DOTS32 DOTS32

static const struct {
	const char *claim;
	const char *jti;
} jtis[] = {
	{ "", "" },
	{ ",\"jti\":5", "" },
	{ ",\"jti\":\"j-1\"", "j-1" },
	{ ",\"jti\":\"j\\u0007\"", "" },
	{ ",\"jti\":\"" DOTS128 "\"", DOTS128 },
	{ ",\"jti\":\"" DOTS128 "a\"", "" },
};

/* Whole and printable, or none. */
static void the_jti_is_taken_if_it_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(jtis); i++) {
		struct answer_token t;
		struct err e = ERR_INIT;

		assert_int_equal(judge_claims(jtis[i].claim, &account, &t, &e),
				 0);
		assert_string_equal(t.jti, jtis[i].jti);
		answer_token_wipe(&t);
	}
}

/* {"aud":"a","exp":1764070837,"sub":"system:serviceaccount:ns:other"} */
#define OTHER                                                                  \
	"eyJhdWQiOiJhIiwiZXhwIjoxNzY0MDcwODM3LCJzdWIiOiJzeXN0ZW06c2VydmljZWFj" \
	"Y291bnQ6bnM6b3RoZXIifQ"
/* {"sub":"system:serviceaccount:ns:sa"} */
#define ENDLESS "eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6bnM6c2EifQ"

#define X100                                                                   \
	"s3cret7890123456789012345678901234567890123456789"                    \
	"0123456789012345678901234567890123456789012345678901"

static const struct {
	const char *body;
	const char *why;
} refused[] = {
	{ "", "no TokenRequest" },
	{ "s3cret", "no TokenRequest" },
	{ "[]", "no TokenRequest" },
	{ "{}", "no TokenRequest" },
	{ "<html>s3cret</html>", "no TokenRequest" },
	{ REQUEST(STATUS("s3cret", IN_AN_HOUR)) "x", "no TokenRequest" },
	{ "{\"kind\":\"TokenReview\",\"apiVersion\":"
	  "\"authentication.k8s.io/v1\"}",
	  "no TokenRequest" },
	{ "{\"kind\":\"TokenRequest\",\"apiVersion\":\"v1\"}",
	  "no TokenRequest" },
	{ REQUEST("null"), "empty" },
	{ REQUEST("[]"), "empty" },
	{ REQUEST("{\"expirationTimestamp\":\"" IN_AN_HOUR "\"}"), "empty" },
	{ REQUEST(STATUS("", IN_AN_HOUR)), "empty" },
	{ REQUEST("{\"token\":5,\"expirationTimestamp\":\"" IN_AN_HOUR "\"}"),
	  "empty" },
	{ REQUEST(STATUS("s3cret token", IN_AN_HOUR)), "no token" },
	{ REQUEST(STATUS("s3cret\\n", IN_AN_HOUR)), "no token" },
	{ REQUEST(STATUS("s3cret\xc3\xa9", IN_AN_HOUR)), "no token" },
	{ REQUEST(STATUS("s3cret\\u0000", IN_AN_HOUR)), "no TokenRequest" },
	{ REQUEST("{\"token\":\"s3cret\"}"), "expirationTimestamp" },
	{ REQUEST(STATUS("s3cret", "")), "expirationTimestamp" },
	{ REQUEST(STATUS("s3cret", "2025-11-25 11:40:37")),
	  "expirationTimestamp" },
	{ REQUEST(STATUS("s3cret", "1970-01-01T00:00:00Z")), "clocks" },
	{ REQUEST("{\"token\":\"s3cret\",\"token\":\"x\"}"),
	  "no TokenRequest" },
	{ REQUEST(STATUS("eyJs3cret", IN_AN_HOUR)), "cut off" },
	{ REQUEST(STATUS(JWT("s3cret"), IN_AN_HOUR)), "cut off" },
	{ REQUEST(STATUS(JWT("e30"), IN_AN_HOUR)), "another account" },
	{ REQUEST(STATUS(JWT(OTHER), IN_AN_HOUR)), "another account" },
	{ REQUEST(STATUS(JWT(ENDLESS), IN_AN_HOUR)), "when it ends" },
};

static void others_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct answer_token t;
		struct err e = ERR_INIT;

		if (judge(refused[i].body, &account, &t, &e) == 0)
			fail_msg("taken: %s", refused[i].body);
		assert_null(t.token);
		assert_int_equal(e.code, DC_CODE_TRY_AGAIN);
		if (!strstr(e.msg, refused[i].why))
			fail_msg("not '%s': %s", refused[i].why, e.msg);
		assert_null(strstr(e.msg, "s3cret"));
	}
}

static int judge_size(size_t len)
{
	size_t size = len + 1000;
	char *token = malloc(len + 1), *body = malloc(size);
	struct err e = ERR_INIT;
	struct answer_token t;
	int result;

	assert_true(token && body);
	memset(token, 'x', len);
	token[len] = '\0';
	snprintf(body, size, REQUEST(STATUS("%s", IN_AN_HOUR)), token);
	result = judge(body, &account, &t, &e);
	answer_token_wipe(&t);
	free(token);
	free(body);
	return result;
}

static void size_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(judge_size(DC_STORE_TOKEN_MAX), 0);
	assert_int_equal(judge_size(DC_STORE_TOKEN_MAX + 1), -1);
}

#define MAP(metadata, data)                                                    \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"          \
	"{\"name\":\"" metadata "\",\"namespace\":\"ns\"},\"data\":" data "}"
#define PEM                                                                    \
	"-----BEGIN CERTIFICATE-----\\nTUlJ\\n-----END CERTIFICATE-----\\n"

static struct config_item two[] = {
	{ .key = "root", .path = "ca.crt" },
	{ .key = "k", .path = "other" },
};
static const struct config_config_map map = {
	.namespace = "ns",
	.name = "cm",
	.items = two,
	.item_count = COUNT(two),
};

static void a_config_map_is_taken(void **state)
{
	static const char body[] = MAP(
		"cm", "{\"k\":\"\",\"x\":\"y\",\"root\":\"# c\\n" PEM "\"}");
	struct err e = ERR_INIT;
	char *values[2];

	(void)state;
	assert_int_equal(answer_config_map(body, strlen(body), &map, values,
					   &e),
			 0);
	assert_string_equal(values[0], "# c\n-----BEGIN CERTIFICATE-----\nTUlJ"
				       "\n-----END CERTIFICATE-----\n");
	assert_string_equal(values[1], "");
	free(values[0]);
	free(values[1]);
}

static const struct {
	const char *body;
	int code;
	const char *why;
} bad_maps[] = {
	{ "{}", DC_CODE_TRY_AGAIN, "no ConfigMap" },
	{ "{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}", DC_CODE_TRY_AGAIN,
	  "no ConfigMap" },
	{ MAP("other", "{}"), DC_CODE_TRY_AGAIN, "another ConfigMap" },
	{ "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
	  "{\"namespace\":\"ns\"}}",
	  DC_CODE_TRY_AGAIN, "another ConfigMap" },
	{ MAP("cm", "{}"), DC_CODE_CONFIG,
	  "the key 'root' to the ConfigMap ns/cm" },
	{ MAP("cm", "null"), DC_CODE_CONFIG,
	  "the key 'root' to the ConfigMap ns/cm" },
	{ MAP("cm", "{\"root\":\"" PEM "\"}"), DC_CODE_CONFIG,
	  "the key 'k' to the ConfigMap ns/cm" },
	{ MAP("cm", "{\"root\":\"\",\"k\":\"\"}"), DC_CODE_CONFIG,
	  "a PEM certificate into the key 'root' of the ConfigMap ns/cm" },
	{ MAP("cm", "{\"root\":\"-----BEGIN CERTIFICATE-----\",\"k\":\"\"}"),
	  DC_CODE_CONFIG, "a PEM certificate" },
};

static void bad_config_maps_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_maps); i++) {
		struct err e = ERR_INIT;
		char *values[2];

		assert_int_equal(answer_config_map(bad_maps[i].body,
						   strlen(bad_maps[i].body),
						   &map, values, &e),
				 -1);
		assert_int_equal(e.code, bad_maps[i].code);
		if (!strstr(e.msg, bad_maps[i].why))
			fail_msg("not '%s': %s", bad_maps[i].why, e.msg);
		assert_null(values[0]);
		assert_null(values[1]);
	}
}

static const struct {
	const char *body;
	const char *text;
} statuses[] = {
	{ "", "" },
	{ "nginx", "" },
	{ "{\"kind\":\"Node\",\"message\":\"m\"}", "" },
	{ "{\"kind\":\"Status\"}", "" },
	{ "{\"kind\":\"Status\",\"reason\":\"R\",\"message\":\"m\\n\\u0007\"}",
	  "R: m ?" },
	{ "{\"kind\":\"Status\",\"message\":\"m\"}", "m" },
	{ "{\"kind\":\"Status\",\"reason\":\"R\",\"message\":3}", "R" },
	{ "{\"kind\":\"Status\",\"reason\":\"R\",\"message\":"
	  "\"a message that is longer\"}",
	  "R: a message that..." },
	{ "{\"kind\":\"Status\",\"message\":\"bad " X100 "\"}",
	  "bad [hidden]" },
};

static void a_status_is_read(void **state)
{
	char text[21];

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		answer_status(statuses[i].body, strlen(statuses[i].body), text,
			      sizeof(text));
		assert_string_equal(text, statuses[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_taken),
		cmocka_unit_test(an_opaque_token_is_taken),
		cmocka_unit_test(the_answer_says_when_it_ends),
		cmocka_unit_test(exp_counts_where_it_is_sooner),
		cmocka_unit_test(the_audience_is_looked_at),
		cmocka_unit_test(the_jti_is_taken_if_it_fits),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(a_config_map_is_taken),
		cmocka_unit_test(bad_config_maps_are_refused),
		cmocka_unit_test(a_status_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
