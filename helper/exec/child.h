/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "../common/err.h"
#include "outfit.h"
#include "signals.h"

enum child_step {
	CHILD_INHERITS, /* descriptors and signals */
	CHILD_ENTERS,	/* its root */
	CHILD_EXECS,
};

/* What kept a child from becoming the delegate; errnum 0: nothing did. */
struct child_failure {
	int errnum;
	enum child_step step;
};

/*
 * Starts plugin (a path inside root, its argv[0] too) in root with its outfit,
 * working directory /, no descriptor but 0 to 2, signals as the caller gave
 * them to us. It dies when this process does. Returns once it runs, with its
 * pid in *ret, or once *failure says why it does not; -1 with *e where there
 * was not even a child, or something killed it before.
 */
int child_start(int root, const struct outfit *outfit, const char *plugin,
		const struct signals *signals, pid_t *ret,
		struct child_failure *failure, struct err *e)
	__attribute__((warn_unused_result));

#endif
