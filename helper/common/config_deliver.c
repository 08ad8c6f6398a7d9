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

static bool is_name(const char *s, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(s, name, len) == 0;
}

/* Which of the first count it is; count if none. */
static size_t find_variable(const struct config_env *env, size_t count,
			    const char *name, size_t len)
{
	size_t i = 0;

	while (i < count &&
	       (env[i].name == NULL || !is_name(name, len, env[i].name)))
		i++;
	return i;
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
	    find_variable(before, count, ret->env.name,
			  strlen(ret->env.name)) < count)
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

/*
 * Adds to *sum the length of what $(NAME) stands for; lens are those of the
 * variables before. Returns NULL, or what is wrong with it.
 */
static const char *judge_reference(const struct config_rule *r,
				   const size_t *lens, size_t index,
				   struct json_span name, size_t *sum)
{
	const char *s = r->env[index].value + name.off;
	size_t i = find_variable(r->env, index, s, name.len);

	if (i < index)
		*sum += lens[i];
	else if (is_name(s, name.len, "CREDENTIALS_DIRECTORY"))
		*sum += strlen(config_rule_place(r));
	else if (!is_name(s, name.len, "KUBECONFIG_PATH"))
		return "correct the $(NAME) in it: it stands for an earlier "
		       "variable of this list, KUBECONFIG_PATH or "
		       "CREDENTIALS_DIRECTORY; $$ is a dollar";
	else if (r->kubeconfig == NULL)
		return "add kubeconfig to deliver, or take "
		       "$(KUBECONFIG_PATH) out: no kubeconfig is made";
	else
		*sum += strlen(DC_KUBECONFIG_PATH);
	return NULL;
}

/*
 * The first mistake in a value, or NULL; $$ is a dollar. Without one, lens[index]
 * is its length once it is expanded.
 */
static const char *judge_value(const struct config_rule *r, size_t *lens,
			       size_t index)
{
	const char *value = r->env[index].value;
	const char *p = value;
	size_t sum = 0;

	while (*p != '\0') {
		struct json_span name = { (size_t)(p - value) + 2, 0 };
		const char *remedy;

		if (strncmp(p, "$(", 2) != 0) {
			p += strncmp(p, "$$", 2) == 0 ? 2 : 1;
			sum++;
			continue;
		}
		name.len = strcspn(p + 2, ")");
		if (p[2 + name.len] == '\0')
			return "close $( with a parenthesis, or write "
			       "$$( for the characters themselves";
		remedy = judge_reference(r, lens, index, name, &sum);
		if (remedy != NULL)
			return remedy;
		p += name.len + 3;
	}
	if (sum >= CONFIG_MAX_EXPANDED)
		return "shorten the value: it is too long when its "
		       "$(NAME) are expanded";
	lens[index] = sum;
	return NULL;
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
		const char *remedy;

		value.off = d->draft->env_value_off[i];
		if (r->env[i].value == NULL)
			continue;
		remedy = judge_value(r, lens, i);
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
