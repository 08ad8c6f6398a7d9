/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <string.h>

#include "delegate-credentials.h"

static void add_op(struct plan *p, enum plan_op_kind kind, const char *path,
		   const char *from)
{
	p->ops[p->count++] = (struct plan_op){ kind, path, from };
}

/* The delegate runs as it would without us. */
static int run_plainly(enum report_source source, struct plan *ret,
		       struct report *r)
{
	memset(ret, 0, sizeof(*ret));
	ret->source = source;
	r->source = source;
	add_op(ret, PLAN_RUN, NULL, NULL);
	return 0;
}

static int run_with(const char *directory, struct plan *ret, struct report *r)
{
	memset(ret, 0, sizeof(*ret));
	ret->source = SOURCE_DIRECTORY;
	r->source = SOURCE_DIRECTORY;
	add_op(ret, PLAN_PRIVATE_COPY, NULL, NULL);
	add_op(ret, PLAN_TMPFS, "/" DC_VAR_RUN "/" DC_SECRETS_DIR, NULL);
	add_op(ret, PLAN_BIND, DC_SERVICE_ACCOUNT_DIR, directory);
	add_op(ret, PLAN_RUN, NULL, NULL);
	return 0;
}

int plan_without(enum cni_command command, const struct err *why,
		 struct plan *ret, struct report *r, struct err *e)
{
	r->source = SOURCE_NONE;
	switch (command) {
	case CNI_ADD:
	case CNI_CHECK:
		return err_set(e, why->code, "%s", why->msg);
	case CNI_STATUS:
		return err_set(e, DC_CODE_NOT_AVAILABLE, "%s", why->msg);
	default:
		report_fallback(r, "ran without a credential: %s", why->msg);
		return run_plainly(SOURCE_NONE, ret, r);
	}
}

static int run_by_own_choice(const struct netconf *n, struct plan *ret,
			     struct report *r)
{
	report_fallback(r,
			"delivered nothing: the network configuration chooses "
			"its own credential with the key '%s' at line %zu, "
			"column %zu",
			n->choice, n->choice_line, n->choice_column);
	return run_plainly(SOURCE_CONF, ret, r);
}

int plan_make(const struct plan_facts *f, struct plan *ret, struct report *r,
	      struct err *e)
{
	if (f->command == CNI_OTHER)
		return run_plainly(SOURCE_NONE, ret, r);
	if (f->netconf_error != NULL)
		return plan_without(f->command, f->netconf_error, ret, r, e);
	if (f->netconf->choice[0] != '\0')
		return run_by_own_choice(f->netconf, ret, r);
	if (f->material_error != NULL)
		return plan_without(f->command, f->material_error, ret, r, e);
	if (f->target_error != NULL)
		return plan_without(f->command, f->target_error, ret, r, e);
	if (f->target == TARGET_TAKEN)
		return run_plainly(SOURCE_HOST, ret, r);
	return run_with(f->directory, ret, r);
}
