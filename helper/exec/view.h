/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VIEW_H
#define VIEW_H

#include "../common/err.h"
#include "../common/plan.h"
#include "fd.h"
#include "material.h"

/*
 * What the caller's mount namespace shows before anything is changed: the
 * facts for the plan, and the identities by which a later look in the private
 * copy can tell that it sees the same directories.
 */
struct view {
	int root; /* owned, until stage_build takes it */
	struct fd_identity run;
	enum plan_target target;
	struct err target_error; /* code 0: target is valid */
	/* Filled by whoever needs it; not open until then. */
	struct material material;
	struct err material_error; /* code 0: material is valid */
};

/*
 * Looks, and changes nothing. Only a root that cannot be opened is an error,
 * rootpath_root's; what else is wrong is for the plan to judge.
 */
int view_look(const char *root, struct view *ret, struct err *e)
	__attribute__((warn_unused_result));

void view_release(struct view *v);

#endif
