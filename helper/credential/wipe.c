/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "wipe.h"

void *wipe_malloc(size_t size)
{
	return malloc(size);
}

void wipe_free(void *p)
{
	int saved = errno;

	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
	errno = saved;
}

/* realloc(3) would leave the old block as it was. */
void *wipe_realloc(void *p, size_t size)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	void *larger;

	if (size == 0) {
		wipe_free(p);
		return NULL;
	}
	larger = malloc(size);
	if (!larger)
		return NULL;
	if (p)
		memcpy(larger, p, old < size ? old : size);
	wipe_free(p);
	return larger;
}

void wipe_json(void)
{
	json_set_alloc_funcs(wipe_malloc, wipe_free);
}

void wipe_scope(char **p)
{
	wipe_free(*p);
	*p = NULL;
}
