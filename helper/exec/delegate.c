/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
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
#include "outfit.h"
#include "signals.h"
#include "stage.h"
#include "supervise.h"
#include "view.h"

/* How long an ADD waits for its credential to come into the store. */
#define PATIENCE_US 5000000ULL

/* A plugin that is being installed: as Multus waits for it, so do we. */
#define EXEC_TRIES 6
#define EXEC_PAUSE_MS 1000

/* One run, from the plan to the last unmount. */
struct run {
	const struct request *request;
	struct report *report;
	int caller;
	struct signals *signals;
	struct view view;
	struct arena arena;
	struct plan plan;
	struct outfit outfit;
	struct stage stage;
};

static const struct err *or_null(const struct err *e)
{
	return e->code ? e : NULL;
}

static void gather_facts(const struct run *run, struct plan_facts *ret)
{
	const struct request *q = run->request;
	const struct view *v = &run->view;

	*ret = (struct plan_facts){
		.command = run->report->command,
		.directory = q->options.directory,
		.config_error = or_null(&q->config_error),
		.rule = q->rule,
		.store = q->options.store,
		.api_host = getenv(DC_ENV_API_HOST),
		.api_port = getenv(DC_ENV_API_PORT),
		.netconf = &q->netconf,
		.netconf_error = or_null(&q->netconf_error),
		.target_error = or_null(&v->target_error),
		.target = v->target,
	};
}

/* DEL and GC clean up, and STATUS asks how things are: none of them waits. */
static uint64_t wait_until(enum cni_command command)
{
	if (command != CNI_ADD && command != CNI_CHECK)
		return 0;
	return clock_us() + PATIENCE_US;
}

static int find_in_store(struct run *run, struct err *e)
{
	struct storewait wait = {
		.store = run->request->options.store,
		.rule = run->request->rule->name,
		.until = wait_until(run->report->command),
		.signals = run->signals,
		.caller = run->caller,
		.fd = -1,
	};
	int failed = material_in_store(run->request->rule, &wait,
				       &run->view.material, e);

	storewait_release(&wait);
	return failed;
}

/* A failed look leaves its reason for the plan. */
static void find_material(struct run *run, struct plan_facts *facts)
{
	const struct config_rule *rule = run->request->rule;
	struct err *e = &run->view.material_error;
	int failed;

	if (!plan_needs_material(facts))
		return;
	if (rule && !config_rule_directory(rule))
		failed = find_in_store(run, e);
	else
		failed = material_in_directory(
			plan_material(facts, &run->arena),
			rule && rule->kubeconfig, &run->view.material, e);
	facts->material_error = failed ? e : NULL;
}

static int make_plan(struct run *run, struct err *e)
{
	struct plan_facts facts;

	gather_facts(run, &facts);
	find_material(run, &facts);
	return plan_make(&facts, &run->arena, &run->plan, run->report, e);
}

/* What the caller's log says of the token; never the token. */
static void note_credential(const struct run *run)
{
	const struct storemeta *m = &run->view.material.store.meta;

	if (run->plan.source != SOURCE_STORE)
		return;
	memcpy(run->report->jti, m->jti, sizeof(m->jti));
	run->report->expires = m->expires;
}

static int equip(struct run *run, struct err *e)
{
	const struct request *q = run->request;

	if (stage_build(&run->plan, &q->options, &run->view, &run->stage,
			run->report, e) < 0)
		return -1;
	if (outfit_make(&run->plan, &q->input, &run->arena, &run->outfit, e) ==
	    0)
		return 0;
	stage_strike(&run->stage, run->report);
	return -1;
}

/* On error nothing is mounted. */
static int prepare(struct run *run, struct err *e)
{
	struct err why = ERR_INIT;

	if (make_plan(run, e) < 0)
		return -1;
	if (equip(run, &why) < 0) {
		if (plan_without(run->report->command, &why, &run->plan,
				 run->report, e) < 0)
			return -1;
		outfit_plain(&run->request->input, &run->outfit);
	}
	run->report->source = run->plan.source;
	note_credential(run);
	return 0;
}

static int explain_exec(int errnum, const char *plugin, struct err *e)
{
	/* One variable alone cannot do that: CONFIG_MAX_EXPANDED. */
	if (errnum == E2BIG)
		return err_sys(e, DC_CODE_NOT_STARTED, errnum,
			       "make the rule's env smaller, or raise the "
			       "caller's RLIMIT_STACK, of which it may take a "
			       "quarter: fork/exec %s",
			       plugin);
	if (errnum == ETXTBSY)
		return err_sys(e, DC_CODE_NOT_STARTED, errnum,
			       "end what writes the delegate: fork/exec %s",
			       plugin);
	return err_sys(e, DC_CODE_NOT_STARTED, errnum,
		       "install the delegate on the host: fork/exec %s",
		       plugin);
}

static int explain_failure(const struct child_failure *f, const char *plugin,
			   struct err *e)
{
	switch (f->step) {
	case CHILD_EXECS:
		return explain_exec(f->errnum, plugin, e);
	case CHILD_ENTERS:
		return err_sys(e,
			       err_is_forbidden(f->errnum) ? DC_CODE_KERNEL :
							     DC_CODE_INTERNAL,
			       f->errnum,
			       "run the caller with CAP_SYS_CHROOT, and "
			       "without a filter against fchdir(2), chroot(2) "
			       "and chdir(2): the delegate's root cannot be "
			       "entered");
	default:
		if (err_is_forbidden(f->errnum))
			return err_call(e, f->errnum,
					"prctl(2), dup2(2), rt_sigaction(2) "
					"and rt_sigprocmask");
		return err_sys(e, DC_CODE_INTERNAL, f->errnum,
			       "see the node's kernel log: the delegate "
			       "cannot be given its descriptors and signals");
	}
}

/* Whether SIGTERM has come at any time before the delegate started. */
static bool is_terminated(const struct run *run)
{
	return signals_terminated(run->signals) || run->signals->terminated;
}

/* False if there is no next try: SIGTERM came. */
static bool wait_before_next_try(const struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->signals->fd, .events = POLLIN },
		{ .fd = run->caller },
	};

	/* Takes the SIGCHLD of the last try, too. */
	if (is_terminated(run))
		return false;
	poll(fds, 2, EXEC_PAUSE_MS);
	return !is_terminated(run);
}

static void nothing_delivered(struct report *r)
{
	r->source = SOURCE_NONE;
	r->jti[0] = '\0';
	r->expires = 0;
}

/* So that nobody takes it for a delegate that ran and was killed. */
static int none_started(const struct run *run, int *ret)
{
	struct report *r = run->report;

	nothing_delivered(r);
	report_fallback(r, "SIGTERM came before the delegate started");
	*ret = SIGTERM; /* a wait status: ended by it */
	return 0;
}

static int start_and_wait(struct run *run, int *ret, struct err *e)
{
	const char *plugin = run->request->options.plugin;
	bool go_on = !is_terminated(run);
	struct child_failure failure;
	pid_t pid;

	for (int i = 1; go_on; i++) {
		if (caller_is_gone(run->caller))
			return caller_missing(e);
		if (child_start(run->stage.root, &run->outfit, plugin,
				run->signals, &pid, &failure, e) < 0)
			return is_terminated(run) ? none_started(run, ret) : -1;
		if (!failure.errnum) {
			*ret = supervise(pid, run->signals, run->caller,
					 run->report);
			return 0;
		}
		if (failure.errnum != ETXTBSY || i == EXEC_TRIES)
			return explain_failure(&failure, plugin, e);
		go_on = wait_before_next_try(run);
	}
	return none_started(run, ret);
}

static int run_prepared(struct run *run, int *ret, struct err *e)
{
	int failed = start_and_wait(run, ret, e);
	uint64_t ended = clock_us();

	if (failed)
		nothing_delivered(run->report);
	stage_strike(&run->stage, run->report);
	run->report->teardown_us = clock_us() - ended;
	return failed;
}

static int run_in_view(struct run *run, int *ret, struct err *e)
{
	uint64_t began = clock_us();

	if (prepare(run, e) < 0)
		return is_terminated(run) ? none_started(run, ret) : -1;
	run->report->setup_us = clock_us() - began;
	return run_prepared(run, ret, e);
}

int delegate_run(const struct request *q, struct signals *s, int caller,
		 int *ret, struct report *r, struct err *e)
{
	struct run run = {
		.request = q,
		.report = r,
		.caller = caller,
		.signals = s,
		.view = { .root = -1, .material = MATERIAL_INIT },
		.stage = { .root = -1, .tmpfs = -1, .bind = -1 },
	};
	int failed;

	if (is_terminated(&run))
		return none_started(&run, ret);
	/* Orphans of the delegate come to us while it runs. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_call(e, errno, "prctl");
	if (supervise_is_possible(e) < 0)
		return -1;
	if (view_look(q->options.root, &run.view, e) < 0)
		return -1;
	failed = run_in_view(&run, ret, e);
	fd_close(&run.stage.root);
	outfit_release(&run.outfit);
	view_release(&run.view);
	arena_free(&run.arena);
	return failed;
}
