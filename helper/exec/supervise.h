/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <sys/types.h>

#include "../common/report.h"
#include "signals.h"

/*
 * Waits for the delegate's end and reaps what it leaves to us meanwhile; its
 * status is as wait(2) gives it. SIGTERM is passed on to it; when the caller
 * (a descriptor, or -1) goes away it gets SIGTERM, and SIGKILL five seconds
 * later. Descriptors 0 to 2 are its alone now, and this process is confined.
 */
int supervise(pid_t delegate, const struct signals *s, int caller,
	      struct report *r);

#endif
