/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct netconf plain;
static const struct netconf choosing = { .choice = "ipam.kubernetes",
					 .choice_line = 3,
					 .choice_column = 5 };
static const struct err unreadable = { DC_CODE_UNSAFE_REQUEST, "bad netconf" };
static const struct err missing = { DC_CODE_TRY_AGAIN, "no token" };
static const struct err unsafe = { DC_CODE_UNSAFE_HOST_PATH, "bad path" };
static const struct err old = { DC_CODE_KERNEL, "old kernel" };

static const char equipped[] =
	"copy the mount namespace\n"
	"mount a tmpfs on /var/run/secrets/kubernetes.io\n"
	"bind /cred\n"
	"    read-only on /var/run/secrets/kubernetes.io/serviceaccount\n"
	"run the delegate\n";
static const char alone[] = "run the delegate\n";

static void describe(const struct plan *p, char *out, size_t size)
{
	FILE *f = fmemopen(out, size, "w");

	assert_non_null(f);
	assert_int_equal(plan_print(p, f), 0);
	assert_int_equal(fclose(f), 0);
}

/* ops NULL: refused with code and msg. warning NULL: none. */
struct outcome {
	const char *ops;
	enum report_source source;
	int code;
	const char *msg;
	const char *warning;
};

static void check_outcome(size_t i, int r, const struct plan *p,
			  const struct report *report, const struct err *e,
			  const struct outcome *want)
{
	char ops[2048];

	assert_int_equal(report->source, want->source);
	assert_int_equal(report->fallback_count, want->warning != NULL);
	if (want->warning != NULL)
		assert_string_equal(report->fallbacks[0], want->warning);
	if (want->ops == NULL) {
		if (r != -1)
			fail_msg("row %zu: not refused", i);
		assert_int_equal(e->code, want->code);
		assert_string_equal(e->msg, want->msg);
		return;
	}
	if (r != 0)
		fail_msg("row %zu: %s", i, e->msg);
	describe(p, ops, sizeof(ops));
	assert_string_equal(ops, want->ops);
	assert_int_equal(p->source, want->source);
}

static const struct {
	enum cni_command command;
	const struct netconf *netconf;
	const struct err *netconf_error, *material_error, *target_error;
	enum plan_target target;
	struct outcome want;
} plans[] = {
	/* All is well: every verb gets the credential. */
	{ CNI_ADD,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { equipped, SOURCE_DIRECTORY, 0, "", NULL } },
	{ CNI_DEL,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { equipped, SOURCE_DIRECTORY, 0, "", NULL } },
	{ CNI_CHECK,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { equipped, SOURCE_DIRECTORY, 0, "", NULL } },
	{ CNI_GC,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { equipped, SOURCE_DIRECTORY, 0, "", NULL } },
	{ CNI_STATUS,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { equipped, SOURCE_DIRECTORY, 0, "", NULL } },
	/* VERSION needs nothing and trips over nothing. */
	{ CNI_OTHER,
	  NULL,
	  &unreadable,
	  &missing,
	  &unsafe,
	  TARGET_TAKEN,
	  { alone, SOURCE_NONE, 0, "", NULL } },
	{ CNI_OTHER,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "", NULL } },
	/* A netconf that cannot be read. */
	{ CNI_ADD,
	  NULL,
	  &unreadable,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_UNSAFE_REQUEST, "bad netconf", NULL } },
	{ CNI_CHECK,
	  NULL,
	  &unreadable,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_UNSAFE_REQUEST, "bad netconf", NULL } },
	{ CNI_STATUS,
	  NULL,
	  &unreadable,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_NOT_AVAILABLE, "bad netconf", NULL } },
	{ CNI_DEL,
	  NULL,
	  &unreadable,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "",
	    "ran without a credential: bad netconf" } },
	{ CNI_GC,
	  NULL,
	  &unreadable,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "",
	    "ran without a credential: bad netconf" } },
	/* A netconf that chooses: as upstream, whatever else is wrong. */
	{ CNI_ADD,
	  &choosing,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_FREE,
	  { alone, SOURCE_CONF, 0, "",
	    "delivered nothing: the network configuration chooses its own "
	    "credential with the key 'ipam.kubernetes' at line 3, column 5" } },
	{ CNI_STATUS,
	  &choosing,
	  NULL,
	  &missing,
	  &unsafe,
	  TARGET_TAKEN,
	  { alone, SOURCE_CONF, 0, "",
	    "delivered nothing: the network configuration chooses its own "
	    "credential with the key 'ipam.kubernetes' at line 3, column 5" } },
	/* No credential to be had. */
	{ CNI_ADD,
	  &plain,
	  NULL,
	  &missing,
	  &unsafe,
	  TARGET_TAKEN,
	  { NULL, SOURCE_NONE, DC_CODE_TRY_AGAIN, "no token", NULL } },
	{ CNI_CHECK,
	  &plain,
	  NULL,
	  &missing,
	  NULL,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_TRY_AGAIN, "no token", NULL } },
	{ CNI_STATUS,
	  &plain,
	  NULL,
	  &missing,
	  NULL,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_NOT_AVAILABLE, "no token", NULL } },
	{ CNI_DEL,
	  &plain,
	  NULL,
	  &missing,
	  NULL,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "", "ran without a credential: no token" } },
	{ CNI_GC,
	  &plain,
	  NULL,
	  &missing,
	  NULL,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "", "ran without a credential: no token" } },
	/* A target that cannot be looked at. */
	{ CNI_ADD,
	  &plain,
	  NULL,
	  NULL,
	  &unsafe,
	  TARGET_TAKEN,
	  { NULL, SOURCE_NONE, DC_CODE_UNSAFE_HOST_PATH, "bad path", NULL } },
	{ CNI_CHECK,
	  &plain,
	  NULL,
	  NULL,
	  &old,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_KERNEL, "old kernel", NULL } },
	{ CNI_STATUS,
	  &plain,
	  NULL,
	  NULL,
	  &unsafe,
	  TARGET_FREE,
	  { NULL, SOURCE_NONE, DC_CODE_NOT_AVAILABLE, "bad path", NULL } },
	{ CNI_DEL,
	  &plain,
	  NULL,
	  NULL,
	  &unsafe,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "", "ran without a credential: bad path" } },
	{ CNI_GC,
	  &plain,
	  NULL,
	  NULL,
	  &old,
	  TARGET_FREE,
	  { alone, SOURCE_NONE, 0, "",
	    "ran without a credential: old kernel" } },
	/* The host's own files win. */
	{ CNI_ADD,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_TAKEN,
	  { alone, SOURCE_HOST, 0, "", NULL } },
	{ CNI_DEL,
	  &plain,
	  NULL,
	  NULL,
	  NULL,
	  TARGET_TAKEN,
	  { alone, SOURCE_HOST, 0, "", NULL } },
};

static void decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plans); i++) {
		const struct plan_facts f = {
			.command = plans[i].command,
			.directory = "/cred",
			.netconf = plans[i].netconf,
			.netconf_error = plans[i].netconf_error,
			.material_error = plans[i].material_error,
			.target_error = plans[i].target_error,
			.target = plans[i].target,
		};
		struct report report = { .source = SOURCE_HOST };
		struct arena arena = { NULL };
		struct err e = ERR_INIT;
		struct plan p;
		int r;

		memset(&p, 0xff, sizeof(p));
		r = plan_make(&f, &arena, &p, &report, &e);
		check_outcome(i, r, &p, &report, &e, &plans[i].want);
		arena_free(&arena);
	}
}

static const struct {
	enum cni_command command;
	struct outcome want;
} without[] = {
	{ CNI_ADD, { NULL, SOURCE_NONE, DC_CODE_KERNEL, "old kernel", NULL } },
	{ CNI_CHECK,
	  { NULL, SOURCE_NONE, DC_CODE_KERNEL, "old kernel", NULL } },
	{ CNI_STATUS,
	  { NULL, SOURCE_NONE, DC_CODE_NOT_AVAILABLE, "old kernel", NULL } },
	{ CNI_DEL,
	  { alone, SOURCE_NONE, 0, "",
	    "ran without a credential: old kernel" } },
	{ CNI_GC,
	  { alone, SOURCE_NONE, 0, "",
	    "ran without a credential: old kernel" } },
	{ CNI_OTHER,
	  { alone, SOURCE_NONE, 0, "",
	    "ran without a credential: old kernel" } },
};

static void goes_on_without_where_it_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(without); i++) {
		struct report report = { .source = SOURCE_DIRECTORY };
		struct err e = ERR_INIT;
		struct plan p;
		int r;

		memset(&p, 0xff, sizeof(p));
		r = plan_without(without[i].command, &old, &p, &report, &e);
		check_outcome(i, r, &p, &report, &e, &without[i].want);
	}
}

/* The reason may be the error object itself. */
static void the_reason_may_be_the_answer(void **state)
{
	struct err e = { DC_CODE_KERNEL, "old kernel" };
	struct report report = { 0 };
	struct plan p;

	(void)state;
	assert_int_equal(plan_without(CNI_STATUS, &e, &p, &report, &e), -1);
	assert_int_equal(e.code, DC_CODE_NOT_AVAILABLE);
	assert_string_equal(e.msg, "old kernel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(goes_on_without_where_it_may),
		cmocka_unit_test(the_reason_may_be_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
