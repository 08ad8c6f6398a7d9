/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's sources: where the files of its credential come from. */
#include <stdint.h>
#include <string.h>

#include "config_value.h"

/* Every path in a rule names a file of the same directory. */
struct path_use {
	const char *path;
	struct path_use *before;
};

struct source_draft {
	struct config_source source;
	bool chosen;
};

static void decode_path(struct decoder *d, const struct place *at,
			const struct field *f, void *out)
{
	struct path_use *use;
	const char **ret = out;

	value_string(d, at, f, out);
	if (*ret == NULL)
		return;
	for (use = d->draft->paths; use != NULL; use = use->before) {
		if (strcmp(use->path, *ret) == 0) {
			value_mistake(d, at,
				      "write another one: the rule has a file "
				      "of this name already");
			return;
		}
	}
	use = value_alloc(d, sizeof(*use));
	if (use == NULL)
		return;
	*use = (struct path_use){ *ret, d->draft->paths };
	d->draft->paths = use;
}

/* Digits only, as Go reads an integer: 600.0 and 6e2 are none. */
static bool read_number(const char *s, size_t len, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || *ret > CONFIG_MAX_EXPIRATION)
			return false;
		*ret = *ret * 10 + s[i] - '0';
	}
	return true;
}

/* Asked for 3607 seconds, the API server may issue a token for a year. */
static void decode_expiration(struct decoder *d, const struct place *at,
			      const struct field *f, void *out)
{
	const struct json_span v = d->item.value;
	int64_t *ret = out, n;

	(void)f;
	if (d->item.type != JSON_IS_NUMBER ||
	    !read_number(d->scanner->buf + v.off, v.len, &n) ||
	    n < CONFIG_MIN_EXPIRATION || n > CONFIG_MAX_EXPIRATION)
		value_refuse(d, at,
			     "write a whole number of seconds from 600 to "
			     "4294967296");
	else if (n == 3607)
		value_refuse(d, at,
			     "write 3600: to the API server, 3607 stands for "
			     "a year");
	else
		*ret = n;
}

struct bound_draft {
	const char *kind;
	const char *name;
	size_t name_off;
};

static void decode_bound_name(struct decoder *d, const struct place *at,
			      const struct field *f, void *out)
{
	struct bound_draft *b = out;

	b->name_off = at->off;
	value_string(d, at, f, &b->name);
}

static void decode_bound(struct decoder *d, const struct place *at,
			 const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "kind", value_string, offsetof(struct bound_draft, kind),
		  &text_bound_kind, true },
		{ "name", decode_bound_name, 0, &text_subdomain, false },
		{ 0 },
	};
	struct bound_draft b = { .name_off = 0 };
	struct place name = { .up = at, .name = "name" };
	struct config_token *ret = out;

	(void)f;
	if (!value_object(d, at, fields, &b) || b.kind == NULL)
		return;
	ret->bound_to = CONFIG_BOUND_TO_NODE;
	if (strcmp(b.kind, "Secret") == 0)
		ret->bound_to = CONFIG_BOUND_TO_SECRET;
	ret->bound_name = b.name;
	name.off = b.name_off > 0 ? b.name_off : at->off;
	if (ret->bound_to == CONFIG_BOUND_TO_NODE && b.name_off > 0)
		value_mistake(d, &name,
			      "take it out: the node is the one that the "
			      "request comes from");
	if (ret->bound_to == CONFIG_BOUND_TO_SECRET && b.name_off == 0)
		value_mistake(d, &name,
			      "add it: the name of a Secret in the service "
			      "account's namespace");
}

/* false, and the value is skipped, where the source has one already. */
static bool choose(struct decoder *d, const struct place *at,
		   enum config_source_kind kind, struct source_draft *s)
{
	if (s->chosen) {
		value_refuse(d, at,
			     "put it into an element of its own: a source is "
			     "one of serviceAccountToken, configMap and "
			     "directory");
		return false;
	}
	s->chosen = true;
	s->source.kind = kind;
	return true;
}

#define TOKEN(member) offsetof(struct config_token, member)

static void decode_token(struct decoder *d, const struct place *at,
			 const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "namespace", value_string, TOKEN(namespace), &text_label,
		  true },
		{ "serviceAccountName", value_string,
		  TOKEN(service_account_name), &text_subdomain, true },
		{ "audience", value_string, TOKEN(audience), &text_audience,
		  false },
		{ "expirationSeconds", decode_expiration,
		  TOKEN(expiration_seconds), NULL, false },
		{ "boundObjectRef", decode_bound, 0, NULL, false },
		{ "path", decode_path, TOKEN(path), &text_path, true },
		{ 0 },
	};
	struct source_draft *s = out;

	(void)f;
	if (!choose(d, at, CONFIG_TOKEN, s))
		return;
	if (d->draft->has_token)
		value_mistake(d, at,
			      "take it out: a rule has one "
			      "serviceAccountToken");
	d->draft->has_token = true;
	s->source.token.expiration_seconds = CONFIG_DEFAULT_EXPIRATION;
	value_object(d, at, fields, &s->source.token);
}

static void decode_items(struct decoder *d, const struct place *at,
			 const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "key", value_string, offsetof(struct config_item, key),
		  &text_data_key, true },
		{ "path", decode_path, offsetof(struct config_item, path),
		  &text_path, true },
		{ 0 },
	};
	struct config_item items[CONFIG_MAX_LIST];
	struct config_config_map *ret = out;
	struct list l;
	size_t n = 0;

	(void)f;
	if (!value_list(d, at, &l))
		return;
	while (value_list_next(d, &l)) {
		items[n] = (struct config_item){ NULL, NULL };
		value_object(d, &l.element, fields, &items[n++]);
	}
	ret->items = value_keep(d, items, n, sizeof(items[0]));
	ret->item_count = ret->items == NULL ? 0 : n;
}

#define MAP(member) offsetof(struct config_config_map, member)

static void decode_config_map(struct decoder *d, const struct place *at,
			      const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "namespace", value_string, MAP(namespace), &text_label,
		  true },
		{ "name", value_string, MAP(name), &text_subdomain, true },
		{ "items", decode_items, 0, NULL, true },
		{ 0 },
	};
	struct source_draft *s = out;

	(void)f;
	if (choose(d, at, CONFIG_CONFIG_MAP, s))
		value_object(d, at, fields, &s->source.config_map);
}

static void decode_directory(struct decoder *d, const struct place *at,
			     const struct field *f, void *out)
{
	static const struct field fields[] = {
		{ "path", value_string, 0, &text_directory, true },
		{ 0 },
	};
	struct source_draft *s = out;

	(void)f;
	if (!choose(d, at, CONFIG_DIRECTORY, s))
		return;
	d->draft->has_directory = true;
	value_object(d, at, fields, &s->source.directory);
}

static void decode_source(struct decoder *d, const struct place *at,
			  struct config_source *ret)
{
	static const struct field fields[] = {
		{ "serviceAccountToken", decode_token, 0, NULL, false },
		{ "configMap", decode_config_map, 0, NULL, false },
		{ "directory", decode_directory, 0, NULL, false },
		{ 0 },
	};
	struct source_draft s = { .chosen = false };
	size_t mistakes = d->mistakes->count;

	value_object(d, at, fields, &s);
	if (!s.chosen && d->mistakes->count == mistakes)
		value_mistake(d, at,
			      "add serviceAccountToken, configMap or "
			      "directory");
	*ret = s.source;
}

void source_list(struct decoder *d, const struct place *at,
		 const struct field *f, void *out)
{
	struct config_source items[CONFIG_MAX_LIST];
	struct rule_draft *draft = out;
	struct list l;
	size_t n = 0;

	(void)f;
	draft->sources_off = at->off;
	if (!value_list(d, at, &l))
		return;
	while (value_list_next(d, &l)) {
		decode_source(d, &l.element, &items[n++]);
		if (n > 1 && draft->has_directory)
			value_mistake(d, &l.element,
				      "take it out: a directory is a rule's "
				      "only source");
	}
	draft->rule.sources = value_keep(d, items, n, sizeof(items[0]));
	draft->rule.source_count = draft->rule.sources == NULL ? 0 : n;
}
