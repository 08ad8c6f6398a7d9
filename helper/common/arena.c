/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A block for each piece, so that the sanitizer sees where one ends. */
#ifdef __SANITIZE_ADDRESS__
#define BLOCK_SIZE 1
#else
#define BLOCK_SIZE 8064 /* two pages with what malloc and we put around it */
#endif

#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
	struct arena_block *before;
	size_t size;
	size_t used;
	_Alignas(max_align_t) unsigned char data[];
};

static struct arena_block *add_block(struct arena *a, size_t size)
{
	struct arena_block *b;

	if (size < BLOCK_SIZE)
		size = BLOCK_SIZE;
	b = calloc(1, sizeof(*b) + size);
	if (b == NULL)
		return NULL;
	b->before = a->last;
	b->size = size;
	a->last = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->last;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (b == NULL || b->size - b->used < size)
		b = add_block(a, size);
	if (b == NULL)
		return NULL;
	p = b->data + b->used;
	b->used += size;
	return p;
}

char *arena_copy(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p != NULL)
		memcpy(p, s, len);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len >= 0)
		text = arena_alloc(a, (size_t)len + 1);
	if (text == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void arena_free(struct arena *a)
{
	while (a->last != NULL) {
		struct arena_block *before = a->last->before;

		free(a->last);
		a->last = before;
	}
}
