/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exec_credential.h"

static void is_what_client_go_decodes(void **state)
{
	struct err e = ERR_INIT;
	char *text = exec_credential_format("eyJ.eyJ.c-_", 1700000000, &e);

	(void)state;
	assert_string_equal(
		text, "{\"kind\":\"ExecCredential\","
		      "\"apiVersion\":\"client.authentication.k8s.io/v1\","
		      "\"status\":{"
		      "\"expirationTimestamp\":\"2023-11-14T22:13:20Z\","
		      "\"token\":\"eyJ.eyJ.c-_\"}}");
	free(text);
}

static void an_opaque_token_is_escaped(void **state)
{
	struct err e = ERR_INIT;
	char *text = exec_credential_format("a\"},\\", 0, &e);

	(void)state;
	assert_string_equal(
		text, "{\"kind\":\"ExecCredential\","
		      "\"apiVersion\":\"client.authentication.k8s.io/v1\","
		      "\"status\":{"
		      "\"expirationTimestamp\":\"1970-01-01T00:00:00Z\","
		      "\"token\":\"a\\\"},\\\\\"}}");
	free(text);
}

static void what_is_no_text_is_refused_unquoted(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(exec_credential_format("secret\xff", 0, &e));
	assert_string_equal(e.msg,
			    "fetch it anew: the token in the store is no text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_client_go_decodes),
		cmocka_unit_test(an_opaque_token_is_escaped),
		cmocka_unit_test(what_is_no_text_is_refused_unquoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
