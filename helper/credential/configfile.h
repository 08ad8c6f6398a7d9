/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIGFILE_H
#define CONFIGFILE_H

#include "../common/config.h"
#include "store.h"

/*
 * Reads a file of at most CONFIG_MAX_BYTES and decodes it. Returns 0, and ret
 * is the caller's to free; or -1 with the error (DC_CODE_CONFIG) in e. m has
 * all the mistakes where the file could be read, and none where it could not.
 */
int configfile_read(const char *file, struct config *ret,
		    struct config_mistakes *m, struct err *e)
	__attribute__((warn_unused_result));

/*
 * The same, and keeps a copy of a good one in the store, for a process that
 * starts with a broken one. 1: read, but not kept, with the reason in e.
 */
int configfile_read_and_keep(const char *file, const struct store *s,
			     struct config *ret, struct config_mistakes *m,
			     struct err *e) __attribute__((warn_unused_result));

/* That copy. */
int configfile_read_kept(const struct store *s, struct config *ret,
			 struct err *e) __attribute__((warn_unused_result));

#endif
