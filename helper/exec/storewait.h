/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STOREWAIT_H
#define STOREWAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "signals.h"

/* Waits for a change in a rule's part of the store, and for nothing else. */
struct storewait {
	const char *store;
	const char *rule;
	uint64_t until; /* on clock_us(); 0: not at all */
	struct signals *signals; /* a SIGTERM: go on at once */
	int caller;	/* one that is gone: the same; or -1 */
	int fd;		/* owned: inotify's; -1 before the first nap */
	bool blind;	/* not all of it could be watched */
};

/*
 * Whether to look again. The first call does not wait: it only makes sure
 * that nothing which happens from then on is missed.
 */
bool storewait_nap(struct storewait *w);

void storewait_release(struct storewait *w);

#endif
