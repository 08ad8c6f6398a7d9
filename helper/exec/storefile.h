/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STOREFILE_H
#define STOREFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "delegate-credentials.h"
#include "../common/config.h"
#include "../common/err.h"
#include "../common/storemeta.h"

/*
 * A rule's part of the store, which another user writes at the same time and
 * which is not believed: whatever is not laid out as delegate-credentials.h
 * says, on one tmpfs, by DC_STORE_UID, is refused. No credential is read, only
 * what is said about it.
 */
struct storefile {
	const struct config_rule *rule; /* both borrowed */
	const char *path;		/* STORE */
	dev_t dev;			/* of the store */
	int dir;			/* owned: STORE/RULE */
	int data;			/* owned: STORE/RULE/data */
	/* The generation that was checked, and what is known of it. */
	char generation[DC_STORE_GENERATION_MAX + 1];
	struct storemeta meta;
	bool is_other; /* not what the rule asks for, or not any more */
};

#define STOREFILE_INIT { .dir = -1, .data = -1 }

/*
 * Opens it and checks the current generation. Returns 0, and ret is the
 * caller's; or -1 with nothing to release: DC_CODE_TRY_AGAIN, DC_CODE_KERNEL,
 * or the code and message that the store's writer left there if that is
 * DC_CODE_FORBIDDEN or DC_CODE_CONFIG. *ret_may_come: it is only not there yet,
 * too old, or of a rule that has changed since.
 */
int storefile_open(const char *store, const struct config_rule *rule,
		   struct storefile *ret, bool *ret_may_come, struct err *e)
	__attribute__((warn_unused_result));

/* Checks again where another generation took the place of the one checked. */
int storefile_follow(struct storefile *s, struct err *e)
	__attribute__((warn_unused_result));

void storefile_release(struct storefile *s);

#endif
