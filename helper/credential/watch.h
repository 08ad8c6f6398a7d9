/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/err.h"

/*
 * Notices that a file may have changed: by its directory, since a ConfigMap
 * volume never writes the file but renames ..data, two links away from it.
 */
struct watch {
	int fd;
};

int watch_open(const char *file, struct watch *ret, struct err *e)
	__attribute__((warn_unused_result));

void watch_close(struct watch *w);

/*
 * Waits for at most so many milliseconds. Returns whether something in the
 * directory was written or renamed; then it has been quiet for a moment.
 */
bool watch_wait(const struct watch *w, int64_t milliseconds);

#endif
