/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RFC3339_H
#define RFC3339_H

#include <stdint.h>

/*
 * Unix seconds of a metav1.Time, which is always "2006-01-02T15:04:05Z".
 * Returns 0, or -1 for anything else. Pure.
 */
int rfc3339_parse(const char *text, int64_t *ret)
	__attribute__((warn_unused_result));

#endif
