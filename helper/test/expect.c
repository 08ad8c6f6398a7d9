// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void show(const struct job *j)
{
	print_error("status %x\nstdout: %.2000s\nstderr: %.2000s\nreport: %s\n",
		    j->status, j->out.buf, j->err.buf, j->report.buf);
}

void expect_ok(const struct job *j)
{
	if (j->ended && !j->status)
		return;
	show(j);
	fail_msg("the run did not succeed");
}

void expect_out(const struct job *j, const char *text)
{
	if (strstr(j->out.buf, text))
		return;
	show(j);
	fail_msg("'%s' was not printed", text);
}

void expect_no_out(const struct job *j, const char *text)
{
	if (!strstr(j->out.buf, text))
		return;
	show(j);
	fail_msg("'%s' was printed", text);
}

static const char *error_message(const struct job *j, json_t *answer, int code)
{
	json_error_t e;
	const char *msg = NULL;
	int got = -1;

	if (!answer || json_unpack_ex(answer, &e, 0, "{s:i, s:s}", "code", &got,
				      "msg", &msg)) {
		show(j);
		fail_msg("stdout is no CNI error");
	}
	if (got != code || !*msg || !WIFEXITED(j->status) ||
	    WEXITSTATUS(j->status) != 1) {
		show(j);
		fail_msg("code %d instead of %d", got, code);
	}
	return msg;
}

/* What report.error says must be what the caller was told. */
static void same_in_report(const struct job *j, int code)
{
	int reported = -1;

	if (!j->json)
		return; /* descriptor 3 was closed */
	json_unpack(j->json, "{s:{s:i}}", "error", "code", &reported);
	if (reported == code)
		return;
	show(j);
	fail_msg("the report's error is %d", reported);
}

void expect_error_says(const struct job *j, int code, const char *text)
{
	json_t *answer = json_loads(j->out.buf, JSON_REJECT_DUPLICATES, NULL);
	const char *msg = error_message(j, answer, code);

	same_in_report(j, code);
	if (!strstr(msg, text)) {
		show(j);
		fail_msg("the message does not say '%s'", text);
	}
	json_decref(answer);
}

void expect_error(const struct job *j, int code)
{
	expect_error_says(j, code, "");
}

static json_t *report_field(const struct job *j, const char *key)
{
	json_t *v = j->json ? json_object_get(j->json, key) : NULL;

	if (v)
		return v;
	show(j);
	fail_msg("the report has no %s", key);
	return NULL;
}

const char *report_text(const struct job *j, const char *key)
{
	const char *text = json_string_value(report_field(j, key));

	if (text)
		return text;
	show(j);
	fail_msg("%s in the report is no string", key);
	return NULL;
}

long long report_number(const struct job *j, const char *key)
{
	json_t *v = report_field(j, key);

	if (!json_is_integer(v)) {
		show(j);
		fail_msg("%s in the report is no number", key);
	}
	return json_integer_value(v);
}

size_t report_fallbacks(const struct job *j)
{
	return json_array_size(report_field(j, "fallbacks"));
}

bool report_fallback_says(const struct job *j, const char *text)
{
	json_t *v, *list = report_field(j, "fallbacks");
	size_t i;

	json_array_foreach(list, i, v)
		if (strstr(json_string_value(v), text))
			return true;
	return false;
}

void expect_source(const struct job *j, const char *source)
{
	bool is_stored = !strcmp(source, "store");

	if (!strcmp(report_text(j, "source"), source) &&
	    (is_stored || (json_is_null(report_field(j, "jti")) &&
			   json_is_null(report_field(j, "expires")))))
		return;
	show(j);
	fail_msg("the source is not %s", source);
}

void expect_none_started(const struct job *j)
{
	if (!WIFSIGNALED(j->status) || WTERMSIG(j->status) != SIGTERM ||
	    !report_fallback_says(j, "before the delegate started")) {
		show(j);
		fail_msg("SIGTERM did not end it before the delegate started");
	}
	expect_source(j, "none");
}

void expect_denied(struct world *w, const struct deny *deny, const char *config,
		   int code, const char *name)
{
	static const char *const clean_ups[] = { "DEL", "GC" };
	struct call c = { .deny = deny, .config = config,
			  .script = "try cat " DC_SA "/token" };
	struct job j;

	job_run(w, &c, &j);
	expect_error_says(&j, code, name);
	expect_no_out(&j, "/run");
	job_free(&j);
	for (size_t i = 0; i < sizeof(clean_ups) / sizeof(clean_ups[0]); i++) {
		c.command = clean_ups[i];
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, "cat ENOENT");
		expect_source(&j, "none");
		assert_true(report_fallback_says(&j, name));
		job_free(&j);
	}
	world_check(w);
}
