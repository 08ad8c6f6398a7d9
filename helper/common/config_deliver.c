/* SPDX-License-Identifier: Apache-2.0 */
/* How a rule's credential reaches the delegate. */
#include <string.h>

#include "config_value.h"
#include "delegate-credentials.h"

#define KUBECONFIG(member) offsetof(struct config_kubeconfig, member)

static void decode_kubeconfig(struct decoder *d, const struct place *at,
			      const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "contextName", value_string, KUBECONFIG(context_name),
		  &text_context, false },
		{ "namespace", value_string, KUBECONFIG(namespace),
		  &text_label, false },
		{ "configKeys", value_strings, KUBECONFIG(config_keys),
		  &text_conf_key, false },
		{ 0 },
	};
	struct rule_draft *draft = out;
	struct config_kubeconfig *k = value_alloc(d, sizeof(*k));

	(void)f;
	if (k == NULL)
		return;
	draft->rule.kubeconfig = k;
	value_object(d, at, fields, k);
}

struct env_draft {
	struct config_env env;
	size_t name_off;
	size_t value_off;
};

static void decode_env_name(struct decoder *d, const struct place *at,
			    const struct field *f, void *out)
{
	struct env_draft *e = out;

	e->name_off = at->off;
	value_string(d, at, f, &e->env.name);
}

static void decode_env_value(struct decoder *d, const struct place *at,
			     const struct field *f, void *out)
{
	struct env_draft *e = out;

	e->value_off = at->off;
	value_string(d, at, f, &e->env.value);
}

static bool has_variable(const struct config_env *env, size_t count,
			 const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		if (env[i].name != NULL && strlen(env[i].name) == len &&
		    memcmp(env[i].name, name, len) == 0)
			return true;
	}
	return false;
}

static void decode_variable(struct decoder *d, const struct place *at,
			    const struct config_env *before, size_t count,
			    struct env_draft *ret)
{
	static const struct field fields[] = {
		{ "name", decode_env_name, 0, &text_env_name, true },
		{ "value", decode_env_value, 0, &text_env_value, true },
		{ 0 },
	};
	struct place name = { .up = at, .name = "name" };

	value_object(d, at, fields, ret);
	name.off = ret->name_off;
	if (ret->env.name != NULL &&
	    has_variable(before, count, ret->env.name, strlen(ret->env.name)))
		value_mistake(d, &name,
			      "write another one: the variable is set already");
}

static void decode_env(struct decoder *d, const struct place *at,
		       const struct field *f, void *out)
{
	struct config_env items[CONFIG_MAX_LIST];
	struct rule_draft *draft = out;
	struct list l;
	size_t n = 0;

	(void)f;
	if (!value_list(d, at, &l))
		return;
	while (value_list_next(d, &l)) {
		struct env_draft e = { .name_off = 0 };

		decode_variable(d, &l.element, items, n, &e);
		draft->env_value_off[n] = e.value_off;
		items[n++] = e.env;
	}
	draft->rule.env = value_keep(d, items, n, sizeof(items[0]));
	draft->rule.env_count = draft->rule.env == NULL ? 0 : n;
}

static bool is_name(const char *s, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(s, name, len) == 0;
}

/* NULL, or what is wrong with the reference of len bytes at name. */
static const char *judge_reference(const struct config_rule *r, size_t index,
				   const char *name, size_t len)
{
	if (has_variable(r->env, index, name, len) ||
	    is_name(name, len, "CREDENTIALS_DIRECTORY"))
		return NULL;
	if (!is_name(name, len, "KUBECONFIG_PATH"))
		return "correct the $(NAME) in it: it stands for an earlier "
		       "variable of this list, KUBECONFIG_PATH or "
		       "CREDENTIALS_DIRECTORY; $$ is a dollar";
	return r->kubeconfig != NULL
		       ? NULL
		       : "add kubeconfig to deliver, or take "
			 "$(KUBECONFIG_PATH) out: no kubeconfig is made";
}

/* The first mistake in a value's references, or NULL; $$ is a dollar. */
static const char *judge_value(const struct config_rule *r, size_t index)
{
	const char *p = r->env[index].value;
	const char *remedy = NULL;

	while (remedy == NULL && (p = strchr(p, '$')) != NULL) {
		size_t len = 0;

		if (p[1] == '(') {
			len = strcspn(p + 2, ")");
			if (p[2 + len] == '\0')
				return "close $( with a parenthesis, or write "
				       "$$( for the characters themselves";
			remedy = judge_reference(r, index, p + 2, len);
		}
		p += p[1] == '$' || p[1] == '(' ? 2 + len : 1;
	}
	return remedy;
}

/* Of what $(NAME) stands for; lens are those of the variables before. */
static size_t referred_len(const struct config_rule *r, const size_t *lens,
			   size_t index, const char *name, size_t len)
{
	for (size_t i = 0; i < index; i++)
		if (r->env[i].name != NULL && is_name(name, len, r->env[i].name))
			return lens[i];
	if (is_name(name, len, "KUBECONFIG_PATH"))
		return strlen(DC_KUBECONFIG_PATH);
	return r->service_account_directory ? strlen(DC_SERVICE_ACCOUNT_DIR)
					    : strlen(DC_CREDENTIALS_DIR);
}

/* Of a value without a mistake, once expanded; or CONFIG_MAX_EXPANDED. */
static size_t expanded_len(const struct config_rule *r, const size_t *lens,
			   size_t index)
{
	const char *p = r->env[index].value;
	size_t sum = 0;

	while (*p != '\0' && sum < CONFIG_MAX_EXPANDED) {
		if (strncmp(p, "$(", 2) == 0) {
			size_t len = strcspn(p + 2, ")");

			sum += referred_len(r, lens, index, p + 2, len);
			p += len + 3;
		} else {
			p += strncmp(p, "$$", 2) == 0 ? 2 : 1;
			sum++;
		}
	}
	return sum < CONFIG_MAX_EXPANDED ? sum : CONFIG_MAX_EXPANDED;
}

/* When all of deliver is known, since its keys have no order. */
static void check_references(struct decoder *d, const struct place *at)
{
	const struct config_rule *r = &d->draft->rule;
	const struct place env = { .up = at, .name = "env" };
	size_t lens[CONFIG_MAX_LIST] = { 0 };

	for (size_t i = 0; i < r->env_count; i++) {
		const struct place element = { .up = &env, .index = i };
		struct place value = { .up = &element, .name = "value" };
		const char *remedy = NULL;

		value.off = d->draft->env_value_off[i];
		if (r->env[i].value == NULL)
			continue;
		remedy = judge_value(r, i);
		if (remedy == NULL)
			lens[i] = expanded_len(r, lens, i);
		if (lens[i] == CONFIG_MAX_EXPANDED) {
			remedy = "shorten the value: it is too long when its "
				 "$(NAME) are expanded";
			lens[i] = 0;
		}
		if (remedy != NULL)
			value_mistake(d, &value, "%s", remedy);
	}
}

void deliver_object(struct decoder *d, const struct place *at,
		    const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "serviceAccountDirectory", value_bool,
		  offsetof(struct rule_draft, rule.service_account_directory),
		  NULL, false },
		{ "kubeconfig", decode_kubeconfig, 0, NULL, false },
		{ "env", decode_env, 0, NULL, false },
		{ 0 },
	};
	struct rule_draft *draft = out;
	const struct config_rule *r = &draft->rule;
	size_t mistakes = d->mistakes->count;

	(void)f;
	if (!value_object(d, at, fields, out))
		return;
	check_references(d, at);
	if (d->mistakes->count == mistakes && !r->service_account_directory &&
	    r->kubeconfig == NULL && r->env_count == 0)
		value_mistake(d, at,
			      "add serviceAccountDirectory, kubeconfig or env: "
			      "nothing is delivered");
}
