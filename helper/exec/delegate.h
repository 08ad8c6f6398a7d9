/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DELEGATE_H
#define DELEGATE_H

#include "../common/err.h"
#include "../common/report.h"
#include "request.h"
#include "signals.h"

/*
 * Runs the requested delegate with its credential, from the plan to the last
 * unmount. caller is the report's descriptor or -1. Returns 0 with the
 * delegate's wait(2) status in ret, which is SIGTERM's where that came before it
 * started; or -1 where it has not run: then nothing is left of the preparations,
 * and e says why.
 */
int delegate_run(const struct request *q, struct signals *s, int caller,
		 int *ret, struct report *r, struct err *e)
	__attribute__((warn_unused_result));

#endif
