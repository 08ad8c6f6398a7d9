/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <string.h>

static bool is_listed(const struct config_strings *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], s) == 0)
			return true;
	}
	return false;
}

/* A list without elements is not compared. */
static bool matches(const struct config_strings *list, const char *s)
{
	return list->count == 0 || is_listed(list, s);
}

/* GC and STATUS concern no pod. */
static bool matches_namespace(const struct config_strings *list,
			      const struct rules_request *q)
{
	return q->command == CNI_GC || q->command == CNI_STATUS ||
	       matches(list, "*") || is_listed(list, q->pod_namespace);
}

enum rules_verdict rules_judge(const struct config_rule *rule,
			       const struct rules_request *q)
{
	const struct cni_types *t = q->types;

	if (!matches(&rule->match_plugins, t->main))
		return RULES_NOT_PLUGIN;
	if (!matches(&rule->match_ipam, t->ipam) &&
	    !matches(&rule->match_ipam, t->delegate_ipam))
		return RULES_NOT_IPAM;
	if (!matches(&rule->match_delegates, t->delegate))
		return RULES_NOT_DELEGATE;
	if (!matches_namespace(&rule->match_namespaces, q))
		return RULES_NOT_NAMESPACE;
	return RULES_MATCH;
}

const struct config_rule *rules_find(const struct config *c,
				     const struct rules_request *q)
{
	for (size_t i = 0; i < c->rule_count; i++) {
		if (rules_judge(&c->rules[i], q) == RULES_MATCH)
			return &c->rules[i];
	}
	return NULL;
}
