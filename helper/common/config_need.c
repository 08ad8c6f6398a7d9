/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says its delegate may do, in RBAC's words. */
#include "config_value.h"

#define NEED(member) offsetof(struct config_need, member)

void need_list(struct decoder *d, const struct place *at, const struct field *f,
	       void *out)
{
	static const struct field fields[] = {
		{ "namespaces", value_strings, NEED(namespaces), &text_label,
		  false },
		{ "apiGroups", value_strings, NEED(api_groups),
		  &text_api_group, true },
		{ "resources", value_strings, NEED(resources), &text_resource,
		  true },
		{ "resourceNames", value_strings, NEED(resource_names),
		  &text_resource_name, false },
		{ "verbs", value_strings, NEED(verbs), &text_verb, true },
		{ 0 },
	};
	struct config_need items[CONFIG_MAX_LIST];
	struct rule_draft *draft = out;
	struct list l;
	size_t n = 0;

	(void)f;
	draft->needs_off = at->off;
	if (!value_list(d, at, &l))
		return;
	while (value_list_next(d, &l)) {
		items[n] = (struct config_need){ .verbs.count = 0 };
		value_object(d, &l.element, fields, &items[n++]);
	}
	draft->rule.needs = value_keep(d, items, n, sizeof(items[0]));
	draft->rule.need_count = draft->rule.needs == NULL ? 0 : n;
}
