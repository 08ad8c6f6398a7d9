/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "storemeta.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define JTI "\"jti\":\"7a1c\""
#define REST JTI ",\"audience\":\"api\",\"account\":\"ns/sa\"}"
#define GOOD "{\"v\":1,\"issued\":100,\"expires\":3700," REST

/* Exactly its bytes on the heap: a read beyond them is found. */
static int parse(const char *text, struct storemeta *ret, struct err *e)
{
	size_t len = strlen(text);
	char *exact = malloc(len + !len);
	int r;

	memcpy(exact, text, len);
	memset(ret, 0x5a, sizeof(*ret));
	r = storemeta_parse(exact, len, ret, e);
	free(exact);
	return r;
}

static void reads_all_members(void **state)
{
	struct storemeta m;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(parse(GOOD, &m, &e), 0);
	assert_int_equal(m.issued, 100);
	assert_int_equal(m.expires, 3700);
	assert_string_equal(m.jti, "7a1c");
	assert_string_equal(m.audience, "api");
	assert_string_equal(m.account, "ns/sa");
}

static void null_is_none(void **state)
{
	struct storemeta m;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(parse("{\"v\":1,\"issued\":100,\"expires\":null,"
			       "\"jti\":null,\"audience\":null,"
			       "\"account\":null}",
			       &m, &e),
			 0);
	assert_int_equal(m.expires, 0);
	assert_string_equal(m.jti, "");
	assert_string_equal(m.audience, "");
	assert_string_equal(m.account, "");
}

static void skips_what_it_does_not_know(void **state)
{
	struct storemeta m;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(parse(" {\"new\":{\"jti\":5,\"v\":[2]},\"v\":1,"
			       "\"issued\":1,\"expires\":2,"
			       "\"a very long key of tomorrow\":[],\"V\":7," REST
			       "\n",
			       &m, &e),
			 0);
	assert_int_equal(m.expires, 2);
	assert_string_equal(m.jti, "7a1c");
}

static const struct {
	const char *text;
	const char *names; /* what the message has to name */
} refused[] = {
	{ "", "line 1" },
	{ "null", "no object" },
	{ "[" GOOD "]", "no object" },
	{ GOOD "x", "line 1" },
	{ "{}", "'v'" },
	{ "{\"v\":1,\"issued\":100,\"expires\":3700," JTI
	  ",\"audience\":null}",
	  "'account'" },
	{ "{\"v\":2,\"issued\":100,\"expires\":3700," REST, "version 2" },
	{ "{\"v\":1,\"v\":1,\"issued\":100,\"expires\":3700," REST, "'v'" },
	{ "{\"v\":\"1\",\"issued\":100,\"expires\":3700," REST, "'v'" },
	{ "{\"v\":null,\"issued\":100,\"expires\":3700," REST, "'v'" },
	{ "{\"v\":1,\"issued\":0,\"expires\":3700," REST, "'issued'" },
	{ "{\"v\":1,\"issued\":-1,\"expires\":3700," REST, "'issued'" },
	{ "{\"v\":1,\"issued\":null,\"expires\":3700," REST, "'issued'" },
	{ "{\"v\":1,\"issued\":1.5,\"expires\":3700," REST, "'issued'" },
	{ "{\"v\":1,\"issued\":1e3,\"expires\":3700," REST, "'issued'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":253402300800," REST, "'expires'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":99999999999999999999999," REST,
	  "'expires'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":\"3700\"," REST, "'expires'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":2,\"jti\":\"a\\nb\","
	  "\"audience\":null,\"account\":null}",
	  "'jti'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":2,\"jti\":\"a\\u0000\","
	  "\"audience\":null,\"account\":null}",
	  "'jti'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":2,\"jti\":\"\xc3\xa9\","
	  "\"audience\":null,\"account\":null}",
	  "'jti'" },
	{ "{\"v\":1,\"issued\":1,\"expires\":2,\"jti\":[\"a\"],"
	  "\"audience\":null,\"account\":null}",
	  "'jti'" },
	/* A NUL hides nothing. */
	{ "{\"v\\u0000\":1,\"issued\":1,\"expires\":2," REST, "'v'" },
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct storemeta m;
		struct err e = ERR_INIT;

		if (parse(refused[i].text, &m, &e) != -1)
			fail_msg("accepted: %s", refused[i].text);
		assert_int_equal(e.code, DC_CODE_TRY_AGAIN);
		if (strstr(e.msg, refused[i].names) == NULL)
			fail_msg("%s: %s", refused[i].text, e.msg);
	}
}

static void bounds_the_jti(void **state)
{
	char text[512], jti[DC_STORE_JTI_MAX + 2];
	struct storemeta m;
	struct err e = ERR_INIT;

	(void)state;
	memset(jti, 'j', sizeof(jti));
	jti[DC_STORE_JTI_MAX] = '\0';
	snprintf(text, sizeof(text),
		 "{\"v\":1,\"issued\":1,\"expires\":2,\"jti\":\"%s\","
		 "\"audience\":null,\"account\":null}",
		 jti);
	assert_int_equal(parse(text, &m, &e), 0);
	assert_string_equal(m.jti, jti);
	jti[DC_STORE_JTI_MAX] = 'j';
	jti[DC_STORE_JTI_MAX + 1] = '\0';
	snprintf(text, sizeof(text),
		 "{\"v\":1,\"issued\":1,\"expires\":2,\"jti\":\"%s\","
		 "\"audience\":null,\"account\":null}",
		 jti);
	assert_int_equal(parse(text, &m, &e), -1);
}

static int parse_error(const char *text, struct storemeta_error *ret)
{
	struct err e = ERR_INIT;

	return storemeta_parse_error(text, strlen(text), ret, &e);
}

static void reads_an_error(void **state)
{
	struct storemeta_error got;

	(void)state;
	assert_int_equal(parse_error("{\"v\":1,\"code\":103,\"msg\":"
				     "\"allow it\",\"at\":5}",
				     &got),
			 0);
	assert_int_equal(got.code, 103);
	assert_string_equal(got.msg, "allow it");
	assert_int_equal(got.at, 5);
}

static void cleans_an_error(void **state)
{
	char text[1024] = "{\"v\":1,\"code\":11,\"at\":5,\"msg\":\"";
	struct storemeta_error got;

	(void)state;
	assert_int_equal(parse_error("{\"v\":1,\"code\":11,\"at\":5,"
				     "\"msg\":\"a\\u001b[2J\\r\\n\\u0000b"
				     "\x7f\xc2\x9b\"}",
				     &got),
			 0);
	assert_string_equal(got.msg, "a?[2J???b???");
	memset(text + strlen(text), 'm', 600);
	strcat(text, "\"}");
	assert_int_equal(parse_error(text, &got), 0);
	assert_int_equal(strlen(got.msg), DC_STORE_MESSAGE_MAX);
}

static void refuses_errors(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"{\"v\":1,\"code\":1000,\"msg\":\"m\",\"at\":5}",
		"{\"v\":1,\"code\":-1,\"msg\":\"m\",\"at\":5}",
		"{\"v\":1,\"code\":\"103\",\"msg\":\"m\",\"at\":5}",
		"{\"v\":1,\"code\":103,\"msg\":\"\",\"at\":5}",
		"{\"v\":1,\"code\":103,\"msg\":null,\"at\":5}",
		"{\"v\":1,\"code\":103,\"msg\":\"m\"}",
		"{\"v\":0,\"code\":103,\"msg\":\"m\",\"at\":5}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct storemeta_error got;

		if (parse_error(texts[i], &got) != -1)
			fail_msg("accepted: %s", texts[i]);
	}
}

static void a_minute_is_enough(void **state)
{
	const struct storemeta m = { .expires = 1000 };
	const struct storemeta none = { 0 };

	(void)state;
	assert_true(storemeta_is_valid(&m, 1000 - DC_STORE_MIN_LIFE));
	assert_false(storemeta_is_valid(&m, 1001 - DC_STORE_MIN_LIFE));
	assert_false(storemeta_is_valid(&m, INT64_MAX));
	assert_true(storemeta_is_valid(&m, 0));
	assert_true(storemeta_is_valid(&none, INT64_MAX));
}

/* For its account and audience, and for no other. */
static void is_for_what_is_asked(void **state)
{
	static const struct {
		const char *namespace;
		const char *name;
		const char *audience; /* asked for */
		const char *has;      /* the store's */
		bool is_for;
	} cases[] = {
		{ "ns", "sa", "api", "api", true },
		{ "ns", "sa", NULL, "", true },
		{ "ns", "sb", "api", "api", false },
		{ "nt", "sa", "api", "api", false },
		{ "n", "s/sa", "api", "api", false },
		{ "ns", "s", "api", "api", false },
		{ "ns", "sa", "vault", "api", false },
		{ "ns", "sa", "ap", "api", false },
		{ "ns", "sa", NULL, "api", false },
		{ "ns", "sa", "api", "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config_token t = {
			.namespace = cases[i].namespace,
			.service_account_name = cases[i].name,
			.audience = cases[i].audience,
		};
		struct storemeta m = { .account = "ns/sa", .expires = 1 };

		strcpy(m.audience, cases[i].has);
		assert_int_equal(storemeta_is_for(&m, &t), cases[i].is_for);
		assert_false(storemeta_is_for(&m, NULL));
		m.expires = 0;
		assert_false(storemeta_is_for(&m, &t));
		assert_true(storemeta_is_for(&m, NULL));
	}
}

static void names(void **state)
{
	static const struct {
		const char *name;
		bool generation, file;
	} t[] = {
		{ "..2026_11_25_10_40_37.123456789", true, false },
		{ "..a", true, false },
		{ "..", false, false },
		{ "...", false, false },
		{ "..data", false, false },
		{ "..data_tmp", false, false },
		{ "..a/b", false, false },
		{ "..a b", false, false },
		{ "../a", false, false },
		{ ".", false, false },
		{ "", false, false },
		{ "token", false, true },
		{ "ca.crt", false, true },
		{ ".x", false, true },
		{ ".ab", false, true },
		{ "a.b", false, true },
		{ "a/b", false, false },
		{ "a\n", false, false },
		{ "\xc3\xa9", false, false },
	};
	char longest[300];

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		size_t len = strlen(t[i].name);

		if (storemeta_is_generation(t[i].name, len) !=
			    t[i].generation ||
		    storemeta_is_file(t[i].name, len) != t[i].file)
			fail_msg("%s", t[i].name);
	}
	memset(longest, 'x', sizeof(longest));
	assert_true(storemeta_is_file(longest, DC_STORE_NAME_MAX));
	assert_false(storemeta_is_file(longest, DC_STORE_NAME_MAX + 1));
	memcpy(longest, "..", 2);
	assert_true(storemeta_is_generation(longest, DC_STORE_GENERATION_MAX));
	assert_false(
		storemeta_is_generation(longest, DC_STORE_GENERATION_MAX + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_members),
		cmocka_unit_test(null_is_none),
		cmocka_unit_test(skips_what_it_does_not_know),
		cmocka_unit_test(refuses),
		cmocka_unit_test(bounds_the_jti),
		cmocka_unit_test(reads_an_error),
		cmocka_unit_test(cleans_an_error),
		cmocka_unit_test(refuses_errors),
		cmocka_unit_test(a_minute_is_enough),
		cmocka_unit_test(is_for_what_is_asked),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
