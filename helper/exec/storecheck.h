/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORECHECK_H
#define STORECHECK_H

#include "storefile.h"

/*
 * The checks of storefile.c, one directory or file each. What is wrong is
 * refused with DC_CODE_TRY_AGAIN, a forbidden call with DC_CODE_KERNEL; what is
 * not there is -1 with code 0.
 */

/* Opens the directory name right below dir. */
int storecheck_open(const struct storefile *s, int dir, const char *name,
		    struct err *e) __attribute__((warn_unused_result));

/*
 * Both open by the path, STORE/RULE and STORE/RULE/data, and along no link that
 * the store's writer could have led anywhere. They return an O_PATH descriptor
 * that the caller owns, or -1 with errno.
 */
int storecheck_walk(const char *path, const char *rule)
	__attribute__((warn_unused_result));
int storecheck_reopen(const struct storefile *s)
	__attribute__((warn_unused_result));

/* Reads where the link DC_STORE_CURRENT_NAME leads. */
int storecheck_current(const struct storefile *s,
		       char ret[DC_STORE_GENERATION_MAX + 1], struct err *e)
	__attribute__((warn_unused_result));

/* That nothing is in data but what belongs there. */
int storecheck_data(const struct storefile *s, struct err *e)
	__attribute__((warn_unused_result));

/* The same for a generation's directory, and that it is complete. */
int storecheck_generation(const struct storefile *s, struct err *e)
	__attribute__((warn_unused_result));

/*
 * Reads a file of DC_STORE_META_NAME into buf, which has DC_STORE_META_MAX + 1
 * bytes.
 */
int storecheck_read_meta(const struct storefile *s, const char *name, char *buf,
			 size_t *ret_len, struct err *e)
	__attribute__((warn_unused_result));

#endif
