/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../common/err.h"

/* What has to hold whatever the input. */
#define must(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			abort();                                               \
	} while (0)

static inline bool fuzz_is_printable(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s < 0x20 || *s >= 0x7f)
			return false;
	}
	return true;
}

/* An error is always said, in one line that no terminal obeys. */
static inline void fuzz_check_error(const struct err *e)
{
	must(e->code != 0 && e->msg[0] != '\0');
	for (const char *c = e->msg; *c != '\0'; c++)
		must((unsigned char)*c >= 0x20 && *c != 0x7f);
}

/* Each program's target: data is in memory of exactly len bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
