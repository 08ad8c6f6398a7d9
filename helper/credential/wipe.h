/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIPE_H
#define WIPE_H

#include <stddef.h>

/*
 * Memory that leaves nothing behind. The three are what libcurl and jansson
 * allocate with, since both hold tokens; what malloc(3) made may be freed here.
 */
void *wipe_malloc(size_t size);
void *wipe_realloc(void *p, size_t size);
void wipe_free(void *p);

/* From here on jansson gives nothing back unwiped. */
void wipe_json(void);

/* A buffer that is wiped and freed at the end of its scope. */
#define auto_wipe __attribute__((cleanup(wipe_scope))) char *

void wipe_scope(char **p);

#endif
