/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "status_table.h"
#include "wrap.h"

#define NOW INT64_C(1700000000)

static struct store_state held(void)
{
	struct store_state s = {
		.present = true,
		.meta = { .issued = NOW - 773,
			  .expires = NOW + 2827,
			  .jti = "5c5ba5d5-1111-2222-3333-444444444444",
			  .account = "kube-system/userspace-cni" },
	};

	return s;
}

static void fail_with(struct store_state *s, int64_t at, const char *msg)
{
	s->failed = true;
	s->error.code = 103;
	s->error.at = at;
	strcpy(s->error.msg, msg);
}

static void assert_rule(const char *rule, const struct store_state *s,
			const char *expected)
{
	char out[1024];

	status_table_rule(rule, s, NOW, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void a_table(void **state)
{
	struct store_state s = held();
	char out[256];

	(void)state;
	status_table_head(out, sizeof(out));
	assert_string_equal(out, "RULE                  ACCOUNT"
				 "                               JTI       "
				 "EXPIRES IN\n");
	assert_int_equal(strlen(out), WRAP_COLUMNS + 1);
	assert_rule("userspace", &s,
		    "userspace             kube-system/userspace-cni"
		    "             5c5ba5d5  47m07s\n");
}

static void what_is_not_there(void **state)
{
	struct store_state s = held();

	(void)state;
	s.meta.expires = NOW;
	s.meta.jti[0] = '\0';
	assert_rule("a", &s,
		    "a                     kube-system/userspace-cni"
		    "             -         expired\n");
	s.meta.account[0] = '\0';
	s.meta.expires = 0;
	assert_rule("a", &s,
		    "a                     -                         "
		    "            -         never\n");
	s = held();
	s.present = false;
	assert_rule("a", &s,
		    "a                     -                         "
		    "            -         nothing\n");
}

static void durations(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 1, "  1s\n" },	   { 59, "  59s\n" },
		{ 60, "  1m00s\n" },	   { 3599, "  59m59s\n" },
		{ 3600, "  1h00m\n" },	   { 86399, "  23h59m\n" },
		{ 86400, "  1d00h\n" },	   { 31536000 + 7200, "  365d02h\n" },
		{ 4294967296, "  49710d06h\n" },
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_state s = held();

		s.meta.expires = NOW + cases[i].seconds;
		status_table_rule("a", &s, NOW, out, sizeof(out));
		assert_string_equal(out + strlen(out) - strlen(cases[i].text),
				    cases[i].text);
		assert_true(strlen(out) <= WRAP_COLUMNS + 1);
	}
}

static void long_names_are_cut(void **state)
{
	struct store_state s = held();

	(void)state;
	strcpy(s.meta.account, "a-namespace-that-is-long/an-account-that-is");
	assert_rule("a-rule-that-is-long-too", &s,
		    "a-rule-that-is-lo...  a-namespace-that-is-long/an-accou"
		    "...  5c5ba5d5  47m07s\n");
}

static void an_error_is_wrapped(void **state)
{
	struct store_state s = held();
	const char *lines;
	char out[1024];

	(void)state;
	s.present = false;
	fail_with(&s, NOW - 130,
		  "apply what multus-credential rbac prints: the account may "
		  "not create serviceaccounts/token in kube-system for "
		  "userspace-cni");
	status_table_rule("a", &s, NOW, out, sizeof(out));
	lines = strchr(out, '\n') + 1;
	assert_string_equal(
		lines,
		"  error 103, 2m10s ago: apply what multus-credential rbac "
		"prints: the account\n"
		"    may not create serviceaccounts/token in kube-system for "
		"userspace-cni\n");
	/* One word that is too long, from a clock that runs ahead. */
	memset(s.error.msg, 'x', 200);
	s.error.msg[200] = '\0';
	s.error.at = NOW + 5;
	status_table_rule("a", &s, NOW, out, sizeof(out));
	for (const char *p = out; *p; p = strchr(p, '\n') + 1)
		assert_true(strchr(p, '\n') - p <= WRAP_COLUMNS);
	assert_non_null(strstr(out, "  error 103, 0s ago: xxx"));
}

static void never_writes_beyond_the_end(void **state)
{
	struct store_state s = held();
	char whole[1024];

	(void)state;
	fail_with(&s, NOW, "word word word word word word word word word word "
			   "word word word word word word word word word word");
	status_table_rule("a", &s, NOW, whole, sizeof(whole));
	for (size_t size = 1; size < 300; size++) {
		char *out = malloc(size);

		status_table_rule("a", &s, NOW, out, size);
		assert_true(strncmp(out, whole, strlen(out)) == 0);
		free(out);
	}
}

static void assert_json(const struct store_state *s, const char *expected)
{
	json_t *rule = status_table_json("a", s, NOW);
	char *text = json_dumps(rule, JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
	json_decref(rule);
}

static void json(void **state)
{
	struct store_state s = held();

	(void)state;
	assert_json(&s, "{\"rule\":\"a\",\"present\":true,"
			"\"account\":\"kube-system/userspace-cni\","
			"\"audience\":null,"
			"\"jti\":\"5c5ba5d5-1111-2222-3333-444444444444\","
			"\"issued\":\"2023-11-14T22:00:27Z\","
			"\"expires\":\"2023-11-14T23:00:27Z\","
			"\"expiresInSeconds\":2827,\"error\":null}");
	memset(&s.meta, 0, sizeof(s.meta));
	s.present = false;
	fail_with(&s, NOW, "say \"so\"");
	assert_json(&s, "{\"rule\":\"a\",\"present\":false,\"account\":null,"
			"\"audience\":null,\"jti\":null,\"issued\":null,"
			"\"expires\":null,\"expiresInSeconds\":null,"
			"\"error\":{\"code\":103,\"msg\":\"say \\\"so\\\"\","
			"\"at\":\"2023-11-14T22:13:20Z\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(durations),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(an_error_is_wrapped),
		cmocka_unit_test(never_writes_beyond_the_end),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
