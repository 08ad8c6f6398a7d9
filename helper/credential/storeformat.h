/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STOREFORMAT_H
#define STOREFORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "../common/err.h"
#include "delegate-credentials.h"
#include "store.h"

/*
 * The store's metadata as text, in a form that its readers are known to take.
 * Both return the length, or -1 with e where they would not. Pure.
 */
int storeformat_meta(const struct store_generation *g,
		     char ret[DC_STORE_META_MAX], struct err *e)
	__attribute__((warn_unused_result));
int storeformat_error(const struct err *why, int64_t at,
		      char ret[DC_STORE_META_MAX], struct err *e)
	__attribute__((warn_unused_result));

/* The name of a generation made at that time, as kubelet's AtomicWriter's. */
void storeformat_generation(int64_t seconds, long nanoseconds,
			    char ret[DC_STORE_GENERATION_MAX + 1]);

#endif
