/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <stdbool.h>

#include "../common/report.h"
#include "child.h"
#include "signals.h"

/* How the delegate ended. */
struct outcome {
	bool started;
	struct child_failure failure; /* valid where it has not started */
	int wait_status;	      /* as wait(2) gives it */
};

/*
 * Waits for the child's end and reaps what it leaves to us meanwhile. SIGTERM
 * is passed on to it; when the caller (a descriptor, or -1) goes away the
 * delegate gets SIGTERM, and SIGKILL five seconds later. Once it has started,
 * descriptors 0 to 2 are its alone, and this process is confined.
 */
void supervise(const struct child *c, const struct signals *s, int caller,
	       struct outcome *ret, struct report *r);

#endif
