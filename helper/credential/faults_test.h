/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULTS_TEST_H
#define FAULTS_TEST_H

/*
 * For tests in which every call fails once. The linker leads the calls of our
 * own code here (FAULTS in helper/rules.mk), not those of the libraries.
 */

#include <curl/curl.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../common/arena.h"
#include "../common/err.h"
#include "delegate-credentials.h"

/* The how manieth call from now on fails; 0: none does. */
static long fuse;

/* Whether one did; the memory is shared with who started the attempt. */
static volatile bool *burnt;

/* Which one, and its reason. */
static const char *culprit;
static int reason;

static bool fails(const char *name, int number)
{
	if (fuse == 0 || --fuse > 0)
		return false;
	culprit = name;
	reason = number;
	*burnt = true;
	return true;
}

#define FAULT(type, name, bad, number, args, ...)                              \
	type __real_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__)                                        \
	{                                                                      \
		if (!fails(#name, number))                                     \
			return __real_##name args;                             \
		errno = number;                                                \
		return bad;                                                    \
	}

/* clang-format off */
FAULT(void *, malloc, NULL, ENOMEM, (n), size_t n)
FAULT(void *, calloc, NULL, ENOMEM, (n, m), size_t n, size_t m)
FAULT(void *, realloc, NULL, ENOMEM, (p, n), void *p, size_t n)
FAULT(char *, strdup, NULL, ENOMEM, (s), const char *s)
FAULT(void *, arena_alloc, NULL, ENOMEM, (a, n), struct arena *a, size_t n)
FAULT(char *, arena_copy, NULL, ENOMEM, (a, s, n), struct arena *a, const char *s, size_t n)
FAULT(FILE *, fopen, NULL, EIO, (p, m), const char *p, const char *m)
FAULT(FILE *, open_memstream, NULL, ENOMEM, (p, n), char **p, size_t *n)
FAULT(int, open, -1, EIO, (p, f, m), const char *p, int f, mode_t m)
FAULT(int, openat, -1, EIO, (d, p, f, m), int d, const char *p, int f, mode_t m)
FAULT(int, fstat, -1, EIO, (d, s), int d, struct stat *s)
FAULT(int, fstatat, -1, EIO, (d, p, s, f), int d, const char *p, struct stat *s, int f)
FAULT(ssize_t, readlinkat, -1, EIO, (d, p, b, n), int d, const char *p, char *b, size_t n)
FAULT(ssize_t, getdents64, -1, EIO, (d, b, n), int d, void *b, size_t n)
FAULT(ssize_t, read, -1, EIO, (d, b, n), int d, void *b, size_t n)
FAULT(ssize_t, write, -1, ENOSPC, (d, b, n), int d, const void *b, size_t n)
FAULT(int, mkdirat, -1, ENOSPC, (d, p, m), int d, const char *p, mode_t m)
FAULT(int, symlinkat, -1, ENOSPC, (t, d, p), const char *t, int d, const char *p)
FAULT(int, renameat, -1, EIO, (d, p, e, q), int d, const char *p, int e, const char *q)
FAULT(int, unlinkat, -1, EIO, (d, p, f), int d, const char *p, int f)
FAULT(int, flock, -1, ENOLCK, (d, o), int d, int o)
FAULT(int, setrlimit, -1, EPERM, (r, l), int r, const struct rlimit *l)
FAULT(int, prctl, -1, EPERM, (o, a, b, c, d), int o, long a, long b, long c, long d)
FAULT(long, syscall, -1, ENOSYS, (n, a, b, c), long n, void *a, void *b, void *c)
FAULT(int, inotify_init1, -1, EMFILE, (f), int f)
FAULT(int, inotify_add_watch, -1, ENOSPC, (d, p, m), int d, const char *p, uint32_t m)
FAULT(void *, seccomp_init, NULL, ENOMEM, (a), uint32_t a)
FAULT(int, seccomp_load, -EACCES, 0, (f), void *f)
FAULT(CURL *, curl_easy_init, NULL, 0, (), void)
FAULT(struct curl_slist *, curl_slist_append, NULL, 0, (l, s), struct curl_slist *l, const char *s)
/* clang-format on */

char *__wrap_arena_printf(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *__wrap_arena_printf(struct arena *a, const char *format, ...)
{
	char text[8192];
	va_list ap;
	int len;

	if (fails("arena_printf", ENOMEM))
		return NULL;
	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return __real_arena_copy(a, text, (size_t)len);
}

/* The second is what the first is with -D_FORTIFY_SOURCE. */
int __wrap_asprintf(char **ret, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list ap;
	int len = -1;

	va_start(ap, format);
	if (!fails("asprintf", ENOMEM))
		len = vasprintf(ret, format, ap);
	va_end(ap);
	return len;
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list ap;
	int len = -1;

	(void)flag;
	va_start(ap, format);
	if (!fails("asprintf", ENOMEM))
		len = vasprintf(ret, format, ap);
	va_end(ap);
	return len;
}

CURLcode __real_curl_easy_setopt(CURL *c, CURLoption o, void *v);
CURLcode __wrap_curl_easy_setopt(CURL *c, CURLoption o, void *v);
/* To let go of a list needs no memory. */
CURLcode __wrap_curl_easy_setopt(CURL *c, CURLoption o, void *v)
{
	if ((o == CURLOPT_HTTPHEADER && !v) || !fails("curl_easy_setopt", 0))
		return __real_curl_easy_setopt(c, o, v);
	return CURLE_OUT_OF_MEMORY;
}

static struct err err;

/* In the process of one attempt: it ends with what is wrong. */
static void need(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %d %s\n", what, err.code, err.msg);
	_exit(1);
}

/*
 * From here on nothing fails. Who fails has a reason, and says it; who does not
 * had none, but that a library can do without some memory.
 */
static bool over(int result)
{
	fuse = 0;
	need(result == 0 || *burnt, "it fails by itself");
	need(result != 0 || !culprit || !strcmp(culprit, "malloc"),
	     "a failure is ignored");
	need(result == 0 || (err.code && err.msg[0]), "no reason is given");
	return result == 0;
}

/* As over; and the reason is what failed, not what that led to. */
static bool over_with_reason(int result)
{
	const char *text = reason == ENOMEM ? "memory" : strerror(reason);

	need(result == 0 || !culprit || strcasestr(err.msg, text),
	     "another reason is given");
	return over(result);
}

typedef void attempt_fn(void);

/* The test program's: in front of each attempt. */
static void prepare(void);

/* The nth call fails. */
static bool try_once(attempt_fn *attempt, long n)
{
	pid_t pid;
	int status;

	prepare();
	err = (struct err)ERR_INIT;
	*burnt = false;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fuse = n;
		attempt();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("call %ld fails: wait status %#x", n, status);
	return *burnt;
}

static void every_call_fails_once(void **state)
{
	attempt_fn *const *attempt = *state;
	long n = 1;

	if (!burnt)
		burnt = mmap(NULL, 1, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(burnt != MAP_FAILED);
	while (try_once(*attempt, n))
		n++;
	assert_true(n > 1);
}

/* A test's state is a pointer to what it tries. */
#define ATTEMPT(f)                                                             \
	{ #f, every_call_fails_once, NULL, NULL, &(attempt_fn *){ f } }

#endif
