/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "delegate-credentials.h"
#include "../common/plan.h"
#include "caller.h"
#include "child.h"
#include "clock.h"
#include "delegate.h"
#include "fd.h"
#include "signals.h"
#include "stage.h"
#include "supervise.h"
#include "view.h"

static const struct err *or_null(const struct err *e)
{
	return e->code ? e : NULL;
}

static int make_plan(const struct request *q, const struct view *v,
		     struct plan *ret, struct report *r, struct err *e)
{
	struct plan_facts facts = {
		.command = r->command,
		.directory = q->options.directory,
		.netconf = &q->netconf,
		.netconf_error = or_null(&q->netconf_error),
		.material_error = or_null(&v->material_error),
		.target_error = or_null(&v->target_error),
		.target = v->target,
	};

	return plan_make(&facts, ret, r, e);
}

/* On error nothing is mounted, and the stage's root is given back. */
static int prepare(const struct request *q, const struct view *v,
		   struct stage *s, struct report *r, struct err *e)
{
	struct err why = ERR_INIT;
	struct plan plan;

	if (make_plan(q, v, &plan, r, e) < 0)
		return -1;
	if (stage_build(&plan, &q->options, v, s, r, &why) < 0 &&
	    plan_without(r->command, &why, &plan, r, e) < 0) {
		fd_close(&s->root);
		return -1;
	}
	r->source = plan.source;
	return 0;
}

static int explain_failure(const struct child_failure *f, const char *plugin,
			   struct err *e)
{
	if (f->in_exec)
		return err_set(e, DC_CODE_NOT_STARTED,
			       "install the delegate on the host: fork/exec "
			       "%s: %s",
			       plugin, err_errno_text(f->errnum));
	return err_sys(e, DC_CODE_INTERNAL, f->errnum,
		       "run the caller with CAP_SYS_CHROOT: the delegate's "
		       "root cannot be entered");
}

static int start_and_wait(const struct request *q, const struct stage *s,
			  const struct signals *signals, int caller, int *ret,
			  struct report *r, struct err *e)
{
	struct outcome outcome;
	struct child child;

	if (signals_terminated(signals)) {
		*ret = SIGTERM; /* a wait status: ended by it */
		return 0;
	}
	if (caller_is_gone(caller))
		return err_set(e, DC_CODE_INTERNAL,
			       "start the request again: its caller is gone");
	if (child_start(s->root, q->input.fd, q->options.plugin, signals,
			&child, e) < 0)
		return -1;
	supervise(&child, signals, caller, &outcome, r);
	if (!outcome.started)
		return explain_failure(&outcome.failure, q->options.plugin, e);
	*ret = outcome.wait_status;
	return 0;
}

static int run_on_stage(const struct request *q, struct stage *s,
			const struct signals *signals, int caller, int *ret,
			struct report *r, struct err *e)
{
	uint64_t ended;
	int failed;

	failed = start_and_wait(q, s, signals, caller, ret, r, e);
	ended = clock_us();
	stage_strike(s);
	fd_close(&s->root);
	r->teardown_us = clock_us() - ended;
	return failed;
}

static int run_in_view(const struct request *q, struct view *v,
		       const struct signals *signals, int caller, int *ret,
		       struct report *r, struct err *e)
{
	uint64_t began = clock_us();
	struct stage stage = { .root = -1, .tmpfs = -1 };

	if (prepare(q, v, &stage, r, e) < 0)
		return -1;
	r->setup_us = clock_us() - began;
	return run_on_stage(q, &stage, signals, caller, ret, r, e);
}

int delegate_run(const struct request *q, int caller, int *ret,
		 struct report *r, struct err *e)
{
	struct signals signals;
	struct view view;
	int failed;

	/* Orphans of the delegate come to us while it runs. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, DC_CODE_INTERNAL, errno, "prctl failed");
	if (signals_take(&signals, e) < 0)
		return -1;
	if (view_look(&q->options, &view, e) < 0)
		return -1;
	failed = run_in_view(q, &view, &signals, caller, ret, r, e);
	view_release(&view);
	return failed;
}
