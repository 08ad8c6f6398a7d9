// SPDX-License-Identifier: Apache-2.0
#include "sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

static const int errors[] = {
	EIO, ENOMEM, ENOSPC, EINTR, EACCES, ENOSYS,
};
#define ERRORS (sizeof(errors) / sizeof(errors[0]))

enum result { WHOLE, WITHOUT, REFUSED, WRONG };

struct sweep {
	struct world *world;
	const struct scenario *scenario;
	char *whole;   /* what the delegate prints with its credential */
	char *without; /* and without: of DEL, else NULL */
	char *source;
	int status; /* as the delegate ends */
	long points;
	long results[WRONG + 1];
};

/*
 * Calls that are let be: they have no error that the kernel could give, so
 * nothing looks for one. What the C library does before main is not swept
 * either: nothing of ours has run by then.
 */
static bool is_spared(long nr)
{
	switch (nr) {
	case SYS_exit_group: /* does not return */
	case SYS_getpid:
	case SYS_getppid:
	case SYS_umask:
	case SYS_wait4: /* of any child, without waiting: ECHILD only */
	case SYS_kill:	/* to itself, to end as the delegate did */
		return true;
	default:
		return false;
	}
}

/* A DEL runs without its credential, but for what nothing can run without. */
static const struct {
	long nr;
	int code;
} needed_by_all[] = {
	/* the netconf is the delegate's stdin */
	{ SYS_memfd_create, DC_CODE_INTERNAL },
	{ SYS_read, DC_CODE_INTERNAL },
	{ SYS_write, DC_CODE_INTERNAL },
	{ SYS_lseek, DC_CODE_INTERNAL },
	{ SYS_fcntl, DC_CODE_INTERNAL },
	{ SYS_mmap, DC_CODE_INTERNAL },
	/* nobody would reap and end it */
	{ SYS_prctl, DC_CODE_INTERNAL },
	{ SYS_rt_sigaction, DC_CODE_INTERNAL },
	{ SYS_rt_sigprocmask, DC_CODE_INTERNAL },
	{ SYS_signalfd4, DC_CODE_INTERNAL },
	{ SYS_poll, DC_CODE_INTERNAL },
	/* its root */
	{ SYS_openat, DC_CODE_UNSAFE_REQUEST },
#ifdef SYS_open
	{ SYS_open, DC_CODE_UNSAFE_REQUEST },
#endif
	/* its process */
	{ SYS_clone, DC_CODE_INTERNAL },
};

/* --- one run ---------------------------------------------------------------- */

static bool is_kept(const char *line)
{
	static const char *const kept[] = {
		"environ ", "argv ", "cwd ", "signal ", "pdeathsig ", "umask ",
		"SigBlk:", "SigIgn:", "Seccomp:", "NoNewPrivs:", "CapEff:",
		"subreaper ", "securebits ", "fd ", "{", "mount ",
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!strncmp(line, kept[i], strlen(kept[i])))
			return true;
	return false;
}

/* From the mount point on, with the options that it has wherever there is one. */
static char *settle_mount(char *line)
{
	static const char optional[] = ",noswap";
	char *at = strstr(line, optional);

	if (at)
		memmove(at, at + strlen(optional), strlen(at + strlen(optional)) + 1);
	return strstr(line, " " WORLD_TARGET);
}

/* What differs from run to run is taken out of what "self" prints. */
static char *normalize(const char *out)
{
	char *ret = strdup(out), *to, *line, *save = NULL;
	char *copy = strdup(out), *self = strstr(copy, "/self\n");

	to = self ? ret + (self - copy) : NULL;
	for (line = self ? strtok_r(self, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!is_kept(line))
			continue;
		if (!strncmp(line, "fd ", 3))
			line[strcspn(line + 3, " ") + 3] = '\0';
		if (!strncmp(line, "mount ", 6))
			line = settle_mount(line);
		to += sprintf(to, "\n%s", line);
	}
	free(copy);
	return ret;
}

static void show(const struct job *j, const struct fault *f)
{
	print_error("call %ld (number %ld, first argument %lu), %s: status %x\n"
		    "stdout: %.3000s\nstderr: %s\nreport: %s\n",
		    f->n, f->nr, f->arg, strerrorname_np(f->error), j->status,
		    j->out.buf, j->err.buf, j->report.buf);
}

/* A fault, or NULL for a run without. */
static void run(struct sweep *s, struct fault *f, struct job *j)
{
	struct call c = s->scenario->call;

	c.trace = f != NULL;
	if (s->scenario->before)
		daemon_do(s->world, "%s", s->scenario->before);
	job_start(s->world, &c, j);
	if (f)
		trace_fault(j, f);
	job_end(j);
	if (strstr(c.script, "wait-last"))
		job_last(s->world);
	job_eof(j);
	if (s->scenario->after)
		daemon_do(s->world, "%s", s->scenario->after);
}

/* --- what may become of it -------------------------------------------------- */

/* What a message begins with: something to do. */
static bool is_advice(const char *msg)
{
	static const char *const verbs[] = {
		"allow ", "give ",  "install ", "leave ", "make ",
		"mount ", "raise ", "repair ",	"run ",	  "see ",
		"set ",	  "start ", "use ",
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strncmp(msg, verbs[i], strlen(verbs[i])))
			return true;
	return false;
}

/*
 * And what is in it: why. But malloc does not tell, and where there is no statx the
 * C library does without.
 */
static bool says_why(const char *text, const struct fault *f)
{
	return f->nr == SYS_brk || f->nr == SYS_mmap ||
	       (f->nr == SYS_statx && f->error == ENOSYS) ||
	       strcasestr(text, strerrordesc_np(f->error));
}

/* The code of the CNI error that is all of the output; 0 for anything else. */
static int error_code(const struct job *j)
{
	json_t *e = json_loads(j->out.buf, JSON_REJECT_DUPLICATES, NULL);
	const char *msg;
	int code = 0;

	if (e && json_unpack(e, "{s:i, s:s}", "code", &code, "msg", &msg) == 0 &&
	    !is_advice(msg))
		code = 0;
	json_decref(e);
	return j->status == 1 << 8 ? code : 0;
}

static bool is_refusal(int error)
{
	return error == ENOSYS || error == EACCES;
}

static bool may_refuse(const struct sweep *s, const struct fault *f, int code)
{
	/* A kernel that has the call, and allows it, is not to blame. */
	if (code == DC_CODE_KERNEL && !is_refusal(f->error))
		return false;
	if (!s->without)
		return true;
	for (size_t i = 0; i < sizeof(needed_by_all) / sizeof(needed_by_all[0]);
	     i++)
		if (needed_by_all[i].nr == f->nr &&
		    (needed_by_all[i].code == code ||
		     (is_refusal(f->error) && code == DC_CODE_KERNEL)))
			return true;
	return false;
}

static enum result classify(const struct sweep *s, const struct job *j,
			    const struct fault *f)
{
	char *out = normalize(j->out.buf);
	bool is_whole = !strcmp(out, s->whole);
	bool is_without = s->without && !strcmp(out, s->without);
	int code = error_code(j);

	free(out);
	if (j->status == s->status && is_whole)
		return WHOLE;
	if (j->status == s->status && is_without)
		return WITHOUT;
	return code && may_refuse(s, f, code) ? REFUSED : WRONG;
}

static bool is_reported(const struct sweep *s, const struct job *j,
			const struct fault *f, enum result r)
{
	int code = 0;

	/* It is the report that failed, or its descriptor. */
	if (!j->json)
		return !j->report.len &&
		       (f->nr == SYS_write || f->nr == SYS_fcntl);
	json_unpack(j->json, "{s:{s:i}}", "error", "code", &code);
	if (r == REFUSED)
		return code == error_code(j) && says_why(j->out.buf, f);
	if (r == WITHOUT)
		return !code && !strcmp(report_text(j, "source"), "none") &&
		       report_fallback_says(j, "ran without a credential") &&
		       says_why(j->report.buf, f);
	return !code && !strcmp(report_text(j, "source"), s->source);
}

static enum result judge(const struct sweep *s, const struct job *j,
			 const struct fault *f)
{
	enum result r = classify(s, j, f);

	if (strstr(j->err.buf, s->world->token) ||
	    strstr(j->report.buf, s->world->token) || !is_reported(s, j, f, r))
		r = WRONG;
	if (r == WRONG)
		show(j, f);
	return r;
}

/* --- the sweep -------------------------------------------------------------- */

static bool fails_once(struct sweep *s, long n, int error)
{
	struct fault f = {
		.where = s->scenario->where,
		.n = n,
		.error = error,
		.spare = s->scenario->spare ?: is_spared,
	};
	enum result r;
	struct job j;

	run(s, &f, &j);
	r = judge(s, &j, &f);
	if (f.hit) {
		s->points++;
		s->results[r]++;
	} else {
		assert_int_equal(r, WHOLE);
	}
	job_free(&j);
	world_check(s->world);
	return f.hit;
}

static char *output_of(struct sweep *s, struct job *j)
{
	run(s, NULL, j);
	return normalize(j->out.buf);
}

static void take_whole(struct sweep *s)
{
	struct job j;

	s->whole = output_of(s, &j);
	s->status = j.status;
	s->source = strdup(report_text(&j, "source"));
	job_free(&j);
}

static void take_without(struct sweep *s)
{
	static const struct deny deny[] = { { .nr = SYS_fsopen, .error = ENOSYS },
					    { 0 } };
	const struct scenario *given = s->scenario;
	struct scenario denied = *given;
	struct job j;

	denied.call.deny = deny;
	s->scenario = &denied;
	s->without = output_of(s, &j);
	s->scenario = given;
	assert_int_equal(j.status, s->status);
	job_free(&j);
}

void sweep(struct world *w, const struct scenario *scenario, long calls_min)
{
	struct sweep s = { .world = w, .scenario = scenario };
	bool more = true;
	long n = 0;

	take_whole(&s);
	if (scenario->call.command)
		take_without(&s);
	for (; more; n += test_stride())
		for (size_t i = 0; i < ERRORS && more; i++)
			more = fails_once(&s, n, errors[i]);
	print_message("%ld calls, %ld points: %ld as ever, %ld without a "
		      "credential, %ld refused\n",
		      n - 1, s.points, s.results[WHOLE], s.results[WITHOUT],
		      s.results[REFUSED]);
	free(s.whole);
	free(s.without);
	free(s.source);
	assert_int_equal(s.results[WRONG], 0);
	assert_true(n > calls_min);
}
