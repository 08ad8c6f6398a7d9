/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OUTFIT_H
#define OUTFIT_H

#include "../common/arena.h"
#include "../common/err.h"
#include "../common/plan.h"
#include "input.h"

/* What the delegate is handed besides its mounts, made before the fork. */
struct outfit {
	char **environment; /* NULL-terminated; the arena's, or environ */
	int input;	    /* its stdin: in's own, or owned */
	bool owns_input;
};

/* As the caller gave it to us. */
void outfit_plain(const struct input *in, struct outfit *ret);

/*
 * Carries out the plan's PLAN_ENV and PLAN_CONF_KEY. Returns 0, or -1 with
 * DC_CODE_INTERNAL or what netconf_edit found, and nothing to release.
 */
int outfit_make(const struct plan *p, const struct input *in, struct arena *a,
		struct outfit *ret, struct err *e)
	__attribute__((warn_unused_result));

void outfit_release(struct outfit *o);

#endif
