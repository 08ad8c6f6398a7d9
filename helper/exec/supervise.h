/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <sys/types.h>

#include "../common/err.h"
#include "../common/report.h"
#include "signals.h"

/*
 * Whether a delegate's end can be waited for: a seccomp filter may forbid it, and
 * then none must be started (DC_CODE_KERNEL).
 */
int supervise_is_possible(struct err *e) __attribute__((warn_unused_result));

/*
 * Waits for the delegate's end and reaps what it leaves to us meanwhile; its
 * status is as wait(2) gives it. SIGTERM is passed on to it; when the caller
 * (a descriptor, or -1) goes away it gets SIGTERM, and SIGKILL five seconds
 * later. Descriptors 0 to 2 are its alone now, and this process is confined.
 */
int supervise(pid_t delegate, struct signals *s, int caller,
	      struct report *r);

#endif
