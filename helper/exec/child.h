/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "../common/err.h"
#include "outfit.h"
#include "signals.h"

/* What becomes of the child between fork and exec. */
struct child_failure {
	int errnum;
	int in_exec; /* else: on the way into the root */
};

struct child {
	pid_t pid;
	/*
	 * Owned; ends without a byte when the delegate has started, else
	 * yields one struct child_failure.
	 */
	int started;
};

/*
 * Starts plugin (a path inside root, its argv[0] too) in root with its outfit,
 * working directory /, no descriptor but 0 to 2, signals as the caller gave
 * them to us. It dies when this process does.
 */
int child_start(int root, const struct outfit *outfit, const char *plugin,
		const struct signals *signals, struct child *ret, struct err *e)
	__attribute__((warn_unused_result));

#endif
