/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: what is taken is within its bounds, what is not is explained, and a
 * line more in front changes nothing but the lines.
 */
#include <string.h>

#include "../common/config.h"
#include "../common/kubeconfig.h"
#include "../common/name.h"
#include "delegate-credentials.h"
#include "fuzz.h"

static void check_token(const struct config_token *t)
{
	must(name_is_label(t->namespace, strlen(t->namespace)));
	must(t->expiration_seconds >= CONFIG_MIN_EXPIRATION &&
	     t->expiration_seconds <= CONFIG_MAX_EXPIRATION);
	must(name_is_data_key(t->path, strlen(t->path)));
	must((t->bound_to == CONFIG_BOUND_TO_SECRET) ==
	     (t->bound_name != NULL));
}

static void check_source(const struct config_source *s)
{
	if (s->kind == CONFIG_TOKEN) {
		check_token(&s->token);
	} else if (s->kind == CONFIG_DIRECTORY) {
		must(s->directory[0] == '/' && fuzz_is_printable(s->directory));
	} else {
		must(s->config_map.item_count > 0 &&
		     s->config_map.item_count <= CONFIG_MAX_LIST);
		for (size_t i = 0; i < s->config_map.item_count; i++) {
			const char *path = s->config_map.items[i].path;

			must(name_is_data_key(path, strlen(path)));
		}
	}
}

/* Whatever the rule says has to fit into the kubeconfig. */
static void check_kubeconfig(const struct config_kubeconfig *k)
{
	char out[KUBECONFIG_MAX];
	struct err e = ERR_INIT;
	const struct kubeconfig text = {
		.host = "127.0.0.1",
		.port = "65535",
		.context_name = k->context_name ? k->context_name : "c",
		.namespace = k->namespace,
		.token_file = DC_SERVICE_ACCOUNT_DIR,
		.certificate_authority = DC_SERVICE_ACCOUNT_DIR,
	};

	must(kubeconfig_format(&text, out, sizeof(out), &e) > 0);
}

static void check_rule(const struct config_rule *r)
{
	must(name_is_label(r->name, strlen(r->name)));
	must(r->match_plugins.count + r->match_ipam.count +
		     r->match_delegates.count > 0);
	must(r->source_count > 0 && r->source_count <= CONFIG_MAX_LIST);
	for (size_t i = 0; i < r->source_count; i++)
		check_source(&r->sources[i]);
	if (r->kubeconfig != NULL)
		check_kubeconfig(r->kubeconfig);
	for (size_t i = 0; i < r->env_count; i++)
		must(r->env[i].name[0] != '\0' && r->env[i].value != NULL);
}

static void check_mistakes(const struct config_mistakes *m)
{
	struct err e = ERR_INIT;

	must(m->count > 0);
	for (size_t i = 0; i < m->count && i < CONFIG_MAX_MISTAKES; i++) {
		const struct config_mistake *one = &m->items[i];

		must(one->line > 0 && one->column > 0);
		must(one->key[0] != '\0' && fuzz_is_printable(one->key));
		must(one->text[0] != '\0' && fuzz_is_printable(one->text));
	}
	must(config_mistakes_err("/etc/config.json", m, &e) == -1);
	fuzz_check_error(&e);
}

/* The same a line further down. */
static void check_same(const struct config_mistakes *a,
		       const struct config_mistakes *b)
{
	must(a->count == b->count);
	for (size_t i = 0; i < a->count && i < CONFIG_MAX_MISTAKES; i++) {
		must(a->items[i].line + 1 == b->items[i].line);
		must(a->items[i].column == b->items[i].column);
		must(strcmp(a->items[i].key, b->items[i].key) == 0);
		must(strcmp(a->items[i].text, b->items[i].text) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct config_mistakes mistakes, moved_mistakes;
	char *moved_text = malloc(len + 1);
	struct config c, moved;
	int r = config_decode((const char *)data, len, &c, &mistakes);

	must(moved_text != NULL);
	moved_text[0] = '\n';
	memcpy(moved_text + 1, data, len);
	must(config_decode(moved_text, len + 1, &moved, &moved_mistakes) == r);
	check_same(&mistakes, &moved_mistakes);
	free(moved_text);
	if (r < 0) {
		check_mistakes(&mistakes);
		return 0;
	}
	must(mistakes.count == 0 && c.rule_count <= CONFIG_MAX_RULES);
	must(c.rule_count == moved.rule_count);
	for (size_t i = 0; i < c.rule_count; i++) {
		check_rule(&c.rules[i]);
		must(c.rules[i].line + 1 == moved.rules[i].line);
	}
	config_free(&c);
	config_free(&moved);
	return 0;
}
