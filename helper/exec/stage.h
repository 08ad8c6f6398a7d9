/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STAGE_H
#define STAGE_H

#include "../common/plan.h"
#include "options.h"
#include "view.h"

/* Where the delegate will run, and what has been put up for it. */
struct stage {
	int root;  /* owned; in the namespace that this process is in now */
	int tmpfs; /* owned; -1 where none is mounted */
	int bind;  /* on it; owned, since the delegate can move it elsewhere */
};

/*
 * Carries out the plan's mounts and files, then checks that the credential is
 * where the delegate will look and nowhere else. v gives its root away, and is
 * told of a generation that took the place of the one that it had found. On error
 * everything mounted has been taken away again; ret is valid either way and
 * the delegate can run in it without a credential. With --strict a kernel
 * that lacks a protection is an error (DC_CODE_KERNEL).
 */
int stage_build(const struct plan *p, const struct options *o, struct view *v,
		struct stage *ret, struct report *r, struct err *e)
	__attribute__((warn_unused_result));

/* Takes away what was mounted; fine where nothing was. What stays is in r. */
void stage_strike(struct stage *s, struct report *r);

#endif
