/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "request.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct config_token unbound = {
	.namespace = "kube-system",
	.service_account_name = "userspace-cni",
	.expiration_seconds = 3600,
};

static void paths_are_made(void **state)
{
	const struct config_config_map map = { "ns", "kube-root-ca.crt", NULL,
					       0 };
	struct err e = ERR_INIT;
	struct request r;

	(void)state;
	assert_int_equal(request_config_map(&map, &r, &e), 0);
	assert_string_equal(r.path, "/api/v1/namespaces/ns/configmaps/"
				    "kube-root-ca.crt");
	assert_string_equal(r.verb, "get");
	assert_int_equal(request_token(&unbound, &r, &e), 0);
	assert_string_equal(r.path, "/api/v1/namespaces/kube-system/"
				    "serviceaccounts/userspace-cni/token");
	assert_string_equal(r.verb, "create");
	assert_string_equal(r.resource, "serviceaccounts/token");
}

static const char *const bad_names[] = {
	"", ".", "..", "../x", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\n", "-a",
};

static void a_name_cannot_lead_elsewhere(void **state)
{
	struct request r;

	(void)state;
	for (size_t i = 0; i < COUNT(bad_names); i++) {
		struct config_token token = unbound;
		struct err e = ERR_INIT;

		token.service_account_name = bad_names[i];
		assert_int_equal(request_token(&token, &r, &e), -1);
		assert_int_equal(e.code, DC_CODE_CONFIG);
		token = unbound;
		token.namespace = bad_names[i];
		assert_int_equal(request_token(&token, &r, &e), -1);
	}
}

static void what_it_is_bound_to_has_to_be_known(void **state)
{
	struct config_token bound = unbound;
	struct err e = ERR_INIT;
	char *body;

	(void)state;
	bound.bound_to = CONFIG_BOUND_TO_NODE;
	assert_int_equal(request_token_body(&bound, NULL, &body, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	bound.bound_to = CONFIG_BOUND_TO_SECRET;
	assert_int_equal(request_token_body(&bound, "n", &body, &e), -1);
}

static void check_body(const struct config_token *t, const char *want)
{
	struct err e = ERR_INIT;
	char *body;

	assert_int_equal(request_token_body(t, "n", &body, &e), 0);
	assert_string_equal(body, want);
	free(body);
}

#define BODY(spec)                                                             \
	"{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":"               \
	"\"TokenRequest\",\"spec\":{" spec "}}"

static void bodies_are_made(void **state)
{
	struct config_token t = unbound;

	(void)state;
	check_body(&t,
		   BODY("\"audiences\":[],\"expirationSeconds\":3600"));
	t.audience = "\"a\"";
	t.expiration_seconds = CONFIG_MAX_EXPIRATION;
	t.bound_to = CONFIG_BOUND_TO_NODE;
	check_body(&t,
		   BODY("\"audiences\":[\"\\\"a\\\"\"],\"expirationSeconds\":"
			"4294967296,\"boundObjectRef\":{\"apiVersion\":\"v1\","
			"\"kind\":\"Node\",\"name\":\"n\"}"));
	t = unbound;
	t.bound_to = CONFIG_BOUND_TO_SECRET;
	t.bound_name = "s";
	check_body(&t,
		   BODY("\"audiences\":[],\"expirationSeconds\":3600,"
			"\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":"
			"\"Secret\",\"name\":\"s\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_made),
		cmocka_unit_test(a_name_cannot_lead_elsewhere),
		cmocka_unit_test(what_it_is_bound_to_has_to_be_known),
		cmocka_unit_test(bodies_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
