/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What has to hold whatever the input. */
#define must(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (0)

/* Each program's target: data is in memory of exactly len bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
