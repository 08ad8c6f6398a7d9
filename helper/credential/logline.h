/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGLINE_H
#define LOGLINE_H

#include <stddef.h>
#include <stdint.h>

#include "fetch.h"

/*
 * What became of one request, as one line without its end: the rule, the
 * outcome, the token's identifier and end, never a token. held is what the
 * store has afterwards, wait the milliseconds until the next request. Pure.
 */
void logline_request(const char *rule, const struct fetch_result *r,
		     const struct storemeta *held, int64_t wait, char *out,
		     size_t size);

/* The same where another process made the request. */
void logline_found(const char *rule, const struct storemeta *held,
		   int64_t wait, char *out, size_t size);

#endif
