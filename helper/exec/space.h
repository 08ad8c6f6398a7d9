/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SPACE_H
#define SPACE_H

#include "../common/err.h"
#include "../common/report.h"

/*
 * Moves this process into a mount namespace of its own, a copy of the
 * caller's. Before the first copy ever the mounts at root become shared in the
 * caller's namespace (a slave of the host stays one; what the host shares
 * already is left alone), so that what the delegate mounts reaches the caller
 * and outlives the copy. root has to be a mount's root directory.
 *
 * root_path is opened anew in the copy; that descriptor, the caller's to
 * close, is returned: the one passed in belongs to the other namespace.
 */
int space_enter(const char *root_path, int root, struct report *r,
		struct err *e) __attribute__((warn_unused_result));

#endif
