/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPLANATION_H
#define EXPLANATION_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "../common/arena.h"
#include "../common/config.h"
#include "../common/plan.h"
#include "../common/report.h"
#include "../common/rules.h"

/*
 * Which rule applies to a delegate and what follows from it, by the code that
 * the helper runs. Pure. What is not in the configuration is assumed to be as
 * it should, and each such assumption is named.
 */

#define EXPLANATION_ASSUMPTIONS 5

/* What the helper is told by others; each may be NULL: unknown. */
struct explanation_place {
	const char *store;
	const char *api_host; /* KUBERNETES_SERVICE_HOST */
	const char *api_port; /* KUBERNETES_SERVICE_PORT */
};

struct explanation {
	const char *file; /* the configuration's name */
	const struct config *config;
	const struct rules_request *request;
	const struct config_rule *rule; /* the one that applies, or NULL */
	struct plan plan;		/* where refusal's code is 0 */
	struct err refusal;		/* why the delegate would not start */
	struct report report;		/* its source; one fallback, or none */
	const char *assumptions[EXPLANATION_ASSUMPTIONS];
	size_t assumption_count;
	struct arena arena;
};

/*
 * ret has file, config and request already, borrowed, and else zeroes.
 * explanation_free gives back the rest.
 */
void explanation_make(struct explanation *ret,
		      const struct explanation_place *place);
void explanation_free(struct explanation *x);

/* The key of the list that does not match ("matchPlugins"); NULL: all do. */
const char *explanation_mismatch(enum rules_verdict v);

/* For people, 80 columns. Returns 0, or -1 where it could not be written. */
int explanation_text(const struct explanation *x, FILE *out)
	__attribute__((warn_unused_result));

/* For programs; the caller's reference. NULL where there is no memory. */
json_t *explanation_json(const struct explanation *x);

#endif
