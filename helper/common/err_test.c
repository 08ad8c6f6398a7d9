/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "err.h"

static void set_formats(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, 106, "correct %s: %d", "it", 7), -1);
	assert_int_equal(e.code, 106);
	assert_string_equal(e.msg, "correct it: 7");
}

static void set_may_wrap_its_own_message(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, 1, "inner");
	err_set(&e, 2, "outer: %s, once more: %s", e.msg, e.msg);
	assert_string_equal(e.msg, "outer: inner, once more: inner");
}

static void set_cuts(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, 1, "%0600d", 0);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
}

static void sys_appends_the_text(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&e, 107, ENOENT, "exec '%s'", "/x"), -1);
	assert_int_equal(e.code, 107);
	assert_string_equal(e.msg, "exec '/x': no such file or directory");
}

static void sys_keeps_the_text_when_it_cuts(void **state)
{
	static const char text[] = ": permission denied";
	struct err e = ERR_INIT;

	(void)state;
	err_sys(&e, 1, EACCES, "%0600d", 0);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_string_equal(e.msg + strlen(e.msg) - strlen(text), text);
}

static void call_says_where_to_look(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_call(&e, EIO, "fstat"), -1);
	assert_int_equal(e.code, DC_CODE_INTERNAL);
	assert_string_equal(e.msg, "see the node's kernel log: fstat failed: "
				   "input/output error");
	assert_int_equal(err_call(&e, ENOSYS, "statx"), -1);
	assert_int_equal(e.code, DC_CODE_KERNEL);
	assert_non_null(strstr(e.msg, "allow statx(2)"));
	assert_non_null(strstr(e.msg, "Linux 5.14"));
	assert_null(strstr(e.msg, "CAP_SYS_ADMIN"));
	assert_int_equal(err_call(&e, EPERM, "statx"), -1);
	assert_int_equal(e.code, DC_CODE_KERNEL);
	assert_non_null(strstr(e.msg, "allow statx(2)"));
	assert_non_null(strstr(e.msg, "CAP_SYS_ADMIN"));
	assert_non_null(strstr(e.msg, "seccomp filter"));
	assert_int_equal(err_call(&e, EACCES, "statx"), -1);
	assert_int_equal(e.code, DC_CODE_KERNEL);
	assert_non_null(strstr(e.msg, "allow statx(2)"));
	assert_non_null(strstr(e.msg, "AppArmor"));
	assert_non_null(strstr(e.msg, "CAP_DAC_OVERRIDE"));
}

static void call_names_the_path(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_call_on(&e, EPERM, "open", "/x"), -1);
	assert_int_equal(e.code, DC_CODE_KERNEL);
	assert_non_null(strstr(e.msg, "allow open(2)"));
	assert_non_null(strstr(e.msg, ": operation not permitted: '/x'"));
}

static void call_names_the_limit(void **state)
{
	static const struct {
		int errnum;
		const char *says;
	} limits[] = {
		{ EMFILE, "limit of open files" },
		{ ENFILE, "limit of open files" },
		{ EFBIG, "RLIMIT_FSIZE" },
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		assert_int_equal(err_call(&e, limits[i].errnum, "openat"), -1);
		assert_int_equal(e.code, DC_CODE_INTERNAL);
		assert_non_null(strstr(e.msg, limits[i].says));
	}
}

static const struct {
	int errnum;
	const char *text;
} texts[] = {
	{ ENOENT, "no such file or directory" },
	{ EACCES, "permission denied" },
	{ EPERM, "operation not permitted" },
	{ ENOEXEC, "exec format error" },
	{ ETXTBSY, "text file busy" },
	{ E2BIG, "argument list too long" },
	{ ELOOP, "too many levels of symbolic links" },
	{ ENOTDIR, "not a directory" },
	{ EINVAL, "invalid argument" },
	{ EDOTDOT, "RFS specific error" },
	{ ELIBSCN, ".lib section in a.out corrupted" },
	{ 0, "errno 0" },
	{ 1, "operation not permitted" },
	{ 41, "errno 41" },
	{ 58, "errno 58" },
	{ 132, "operation not possible due to RF-kill" },
#if defined(__x86_64__) || defined(__i386__)
	{ 133, "errno 133" },
#else
	{ 133, "memory page has hardware error" },
#endif
	{ 134, "errno 134" },
	{ 4095, "errno 4095" },
	{ -1, "errno -1" },
};

static void errno_texts_are_those_of_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(err_errno_text(texts[i].errnum),
				    texts[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_formats),
		cmocka_unit_test(set_may_wrap_its_own_message),
		cmocka_unit_test(set_cuts),
		cmocka_unit_test(sys_appends_the_text),
		cmocka_unit_test(sys_keeps_the_text_when_it_cuts),
		cmocka_unit_test(call_says_where_to_look),
		cmocka_unit_test(call_names_the_path),
		cmocka_unit_test(call_names_the_limit),
		cmocka_unit_test(errno_texts_are_those_of_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
