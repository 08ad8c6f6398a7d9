/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_H
#define RULES_H

#include "cnirequest.h"
#include "config.h"

/* What a rule is compared with. */
struct rules_request {
	enum cni_command command; /* GC and STATUS have no pod: no namespace */
	const struct cni_types *types;
	const char *pod_namespace; /* "" where unknown: only "*" matches */
};

/* Why a rule does not apply: the first list that does not match. */
enum rules_verdict {
	RULES_MATCH,
	RULES_NOT_PLUGIN,
	RULES_NOT_IPAM,	    /* neither ipam.type nor delegate.ipam.type */
	RULES_NOT_DELEGATE, /* delegate.type */
	RULES_NOT_NAMESPACE,
};

enum rules_verdict rules_judge(const struct config_rule *rule,
			       const struct rules_request *q);

/* The first rule that matches, or NULL: the delegate runs as upstream. */
const struct config_rule *rules_find(const struct config *c,
				     const struct rules_request *q);

#endif
