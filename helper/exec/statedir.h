/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATEDIR_H
#define STATEDIR_H

#include "../common/err.h"

/*
 * The helper's own folder, DC_STATE_DIR: it outlives a restart of the caller's
 * container and is nobody else's. Descriptors are O_PATH or locks, and the
 * caller's to close; the code is DC_CODE_INTERNAL or DC_CODE_KERNEL.
 */

/* Makes it where it is missing. */
int statedir_open(struct err *e) __attribute__((warn_unused_result));

/* Waits for the lock, which goes with its descriptor. */
int statedir_lock(int dir, struct err *e) __attribute__((warn_unused_result));

#endif
