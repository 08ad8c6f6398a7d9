/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ERR_H
#define ERR_H

#include <stdarg.h>
#include <stdbool.h>

/*
 * What went wrong, for whoever reads the pod's events: the code is one of
 * enum dc_code, the message begins with what to do and never holds a secret.
 * Fixed size, no allocation: safe between fork and exec.
 */
struct err {
	int code;
	char msg[512];
};

#define ERR_INIT { 0, "" }

/*
 * All return -1, so that a caller can `return err_set(...)`. These two take
 * e->msg itself as an argument, so that a caller can put words before it.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * As err_set, with ": " and the text of the errno value errnum behind it: what
 * is too long loses its end, never that text.
 */
int err_sys(struct err *e, int code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Whether a call failed because there is none, or something is against it. */
bool err_is_forbidden(int errnum);

/*
 * For a system call that fails only where the kernel has none (before 5.14), it
 * is forbidden by a seccomp filter, a security module or for want of a capability
 * (DC_CODE_KERNEL), or the node itself is in trouble (DC_CODE_INTERNAL).
 */
int err_call(struct err *e, int errnum, const char *call);

/* The same, with the path or the file's name that it failed for behind it. */
int err_call_on(struct err *e, int errnum, const char *call, const char *path);

/*
 * The text of an errno value as Go prints it (lower-case first letter), so
 * that messages read as those that users know from Multus. Never NULL; good
 * until the thread's next call. EHWPOISON alone differs: Go has no text for it.
 */
const char *err_errno_text(int errnum);

#endif
