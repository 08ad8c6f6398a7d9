/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SWEEP_H
#define SWEEP_H

#include "harness.h"

/* A run that is swept, call by call. */
struct scenario {
	struct call call;
	enum fault_where where;
	bool (*spare)(long nr); /* or NULL: what cannot fail */
	/* Scripts for the daemon's container, around each run; or NULL. */
	const char *before;
	const char *after;
};

/*
 * Runs it once for each system call in it and each of some errors, which that
 * call has. What the delegate prints has to be the same as ever, up to a line
 * "/self" to the byte and from there on in what does not differ from run to run;
 * or it was refused in clear words, or ran without its credential where it may.
 * There have to be more calls than calls_min.
 */
void sweep(struct world *w, const struct scenario *scenario, long calls_min);

#endif
