/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FETCH_H
#define FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/config.h"
#include "../common/err.h"
#include "api.h"
#include "store.h"

enum fetch_outcome {
	FETCH_DONE,
	FETCH_RETRY,   /* nothing, nonsense, 429 or 5xx came back */
	FETCH_REFUSED, /* somebody has to do something first: waits longer */
};

struct fetch_result {
	enum fetch_outcome outcome;
	int64_t issued, expires; /* expires 0: no token among the sources */
	int64_t retry_after;	 /* seconds, 1 to 300; 0: not said */
	char warning[256];	 /* of the API server; "": none */
	long status;		 /* of the last answer, HTTP's; 0: none */
	struct err err;
};

/* What all rules have in common. Everything is borrowed. */
struct fetch {
	struct api *api;
	const struct store *store;
	const char *node_name;	 /* for boundObjectRef Node; NULL: unknown */
	const char *config_file; /* for the remedy in a message */
};

/*
 * One whole generation from the API server, token and config maps of one rule,
 * then published; or the error noted in the store and the last good generation
 * left alone. Blocks, with deadlines; the caller holds the rule's lock. Not
 * for a rule whose source is a directory.
 */
void fetch_rule(const struct fetch *f, const struct config_rule *rule,
		struct fetch_result *ret);

/* Whether the store has each file that this would put there. */
bool fetch_is_complete(const struct fetch *f, const struct config_rule *rule);

#endif
