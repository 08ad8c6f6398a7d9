/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "storeformat.h"

static void check_meta(const struct store_generation *g, const char *want)
{
	struct err e = ERR_INIT;
	char text[DC_STORE_META_MAX];
	int len = storeformat_meta(g, text, &e);

	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, (size_t)len);
}

static void metadata_is_written(void **state)
{
	struct store_generation g = {
		.issued = 1764067237,
		.expires = 1764070837,
		.jti = "j-1",
		.audience = "a\"b",
		.account = "ns/sa",
	};

	(void)state;
	check_meta(&g, "{\"v\":1,\"issued\":1764067237,\"expires\":1764070837,"
		       "\"jti\":\"j-1\",\"audience\":\"a\\\"b\","
		       "\"account\":\"ns/sa\"}");
	g = (struct store_generation){ .issued = 1, .jti = "" };
	check_meta(&g, "{\"v\":1,\"issued\":1,\"expires\":null,\"jti\":null,"
		       "\"audience\":null,\"account\":null}");
}

/* What a reader would not take is not published. */
static void what_cannot_be_read_is_refused(void **state)
{
	struct store_generation g = { .issued = 1, .expires = 2 };
	char text[DC_STORE_META_MAX], audience[DC_STORE_META_MAX];
	struct err e = ERR_INIT;

	(void)state;
	g.audience = "\xc3\xa9";
	assert_int_equal(storeformat_meta(&g, text, &e), -1);
	g.audience = audience;
	memset(audience, 'a', sizeof(audience));
	audience[DC_STORE_AUDIENCE_MAX] = '\0';
	assert_true(storeformat_meta(&g, text, &e) > 0);
	audience[DC_STORE_AUDIENCE_MAX] = 'a';
	audience[DC_STORE_AUDIENCE_MAX + 1] = '\0';
	assert_int_equal(storeformat_meta(&g, text, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	assert_non_null(strstr(e.msg, "correct the audience"));
	memset(audience, 'a', sizeof(audience));
	audience[sizeof(audience) - 1] = '\0';
	assert_int_equal(storeformat_meta(&g, text, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	assert_string_equal(e.msg, "shorten the audience of the token");
}

static void errors_are_written(void **state)
{
	struct err why = { 103, "run \"this\"\n\x07 eyJhbGciOiJ" };
	static const char want[] =
		"{\"v\":1,\"code\":103,\"msg\":\"run \\\"this\\\" ? "
		"[hidden]\",\"at\":7}";
	char text[DC_STORE_META_MAX];
	struct err e = ERR_INIT;
	struct storemeta_error again;
	int len;

	(void)state;
	len = storeformat_error(&why, 7, text, &e);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(text, want, (size_t)len);
	memset(why.msg, '"', sizeof(why.msg));
	why.msg[sizeof(why.msg) - 1] = '\0';
	len = storeformat_error(&why, 7, text, &e);
	assert_true(len > 0);
	assert_int_equal(storemeta_parse_error(text, (size_t)len, &again, &e),
			 0);
	assert_int_equal(strlen(again.msg), DC_STORE_MESSAGE_MAX);
}

static void generations_are_named(void **state)
{
	char name[DC_STORE_GENERATION_MAX + 1];

	(void)state;
	storeformat_generation(1764067237, 5, name);
	assert_string_equal(name, "..2025_11_25_10_40_37.000000005");
	assert_true(storemeta_is_generation(name, strlen(name)));
	storeformat_generation(253402300799, 999999999, name);
	assert_true(storemeta_is_generation(name, strlen(name)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_is_written),
		cmocka_unit_test(what_cannot_be_read_is_refused),
		cmocka_unit_test(errors_are_written),
		cmocka_unit_test(generations_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
