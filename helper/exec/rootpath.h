/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROOTPATH_H
#define ROOTPATH_H

#include <stdbool.h>

#include "../common/err.h"

/*
 * The only place that resolves paths of the host. Whoever can write to the
 * host's /run or /var may try to lead us astray; so nothing leaves the root,
 * and below /run no link is followed. All descriptors returned are O_PATH,
 * close-on-exec and the caller's. Unless said otherwise the code is
 * DC_CODE_UNSAFE_HOST_PATH, or DC_CODE_KERNEL where a call is forbidden.
 */

/* The delegate's root; DC_CODE_UNSAFE_REQUEST where there is none. */
int rootpath_root(const char *path, struct err *e)
	__attribute__((warn_unused_result));

/* The directory that /var/run leads to under root. */
int rootpath_run(int root, struct err *e) __attribute__((warn_unused_result));

/*
 * DC_SECRETS_DIR below run. Where it is missing: with create it is made (mode
 * 0755), without, -1 is returned and *ret_missing set.
 */
int rootpath_secrets(int run, bool create, bool *ret_missing, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Whether dir holds nothing but, at most, an empty directory
 * DC_SERVICE_ACCOUNT_NAME. Returns 0 or -1.
 */
int rootpath_is_free(int dir, bool *ret, struct err *e)
	__attribute__((warn_unused_result));

/* Opens the existing file or directory name right below dir, no links. */
int rootpath_child(int dir, const char *name, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Opens what name in dir leads to, as long as neither a link nor a mount leads
 * out of what a bind of dir shows. Returns -1 with errno.
 */
int rootpath_within(int dir, const char *name)
	__attribute__((warn_unused_result));

#endif
