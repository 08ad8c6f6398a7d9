/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cnirequest.h"
#include "delegate-credentials.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define CHARS_50 "0123456789abcdefghijklmnopqrstuvwxyz-0123456789abc"
#define CHARS_250 CHARS_50 CHARS_50 CHARS_50 CHARS_50 CHARS_50

static void commands(void **state)
{
	static const struct {
		const char *text;
		enum cni_command command;
		const char *name;
	} t[] = {
		{ "ADD", CNI_ADD, "ADD" },
		{ "DEL", CNI_DEL, "DEL" },
		{ "CHECK", CNI_CHECK, "CHECK" },
		{ "GC", CNI_GC, "GC" },
		{ "STATUS", CNI_STATUS, "STATUS" },
		{ "VERSION", CNI_OTHER, "" },
		{ "add", CNI_OTHER, "" },
		{ "ADDX", CNI_OTHER, "" },
		{ "", CNI_OTHER, "" },
		{ NULL, CNI_OTHER, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		assert_int_equal(cni_command_parse(t[i].text), t[i].command);
		assert_string_equal(cni_command_name(t[i].command), t[i].name);
	}
}

static void splits_types(void **state)
{
	static const struct {
		const char *arg;
		const char *main, *ipam, *delegate, *delegate_ipam;
	} t[] = {
		{ "a,,,", "a", "", "", "" },
		{ "a,b,c,d", "a", "b", "c", "d" },
		{ "a,,c,", "a", "", "c", "" },
		{ "..., .,\\,x y", "...", " .", "\\", "x y" },
		{ CHARS_250 "12345,,,", CHARS_250 "12345", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct err e = ERR_INIT;
		struct cni_types got;

		memset(&got, 'x', sizeof(got));
		if (cni_types_parse(t[i].arg, &got, &e) < 0)
			fail_msg("%s: %s", t[i].arg, e.msg);
		assert_string_equal(got.main, t[i].main);
		assert_string_equal(got.ipam, t[i].ipam);
		assert_string_equal(got.delegate, t[i].delegate);
		assert_string_equal(got.delegate_ipam, t[i].delegate_ipam);
	}
}

static void refuses_types(void **state)
{
	static const struct {
		const char *arg;
		int code;
		const char *names; /* what the message has to name */
	} t[] = {
		{ "", DC_CODE_COMMAND_LINE, "--types" },
		{ "a", DC_CODE_COMMAND_LINE, "--types" },
		{ "a,,", DC_CODE_COMMAND_LINE, "--types" },
		{ "a,,,,", DC_CODE_COMMAND_LINE, "--types" },
		{ ",b,c,d", DC_CODE_COMMAND_LINE, "--types" },
		{ "a/b,,,", DC_CODE_UNSAFE_REQUEST, "'type'" },
		{ ".,,,", DC_CODE_UNSAFE_REQUEST, "'type'" },
		{ "a,..,,", DC_CODE_UNSAFE_REQUEST, "'ipam.type'" },
		{ "a,,/,", DC_CODE_UNSAFE_REQUEST, "'delegate.type'" },
		{ "a,,,x\n", DC_CODE_UNSAFE_REQUEST, "'delegate.ipam.type'" },
		{ "a,,,x\x7f", DC_CODE_UNSAFE_REQUEST, "'delegate.ipam.type'" },
		{ "a,\x1f,,", DC_CODE_UNSAFE_REQUEST, "'ipam.type'" },
		{ CHARS_250 "123456,,,", DC_CODE_UNSAFE_REQUEST, "'type'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct err e = ERR_INIT;
		struct cni_types got;

		if (cni_types_parse(t[i].arg, &got, &e) != -1)
			fail_msg("accepted: %s", t[i].arg);
		assert_int_equal(e.code, t[i].code);
		assert_memory_equal(e.msg, "correct ", 8);
		assert_non_null(strstr(e.msg, t[i].names));
	}
}

#define NS "K8S_POD_NAMESPACE="
#define NAME "K8S_POD_NAME="

static void reads_the_pod(void **state)
{
	static const struct {
		const char *args;
		const char *namespace, *name;
	} t[] = {
		{ NULL, "", "" },
		{ "", "", "" },
		{ ";;", "", "" },
		{ "IgnoreUnknown=1;" NS "kube-system;" NAME
		  "web-0.x;K8S_POD_UID=u",
		  "kube-system", "web-0.x" },
		{ NAME "p;" NS "n", "n", "p" },
		{ NS "a;" NS "b;" NAME "c;" NAME "d", "b", "d" },
		{ NS "a;" NS "B;" NAME "c;" NAME, "", "" },
		{ NS "n;" NAME "a=b", "n", "" },
		{ "X" NS "n;k8s_pod_name=p", "", "" },
		{ " " NS "n", "", "" },
		{ NAME "-a;" NS "a-", "", "" },
		{ NAME "a.-b;" NS "a-.b", "", "" },
		{ NAME "a..b;" NS ".a", "", "" },
		{ NAME "a.;" NS "a_b", "", "" },
		{ NAME "a\nb;" NS "\xc3\xa9", "", "" },
		{ NAME "a/../b;" NS "a--b", "a--b", "" },
		{ NAME CHARS_250 "123;" NS "0", "0", CHARS_250 "123" },
		{ NAME CHARS_250 "1234;" NS "0", "0", "" },
		{ "K8S_POD_NAME;" NS, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct cni_pod got;

		memset(&got, 'x', sizeof(got));
		cni_pod_parse(t[i].args, &got);
		if (strcmp(got.namespace, t[i].namespace) != 0 ||
		    strcmp(got.name, t[i].name) != 0)
			fail_msg("%s: '%s' '%s'", t[i].args, got.namespace,
				 got.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(splits_types),
		cmocka_unit_test(refuses_types),
		cmocka_unit_test(reads_the_pod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
