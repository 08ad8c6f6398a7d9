/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

/* Memory that is given back all at once. { NULL } is an empty one. */
struct arena {
	struct arena_block *last;
};

/* Zeroed and aligned for any type. NULL where there is no memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of len bytes with a NUL behind it. NULL where there is no memory. */
char *arena_copy(struct arena *a, const char *s, size_t len);

/* The same of a formatted text. */
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void arena_free(struct arena *a);

#endif
