/* SPDX-License-Identifier: Apache-2.0 */
#include "err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "delegate-credentials.h"
#include "errnotexts.h"

static void format(struct err *e, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/*
 * Formats aside first, so that e->msg itself may be an argument: that is how
 * a caller puts words in front of an error it was handed.
 */
static void format(struct err *e, size_t size, const char *fmt, va_list ap)
{
	char msg[sizeof(e->msg)];

	if (vsnprintf(msg, size, fmt, ap) < 0)
		msg[0] = '\0';
	memcpy(e->msg, msg, strlen(msg) + 1);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(e, sizeof(e->msg), fmt, ap);
	va_end(ap);
	e->code = code;
	return -1;
}

/* A long path gives way to the errno text: that is what says why. */
int err_sys(struct err *e, int code, int errnum, const char *fmt, ...)
{
	const char *text = err_errno_text(errnum);
	size_t behind = strlen(": ") + strlen(text);
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	format(e, sizeof(e->msg) - behind, fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", text);
	e->code = code;
	return -1;
}

bool err_is_forbidden(int errnum)
{
	return errnum == ENOSYS || errnum == EPERM || errnum == EACCES;
}

int err_call(struct err *e, int errnum, const char *call)
{
	if (errnum == EPERM)
		return err_sys(e, DC_CODE_KERNEL, errnum,
			       "allow %s(2): the caller's container lacks "
			       "CAP_SYS_ADMIN, or a seccomp filter is against "
			       "it",
			       call);
	if (errnum == ENOSYS)
		return err_sys(e, DC_CODE_KERNEL, errnum,
			       "allow %s(2), which needs Linux 5.14 and a "
			       "container without a seccomp filter against it",
			       call);
	if (errnum == EACCES)
		return err_sys(e, DC_CODE_KERNEL, errnum,
			       "allow %s(2): a security module, as AppArmor or "
			       "SELinux, is against it, or the caller's "
			       "container lacks CAP_DAC_OVERRIDE",
			       call);
	if (errnum == EFBIG)
		return err_sys(e, DC_CODE_INTERNAL, errnum,
			       "raise the caller's RLIMIT_FSIZE: %s failed",
			       call);
	if (errnum == EMFILE || errnum == ENFILE)
		return err_sys(e, DC_CODE_INTERNAL, errnum,
			       "raise the limit of open files: %s failed",
			       call);
	return err_sys(e, DC_CODE_INTERNAL, errnum,
		       "see the node's kernel log: %s failed", call);
}

int err_call_on(struct err *e, int errnum, const char *call, const char *path)
{
	err_call(e, errnum, call);
	return err_set(e, e->code, "%s: '%s'", e->msg, path);
}

const char *err_errno_text(int errnum)
{
	static _Thread_local char text[64];

	if (errnum > 0 && errnum < errno_text_count && errno_texts[errnum])
		return errno_texts[errnum];
	snprintf(text, sizeof(text), "errno %d", errnum);
	return text;
}
