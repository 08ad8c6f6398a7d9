/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIGFILE_H
#define CONFIGFILE_H

#include "../common/config.h"
#include "../common/err.h"
#include "../common/report.h"

/*
 * Reads the configuration that is in force: the file, if it is a regular one
 * of root's that nobody else can write, of bounded size and without a mistake.
 * It is then kept in DC_STATE_DIR, and that copy, judged as strictly, is what
 * counts while the file is none of this; r tells so with the first mistake.
 * Returns 0, and ret is the caller's; or -1 with DC_CODE_CONFIG.
 */
int configfile_read(const char *path, struct config *ret, struct report *r,
		    struct err *e) __attribute__((warn_unused_result));

#endif
