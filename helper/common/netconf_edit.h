/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETCONF_EDIT_H
#define NETCONF_EDIT_H

#include <stddef.h>

#include "err.h"

/*
 * Sets keys of a network configuration and keeps every other byte: order,
 * numbers, unknown keys, duplicates and spaces are the delegate's to read.
 */

#define NETCONF_EDIT_MAX 64

/*
 * How much longer a document may become, in bytes. All keys once, as long as they
 * can be, take 21 KiB; a tenant's duplicates would multiply that.
 */
#define NETCONF_EDIT_GROWTH_MAX 65536

struct netconf_value {
	const char *key;   /* dotted, as a rule's configKeys */
	const char *value; /* UTF-8; becomes a JSON string */
};

/* Takes the edited document piece by piece. write returns 0, or -1 with e. */
struct netconf_sink {
	int (*write)(void *arg, const char *data, size_t len, struct err *e);
	void *arg;
};

/*
 * Writes the document with each key of values (1 to NETCONF_EDIT_MAX, no key
 * the beginning of another) set to its string. Wherever the key stands,
 * in whatever case and however often, also in duplicates of its parents, its
 * value is replaced; an object on the way to it that lacks it gets it as its
 * last member, with the parents that are missing. So every reader finds the
 * value, whether he takes the first duplicate, the last, or merges them; and
 * what is added wins where he folds keys in some other way than Go.
 *
 * Returns 0, or -1 with DC_CODE_UNSAFE_REQUEST (the document is none that
 * netconf_read takes, or a parent of a key is no object: key, line and column
 * are named; or it would grow by more than NETCONF_EDIT_GROWTH_MAX) or with the
 * sink's error; what was written then is of no use.
 * Not reentrant.
 */
int netconf_edit(const char *buf, size_t len,
		 const struct netconf_value *values, size_t count,
		 const struct netconf_sink *sink, struct err *e)
	__attribute__((warn_unused_result));

#endif
