/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "config_value.h"
#include "delegate-credentials.h"

#define RULE(member) offsetof(struct rule_draft, rule.member)

static void decode_name(struct decoder *d, const struct place *at,
			const struct field *f, void *out)
{
	struct rule_draft *draft = out;

	draft->name_off = at->off;
	value_string(d, at, f, &draft->rule.name);
}

static void decode_match(struct decoder *d, const struct place *at,
			 const struct field *f, void *out)
{
	d->draft->has_match = true;
	value_strings(d, at, f, out);
}

static const struct field rule_fields[] = {
	{ "name", decode_name, 0, &text_label, true },
	{ "matchPlugins", decode_match, RULE(match_plugins), &text_plugin,
	  false },
	{ "matchIPAM", decode_match, RULE(match_ipam), &text_plugin, false },
	{ "matchDelegates", decode_match, RULE(match_delegates), &text_plugin,
	  false },
	{ "matchNamespaces", value_strings, RULE(match_namespaces),
	  &text_match_namespace, false },
	{ "sources", source_list, 0, NULL, true },
	{ "deliver", deliver_object, 0, NULL, true },
	{ "credentialKeys", value_strings, RULE(credential_keys),
	  &text_credential_key, false },
	{ "needs", need_list, 0, NULL, false },
	{ 0 },
};

/* What is a mistake itself counts as the file that is looked for. */
static bool has_file(const struct config_source *s, const char *path)
{
	const struct config_config_map *m = &s->config_map;

	if (s->kind == CONFIG_TOKEN)
		return s->token.path == NULL ||
		       strcmp(s->token.path, path) == 0;
	for (size_t i = 0; i < m->item_count; i++) {
		if (m->items[i].path == NULL ||
		    strcmp(m->items[i].path, path) == 0)
			return true;
	}
	return m->item_count == 0;
}

static bool has_source(const struct config_rule *r,
		       enum config_source_kind kind, const char *path)
{
	for (size_t i = 0; i < r->source_count; i++) {
		if (r->sources[i].kind == kind &&
		    has_file(&r->sources[i], path))
			return true;
	}
	return false;
}

/* client-go looks for these two names, and so does the kubeconfig. */
static void check_files(struct decoder *d, const struct place *at)
{
	const struct rule_draft *draft = d->draft;
	const struct config_rule *r = &draft->rule;
	const struct place sources = { .up = at,
				       .name = "sources",
				       .off = draft->sources_off };

	if ((!r->service_account_directory && r->kubeconfig == NULL) ||
	    r->source_count == 0 || draft->has_directory)
		return;
	if (!has_source(r, CONFIG_TOKEN, "token"))
		value_mistake(d, &sources,
			      "add a serviceAccountToken with the path "
			      "\"token\": serviceAccountDirectory and "
			      "kubeconfig need it");
	if (!has_source(r, CONFIG_CONFIG_MAP, "ca.crt"))
		value_mistake(d, &sources,
			      "add a configMap with an item of the path "
			      "\"ca.crt\": serviceAccountDirectory and "
			      "kubeconfig need it");
}

/* What no key says alone. */
static void check_rule(struct decoder *d, const struct place *at)
{
	const struct rule_draft *draft = d->draft;
	const struct place needs = { .up = at,
				     .name = "needs",
				     .off = draft->needs_off };

	if (!draft->has_match)
		value_mistake(d, at,
			      "add matchPlugins, matchIPAM or matchDelegates");
	check_files(d, at);
	if (draft->needs_off > 0 && !draft->has_token)
		value_mistake(d, &needs,
			      "take it out, or add a serviceAccountToken: "
			      "nothing else has an account");
}

/* From 1; called for ascending offsets, so that all is looked at once. */
static size_t line_of(struct decoder *d, size_t off)
{
	for (; d->line_off < off; d->line_off++)
		d->line += d->scanner->buf[d->line_off] == '\n';
	return d->line;
}

static bool has_rule(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->rule_count && name != NULL; i++) {
		if (c->rules[i].name != NULL &&
		    strcmp(c->rules[i].name, name) == 0)
			return true;
	}
	return false;
}

static void decode_rule(struct decoder *d, const struct place *at,
			const struct config *before, struct config_rule *ret)
{
	struct place name = { .up = at, .name = "name" };
	struct rule_draft draft = { .has_match = false };

	draft.rule.line = line_of(d, at->off);
	d->draft = &draft;
	if (value_object(d, at, rule_fields, &draft))
		check_rule(d, at);
	name.off = draft.name_off;
	if (has_rule(before, draft.rule.name))
		value_mistake(d, &name,
			      "write another one: an earlier rule has this "
			      "name");
	*ret = draft.rule;
	d->draft = NULL;
}

/* Room for one more; NULL where there is no memory. */
static struct config_rule *next_rule(struct decoder *d, struct config *c,
				     size_t *capacity)
{
	struct config_rule *rules;

	if (c->rule_count == *capacity) {
		*capacity = *capacity == 0 ? 4 : *capacity * 2;
		rules = value_alloc(d, *capacity * sizeof(*rules));
		if (rules == NULL)
			return NULL;
		if (c->rule_count > 0)
			memcpy(rules, c->rules, c->rule_count * sizeof(*rules));
		c->rules = rules;
	}
	return &c->rules[c->rule_count];
}

static void decode_rules(struct decoder *d, const struct place *at,
			 const struct field *f, void *out)
{
	struct config *ret = out;
	struct config_rule *rule;
	size_t capacity = 0;
	struct list l;

	(void)f;
	if (!value_list(d, at, &l))
		return;
	l.max = CONFIG_MAX_RULES;
	l.may_be_empty = true;
	while (value_list_next(d, &l)) {
		rule = next_rule(d, ret, &capacity);
		if (rule == NULL)
			return;
		decode_rule(d, &l.element, ret, rule);
		ret->rule_count++;
	}
}

struct document {
	const char *api_version;
	const char *kind;
	struct config config;
};

static void decode_document(struct decoder *d, struct document *doc)
{
	static const struct field fields[] = {
		{ "apiVersion", value_string,
		  offsetof(struct document, api_version), &text_api_version,
		  true },
		{ "kind", value_string, offsetof(struct document, kind),
		  &text_kind, true },
		{ "rules", decode_rules, offsetof(struct document, config),
		  NULL, true },
		{ 0 },
	};
	struct place top = { .name = "" };

	if (!value_next(d, &top))
		return;
	top.off = d->item.value.off;
	value_object(d, &top, fields, doc);
	value_next(d, &top); /* nothing more, or a mistake */
}

int config_decode(const char *buf, size_t len, struct config *ret,
		  struct config_mistakes *m)
{
	/* Static for the same reason as in netconf.c. */
	static struct json_scanner scanner;
	struct document doc = { .kind = NULL };
	struct decoder d = { .scanner = &scanner,
			     .arena = &doc.config.arena,
			     .mistakes = m,
			     .line = 1 };
	const struct place top = { .name = "" };

	m->count = 0;
	m->no_memory = false;
	json_init(&scanner, buf, len);
	if (len > CONFIG_MAX_BYTES)
		value_mistake(&d, &top, "keep it to %d bytes",
			      CONFIG_MAX_BYTES);
	else
		decode_document(&d, &doc);
	if (m->count == 0) {
		*ret = doc.config;
		return 0;
	}
	value_locate_mistakes(&d);
	arena_free(&doc.config.arena);
	return -1;
}

void config_free(struct config *c)
{
	arena_free(&c->arena);
	c->rules = NULL;
	c->rule_count = 0;
}

/* How to see all of them. What comes before gives way to it. */
static int append_check(const char *file, struct err *e)
{
	char tail[200];
	int len = snprintf(tail, sizeof(tail),
			   "; for all of them run 'multus-credential check "
			   "--config=%s'",
			   file);

	return err_set(e, e->code, "%.*s%s", (int)sizeof(e->msg) - 1 - len,
		       e->msg, tail);
}

int config_mistakes_err(const char *file, const struct config_mistakes *m,
			struct err *e)
{
	const struct config_mistake *first = &m->items[0];
	size_t len = strlen(file), max = 100;
	char others[48] = "";

	if (m->no_memory)
		return err_set(e, DC_CODE_INTERNAL,
			       "allow more memory: none is left for '%s'",
			       file);
	if (m->count > 1)
		snprintf(others, sizeof(others), " (the first of %zu mistakes)",
			 m->count);
	err_set(e, DC_CODE_CONFIG, "correct %s%s:%zu:%zu%s: %s: %s",
		len > max ? "..." : "", len > max ? file + len - max : file,
		first->line, first->column, others, first->key, first->text);
	return m->count == 1 ? -1 : append_check(len > max ? "FILE" : file, e);
}

const struct config_token *config_rule_token(const struct config_rule *r)
{
	for (size_t i = 0; i < r->source_count; i++) {
		if (r->sources[i].kind == CONFIG_TOKEN)
			return &r->sources[i].token;
	}
	return NULL;
}

const char *config_rule_directory(const struct config_rule *r)
{
	return r->source_count == 1 && r->sources[0].kind == CONFIG_DIRECTORY
		       ? r->sources[0].directory
		       : NULL;
}

const char *config_rule_place(const struct config_rule *r)
{
	return r->service_account_directory ? DC_SERVICE_ACCOUNT_DIR
					    : DC_CREDENTIALS_DIR;
}
