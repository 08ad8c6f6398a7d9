/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>

#include "../common/report.h"

/*
 * The other end of DC_REPORT_FD: whoever started us, reads the report and,
 * by keeping the descriptor open, is there.
 */

/*
 * Takes DC_REPORT_FD over and keeps it from the delegate. Returns it, or -1
 * where it is not open or cannot be written to. To be called before any
 * descriptor is opened.
 */
int caller_attach(void);

/* Whether poll(2) says so of its descriptor: of a pipe, or of a socket. */
bool caller_has_left(short revents);

/* Whether nobody reads the report any more; false for fd -1. */
bool caller_is_gone(int fd);

/* What a run says for whom nobody is there: -1, with DC_CODE_INTERNAL. */
int caller_missing(struct err *e);

/* Sends the report; a caller that cannot take it has none. */
void caller_report(int fd, const struct report *r);

#endif
