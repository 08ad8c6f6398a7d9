/* SPDX-License-Identifier: Apache-2.0 */
#include "roster.h"

#include <stdlib.h>
#include <string.h>

#include "delegate-credentials.h"

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_token(const struct config_token *a,
		       const struct config_token *b)
{
	return same_text(a->namespace, b->namespace) &&
	       same_text(a->service_account_name, b->service_account_name) &&
	       same_text(a->audience, b->audience) &&
	       a->expiration_seconds == b->expiration_seconds &&
	       a->bound_to == b->bound_to &&
	       same_text(a->bound_name, b->bound_name) &&
	       same_text(a->path, b->path);
}

static bool same_config_map(const struct config_config_map *a,
			    const struct config_config_map *b)
{
	if (!same_text(a->namespace, b->namespace) ||
	    !same_text(a->name, b->name) || a->item_count != b->item_count)
		return false;
	for (size_t i = 0; i < a->item_count; i++)
		if (!same_text(a->items[i].key, b->items[i].key) ||
		    !same_text(a->items[i].path, b->items[i].path))
			return false;
	return true;
}

static bool same_source(const struct config_source *a,
			const struct config_source *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == CONFIG_TOKEN)
		return same_token(&a->token, &b->token);
	if (a->kind == CONFIG_CONFIG_MAP)
		return same_config_map(&a->config_map, &b->config_map);
	return same_text(a->directory, b->directory);
}

static bool same_sources(const struct config_rule *a,
			 const struct config_rule *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++)
		if (!same_source(&a->sources[i], &b->sources[i]))
			return false;
	return true;
}

struct roster_entry *roster_find(const struct roster *r, const char *rule)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->entries[i].rule->name, rule) == 0)
			return &r->entries[i];
	return NULL;
}

static void enter(struct roster_entry *entry, const struct config_rule *rule,
		  const struct roster_entry *before, const char *node,
		  const struct schedule_clock *now)
{
	if (before != NULL && same_sources(before->rule, rule)) {
		*entry = *before;
	} else {
		schedule_init(&entry->schedule, node, rule->name);
		schedule_start(&entry->schedule, now);
		entry->is_new = true;
		entry->is_other = before != NULL;
	}
	entry->rule = rule;
}

void roster_reconsider(struct roster *r, const struct schedule_clock *now)
{
	for (size_t i = 0; i < r->count; i++)
		schedule_reconsider(&r->entries[i].schedule, now);
}

int roster_adopt(struct roster *r, struct config *config, const char *node,
		 const struct schedule_clock *now)
{
	struct roster next = { .config = *config };

	next.entries = calloc(config->rule_count + 1, sizeof(*next.entries));
	if (next.entries == NULL) {
		config_free(config);
		return -1;
	}
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (config_rule_directory(rule) != NULL)
			continue;
		enter(&next.entries[next.count], rule,
		      roster_find(r, rule->name), node, now);
		next.count++;
	}
	roster_free(r);
	*r = next;
	roster_reconsider(r, now);
	return 0;
}

void roster_free(struct roster *r)
{
	free(r->entries);
	config_free(&r->config);
	memset(r, 0, sizeof(*r));
}

struct roster_entry *roster_next(const struct roster *r,
				 const struct schedule_clock *now,
				 int64_t *ret_wait)
{
	struct roster_entry *first = NULL;

	for (size_t i = 0; i < r->count; i++) {
		int64_t wait = schedule_wait(&r->entries[i].schedule, now);

		if (first != NULL && wait >= *ret_wait)
			continue;
		first = &r->entries[i];
		*ret_wait = wait;
	}
	return first;
}

const struct config_rule *roster_rule(const struct config *c, const char *name,
				      struct err *e)
{
	for (size_t i = 0; i < c->rule_count; i++) {
		if (strcmp(c->rules[i].name, name) != 0)
			continue;
		if (config_rule_directory(&c->rules[i]) == NULL)
			return &c->rules[i];
		err_set(e, DC_CODE_COMMAND_LINE,
			"name another rule than %s: it delivers a directory",
			name);
		return NULL;
	}
	err_set(e, DC_CODE_COMMAND_LINE,
		"name a rule of the configuration: '%.63s' is none", name);
	return NULL;
}

bool roster_is_of(const struct config_rule *rule, const struct store_state *s)
{
	return s->present &&
	       storemeta_is_for(&s->meta, config_rule_token(rule));
}

bool roster_was_renewed(struct roster_entry *entry, const struct store_state *s,
			const struct schedule_clock *now)
{
	struct schedule found = entry->schedule;

	if (entry->is_other || !roster_is_of(entry->rule, s) ||
	    s->meta.issued == found.issued)
		return false;
	schedule_found(&found, s->meta.issued, s->meta.expires, now);
	if (schedule_is_past(&found, now))
		return false;
	entry->schedule = found;
	return true;
}
