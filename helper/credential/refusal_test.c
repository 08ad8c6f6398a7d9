/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "refusal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define STATUS                                                                 \
	"{\"kind\":\"Status\",\"reason\":\"Reason\",\"message\":\"why\"}"
#define WHAT                                                                   \
	"create serviceaccounts/token 'sa' in namespace 'ns': HTTP status "

static const struct request token = {
	.verb = "create",
	.resource = "serviceaccounts/token",
	.namespace = "ns",
	.name = "sa",
};

static const struct {
	long status;
	int code;
	const char *msg;
} answers[] = {
	{ 400, DC_CODE_FORBIDDEN,
	  "correct the rule in F: " WHAT "400, Reason: why" },
	{ 401, DC_CODE_FORBIDDEN,
	  "let the API server know the account of multus-credential, which "
	  "may not " WHAT "401, Reason: why" },
	{ 403, DC_CODE_FORBIDDEN,
	  "run 'multus-credential rbac --config=F | kubectl apply -f -': "
	  "multus-credential may not " WHAT "403, Reason: why" },
	{ 404, DC_CODE_FORBIDDEN,
	  "create what is missing, or name another in F: " WHAT
	  "404, Reason: why" },
	{ 409, DC_CODE_FORBIDDEN,
	  "correct the rule in F: " WHAT "409, Reason: why" },
	{ 422, DC_CODE_FORBIDDEN,
	  "correct the rule in F: " WHAT "422, Reason: why" },
	{ 302, DC_CODE_TRY_AGAIN,
	  "wait for the API server: " WHAT "302, Reason: why" },
	{ 408, DC_CODE_TRY_AGAIN,
	  "wait for the API server: " WHAT "408, Reason: why" },
	{ 429, DC_CODE_TRY_AGAIN,
	  "wait for the API server: " WHAT "429, Reason: why" },
	{ 503, DC_CODE_TRY_AGAIN,
	  "wait for the API server: " WHAT "503, Reason: why" },
};

static void a_refusal_says_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct api_answer a = { .status = answers[i].status,
					.body = (char *)STATUS,
					.len = strlen(STATUS) };
		struct err e = ERR_INIT;

		assert_false(refusal_is_none(&a));
		assert_int_equal(refusal_err(&token, &a, "F", &e), -1);
		assert_string_equal(e.msg, answers[i].msg);
		assert_int_equal(e.code, answers[i].code);
		assert_int_equal(refusal_is_passing(&a),
				 e.code == DC_CODE_TRY_AGAIN);
	}
}

static void success_is_none(void **state)
{
	const struct api_answer ok = { .status = 200 };
	const struct api_answer created = { .status = 201 };
	const struct api_answer empty = { .status = 204 };

	(void)state;
	assert_true(refusal_is_none(&ok));
	assert_true(refusal_is_none(&created));
	assert_false(refusal_is_none(&empty));
}

static const struct {
	const char *type;
	const char *came;
} types[] = {
	{ "text/html", "came with Content-Type text/html: " },
	{ "", "came without a Content-Type: " },
};

static void another_type_says_what_came(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct api_answer a = { .status = 201,
					.body = (char *)"secret" };
		struct err e = ERR_INIT;
		char msg[512];

		strcpy(a.content_type, types[i].type);
		snprintf(msg, sizeof(msg),
			 "let the API server, and what is between it and this "
			 "program, answer in JSON: HTTP status 201 %screate "
			 "serviceaccounts/token 'sa' in namespace 'ns'",
			 types[i].came);
		assert_int_equal(refusal_of_type(&token, &a, &e), -1);
		assert_string_equal(e.msg, msg);
		assert_int_equal(e.code, DC_CODE_TRY_AGAIN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_says_what_to_do),
		cmocka_unit_test(success_is_none),
		cmocka_unit_test(another_type_says_what_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
