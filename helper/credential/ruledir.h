/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULEDIR_H
#define RULEDIR_H

#include <stdbool.h>

#include "delegate-credentials.h"

#include "../common/err.h"
#include "store.h"

/* One rule's directories in the store, and what belongs in them. */
struct ruledir {
	int rule;
	int data;
	int meta;
};

#define RULEDIR_INIT { -1, -1, -1 }

#define auto_ruledir                                                          \
	__attribute__((cleanup(ruledir_close))) struct ruledir

/*
 * With make, for a writer: what is missing is made, and what is somebody
 * else's is an error. Returns 0; 1 where the rule has nothing and nothing was
 * made; or -1. To be closed in every case.
 */
int ruledir_open(const struct store *s, const char *rule, bool make,
		  struct ruledir *ret, struct err *e)
	__attribute__((warn_unused_result));

void ruledir_close(struct ruledir *d);

/*
 * Where ..data leads; "" where that is nowhere. Returns 0; 1 where there is no
 * ..data; or -1 where it cannot be looked at.
 */
int ruledir_current(const struct ruledir *d,
		    char ret[DC_STORE_GENERATION_MAX + 1], struct err *e)
	__attribute__((warn_unused_result));

/* The name of a generation's metadata. */
#define RULEDIR_META_SIZE                                                     \
	(DC_STORE_GENERATION_MAX + sizeof(DC_STORE_META_SUFFIX))

void ruledir_meta_name(const char *generation, char ret[RULEDIR_META_SIZE]);

/* Removes what does not belong to the current generation; the error stays. */
int ruledir_tidy(const struct ruledir *d, struct err *e)
	__attribute__((warn_unused_result));

/* An error of the store's file system, by errno. Returns -1. */
int ruledir_fail(struct err *e, const char *what);

#endif
