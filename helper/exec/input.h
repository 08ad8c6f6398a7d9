/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>

#include "../common/err.h"
#include "../common/netconf_edit.h"
#include "signals.h"

/*
 * A netconf, whole. Kept in a sealed memfd and not in a pipe, which holds
 * 64 KiB: prevResult and the lists of GC have no limit.
 */
struct input {
	int fd; /* owned; at offset 0, fit to be the delegate's stdin */
	const char *data; /* mapped for reading, len bytes; NULL where empty */
	size_t len;
};

/*
 * Reads fd up to its end, or until SIGTERM comes: what there is then is for no
 * delegate. caller is caller_attach's. Returns 0 or -1 with DC_CODE_INTERNAL,
 * also where the caller goes meanwhile, or DC_CODE_KERNEL.
 */
int input_read(int fd, int caller, struct signals *s, struct input *ret,
	       struct err *e)
	__attribute__((warn_unused_result));

/*
 * The same with keys set, in a memfd of its own, which is returned and the
 * caller's. -1 with the error of netconf_edit or err_call's code.
 */
int input_edit(const struct input *in, const struct netconf_value *values,
	       size_t count, struct err *e) __attribute__((warn_unused_result));

#endif
