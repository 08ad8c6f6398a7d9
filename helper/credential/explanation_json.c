/* SPDX-License-Identifier: Apache-2.0 */
#include "explanation.h"

/* Takes the place of json_pack's "s?", which knows no empty string. */
static json_t *text_or_null(const char *s)
{
	return s == NULL || s[0] == '\0' ? json_null() : json_string(s);
}

static json_t *op_json(const struct plan_op *op)
{
	switch (op->kind) {
	case PLAN_PRIVATE_COPY:
		return json_pack("{s:s}", "op", "copyMountNamespace");
	case PLAN_TMPFS:
		return json_pack("{s:s,s:s}", "op", "tmpfs", "path", op->path);
	case PLAN_FILE:
		return json_pack("{s:s,s:s,s:s}", "op", "file", "path",
				 op->path, "content", op->text);
	case PLAN_BIND:
		return json_pack("{s:s,s:s,s:s}", "op", "bind", "path",
				 op->path, "from", op->text);
	case PLAN_ENV: /* null: it is taken out */
		return json_pack("{s:s,s:s,s:s?}", "op", "env", "name",
				 op->path, "value", op->text);
	case PLAN_CONF_KEY:
		return json_pack("{s:s,s:s,s:s}", "op", "configKey", "key",
				 op->path, "value", op->text);
	default:
		return json_pack("{s:s}", "op", "run");
	}
}

static json_t *plan_json(const struct explanation *x)
{
	json_t *ops = json_array();

	if (x->refusal.code != 0)
		return ops;
	for (size_t i = 0; i < x->plan.count; i++)
		if (json_array_append_new(ops, op_json(&x->plan.ops[i])) < 0) {
			json_decref(ops);
			return NULL;
		}
	return ops;
}

static json_t *rules_json(const struct explanation *x)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < x->config->rule_count; i++) {
		const struct config_rule *rule = &x->config->rules[i];
		enum rules_verdict v = rules_judge(rule, x->request);

		json_array_append_new(
			rules,
			json_pack("{s:s,s:I,s:b,s:s?}", "name", rule->name,
				  "line", (json_int_t)rule->line, "matches",
				  v == RULES_MATCH, "mismatch",
				  explanation_mismatch(v)));
	}
	return rules;
}

static json_t *assumptions_json(const struct explanation *x)
{
	json_t *all = json_array();

	for (size_t i = 0; i < x->assumption_count; i++)
		json_array_append_new(all, json_string(x->assumptions[i]));
	return all;
}

static json_t *refusal_json(const struct err *e)
{
	if (e->code == 0)
		return json_null();
	return json_pack("{s:i,s:s}", "code", e->code, "msg", e->msg);
}

json_t *explanation_json(const struct explanation *x)
{
	const struct rules_request *q = x->request;
	const struct cni_types *t = q->types;

	return json_pack(
		"{s:s,s:[ssss],s:o,s:o,s:s?,s:s,s:o,s:s?,s:o,s:o}", "command",
		cni_command_name(q->command), "types", t->main, t->ipam,
		t->delegate, t->delegate_ipam, "podNamespace",
		text_or_null(q->pod_namespace), "rules", rules_json(x), "rule",
		x->rule == NULL ? NULL : x->rule->name, "source",
		report_source_name(x->report.source), "plan", plan_json(x),
		"fallback",
		x->report.fallback_count == 0 ? NULL : x->report.fallbacks[0],
		"error",
		refusal_json(&x->refusal), "assumptions", assumptions_json(x));
}
