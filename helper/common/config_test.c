/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config.h"
#include "delegate-credentials.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEAD                                                                   \
	"{\"apiVersion\":\"" CONFIG_API_VERSION "\",\"kind\":\"" CONFIG_KIND  \
	"\",\"rules\":["
#define RULE_HEAD "{\"name\":\"r\",\"matchPlugins\":[\"p\"],"
#define RULE_TAIL                                                              \
	"\"sources\":[{\"directory\":{\"path\":\"/x\"}}],"                     \
	"\"deliver\":{\"serviceAccountDirectory\":true}}"
#define TAIL "]}"

static struct config_mistakes mistakes;

/* A copy without a NUL and without room, so that ASan sees an over-read. */
static int decode(const char *doc, size_t len, struct config *ret)
{
	char *copy = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, doc, len);
	r = config_decode(copy, len, ret, &mistakes);
	free(copy);
	return r;
}

static void assert_good(const char *doc, struct config *ret)
{
	if (decode(doc, strlen(doc), ret) < 0)
		fail_msg("%s: %s", mistakes.items[0].key,
			 mistakes.items[0].text);
	assert_int_equal(mistakes.count, 0);
}

/* One mistake, at this place. */
static void assert_mistake(const char *doc, size_t column, const char *key,
			   const char *text)
{
	struct config config;

	assert_int_equal(decode(doc, strlen(doc), &config), -1);
	assert_int_equal(mistakes.count, 1);
	assert_int_equal(mistakes.items[0].line, 1);
	assert_int_equal(mistakes.items[0].column, column);
	assert_string_equal(mistakes.items[0].key, key);
	assert_string_equal(mistakes.items[0].text, text);
}

static void fills_in_everything(void **state)
{
	static const char doc[] =
		HEAD "\n{\"name\":\"one\",\"matchPlugins\":[\"a\",\"b\"],"
		"\"matchIPAM\":[\"i\"],\"matchDelegates\":[\"d\"],"
		"\"matchNamespaces\":[\"*\"],\"sources\":["
		"{\"configMap\":{\"namespace\":\"n\",\"name\":\"m\","
		"\"items\":[{\"key\":\"k\",\"path\":\"ca.crt\"}]}},\n"
		"{\"serviceAccountToken\":{\"namespace\":\"kube-system\","
		"\"serviceAccountName\":\"sa\",\"audience\":\"aud\","
		"\"expirationSeconds\":4294967296,\"boundObjectRef\":"
		"{\"kind\":\"Secret\",\"name\":\"s\"},\"path\":\"token\"}}],"
		"\"deliver\":{\"serviceAccountDirectory\":true,\"kubeconfig\":"
		"{\"contextName\":\"c\",\"namespace\":\"kn\",\"configKeys\":"
		"[\"a.b\",\"c\"]},\"env\":[{\"name\":\"A\",\"value\":"
		"\"\\u00e9$(KUBECONFIG_PATH)\"}]},\"credentialKeys\":"
		"[\"etcd_*\"],\"needs\":[{\"namespaces\":[\"x\"],\"apiGroups\":"
		"[\"\"],\"resources\":[\"pods\"],\"resourceNames\":[\"rn\"],"
		"\"verbs\":[\"get\",\"list\"]},{\"apiGroups\":[\"g\"],"
		"\"resources\":[\"*\"],\"verbs\":[\"*\"]}]},\n" RULE_HEAD
			RULE_TAIL TAIL;
	const struct config_rule *r;
	const struct config_token *t;
	struct config c;

	(void)state;
	assert_good(doc, &c);
	assert_int_equal(c.rule_count, 2);
	r = &c.rules[0];
	assert_string_equal(r->name, "one");
	assert_int_equal(r->line, 2);
	assert_int_equal(r->match_plugins.count, 2);
	assert_string_equal(r->match_plugins.items[1], "b");
	assert_string_equal(r->match_ipam.items[0], "i");
	assert_string_equal(r->match_delegates.items[0], "d");
	assert_string_equal(r->match_namespaces.items[0], "*");
	assert_int_equal(r->source_count, 2);
	assert_int_equal(r->sources[0].kind, CONFIG_CONFIG_MAP);
	assert_string_equal(r->sources[0].config_map.namespace, "n");
	assert_string_equal(r->sources[0].config_map.name, "m");
	assert_int_equal(r->sources[0].config_map.item_count, 1);
	assert_string_equal(r->sources[0].config_map.items[0].key, "k");
	assert_string_equal(r->sources[0].config_map.items[0].path, "ca.crt");
	assert_null(config_rule_directory(r));
	t = config_rule_token(r);
	assert_ptr_equal(t, &r->sources[1].token);
	assert_string_equal(t->namespace, "kube-system");
	assert_string_equal(t->service_account_name, "sa");
	assert_string_equal(t->audience, "aud");
	assert_true(t->expiration_seconds == 4294967296);
	assert_int_equal(t->bound_to, CONFIG_BOUND_TO_SECRET);
	assert_string_equal(t->bound_name, "s");
	assert_string_equal(t->path, "token");
	assert_true(r->service_account_directory);
	assert_string_equal(r->kubeconfig->context_name, "c");
	assert_string_equal(r->kubeconfig->namespace, "kn");
	assert_int_equal(r->kubeconfig->config_keys.count, 2);
	assert_string_equal(r->kubeconfig->config_keys.items[0], "a.b");
	assert_int_equal(r->env_count, 1);
	assert_string_equal(r->env[0].name, "A");
	assert_string_equal(r->env[0].value, "\xc3\xa9$(KUBECONFIG_PATH)");
	assert_string_equal(r->credential_keys.items[0], "etcd_*");
	assert_int_equal(r->need_count, 2);
	assert_string_equal(r->needs[0].namespaces.items[0], "x");
	assert_string_equal(r->needs[0].api_groups.items[0], "");
	assert_string_equal(r->needs[0].resources.items[0], "pods");
	assert_string_equal(r->needs[0].resource_names.items[0], "rn");
	assert_int_equal(r->needs[0].verbs.count, 2);
	assert_int_equal(r->needs[1].namespaces.count, 0);
	assert_int_equal(r->needs[1].resource_names.count, 0);
	assert_int_equal(c.rules[1].line, 4);
	config_free(&c);
	assert_int_equal(c.rule_count, 0);
}

static void leaves_out_what_is_absent(void **state)
{
	struct config c;
	const struct config_rule *r;

	(void)state;
	assert_good(HEAD RULE_HEAD RULE_TAIL TAIL, &c);
	r = &c.rules[0];
	assert_int_equal(r->line, 1);
	assert_int_equal(r->match_ipam.count, 0);
	assert_int_equal(r->match_namespaces.count, 0);
	assert_null(config_rule_token(r));
	assert_string_equal(config_rule_directory(r), "/x");
	assert_null(r->kubeconfig);
	assert_int_equal(r->env_count, 0);
	assert_int_equal(r->credential_keys.count, 0);
	assert_int_equal(r->need_count, 0);
	config_free(&c);
}

static void has_defaults(void **state)
{
	static const char doc[] = HEAD RULE_HEAD
		"\"sources\":[{\"serviceAccountToken\":{\"namespace\":\"n\","
		"\"serviceAccountName\":\"s\",\"boundObjectRef\":{\"kind\":"
		"\"Node\"},\"path\":\"t\"}}],\"deliver\":{\"env\":[{\"name\":"
		"\"A\",\"value\":\"\"}]}}" TAIL;
	const struct config_token *t;
	struct config c;

	(void)state;
	assert_good(doc, &c);
	t = config_rule_token(&c.rules[0]);
	assert_int_equal(t->expiration_seconds, CONFIG_DEFAULT_EXPIRATION);
	assert_null(t->audience);
	assert_int_equal(t->bound_to, CONFIG_BOUND_TO_NODE);
	assert_null(t->bound_name);
	assert_false(c.rules[0].service_account_directory);
	config_free(&c);
}

/* HEAD and that many rules, each of its own name, and TAIL. */
static char *many_rules(size_t count)
{
	char *doc = malloc(count * 160 + 200), *p = doc;

	assert_non_null(doc);
	p += sprintf(p, HEAD);
	for (size_t i = 0; i < count; i++)
		p += sprintf(p,
			     "%s\n{\"name\":\"r%zu\",\"matchPlugins\":"
			     "[\"p\"]," RULE_TAIL,
			     i == 0 ? "" : ",", i);
	sprintf(p, TAIL);
	return doc;
}

static void holds_1000_rules_and_no_more(void **state)
{
	char *doc = many_rules(CONFIG_MAX_RULES);
	struct config c;

	(void)state;
	assert_good(doc, &c);
	assert_int_equal(c.rule_count, CONFIG_MAX_RULES);
	for (size_t i = 0; i < CONFIG_MAX_RULES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "r%zu", i);
		assert_string_equal(c.rules[i].name, name);
		assert_int_equal(c.rules[i].line, i + 2);
	}
	config_free(&c);
	free(doc);
	doc = many_rules(CONFIG_MAX_RULES + 2);
	assert_int_equal(decode(doc, strlen(doc), &c), -1);
	assert_int_equal(mistakes.count, 1);
	assert_int_equal(mistakes.items[0].line, CONFIG_MAX_RULES + 2);
	assert_int_equal(mistakes.items[0].column, 1);
	assert_string_equal(mistakes.items[0].key, "rules[1000]");
	assert_string_equal(mistakes.items[0].text,
			    "keep the list to 1000 elements");
	free(doc);
}

static void is_bounded(void **state)
{
	char *doc = malloc(CONFIG_MAX_BYTES + 2);
	struct config c;

	(void)state;
	assert_non_null(doc);
	memset(doc, ' ', CONFIG_MAX_BYTES + 1);
	memcpy(doc, HEAD TAIL, strlen(HEAD TAIL));
	doc[CONFIG_MAX_BYTES] = '\0';
	assert_good(doc, &c);
	config_free(&c);
	doc[CONFIG_MAX_BYTES] = ' ';
	doc[CONFIG_MAX_BYTES + 1] = '\0';
	assert_mistake(doc, 1, "(top level)", "keep it to 1048576 bytes");
	free(doc);
}

/* The first ones of the file are kept, whatever the order they are found in. */
static void keeps_the_first_mistakes(void **state)
{
	char doc[2048], *p = doc;
	struct config c;

	(void)state;
	p += sprintf(p, HEAD "\n{");
	for (size_t i = 0; i < 100; i++)
		p += sprintf(p, "%s\n\"k%zu\":0", i == 0 ? "" : ",", i);
	sprintf(p, "}" TAIL);
	assert_int_equal(decode(doc, strlen(doc), &c), -1);
	/* name, sources, deliver and the lists of plugins are missing */
	assert_int_equal(mistakes.count, 104);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(mistakes.items[i].line, 2);
	assert_string_equal(mistakes.items[0].key, "rules[0].name");
	assert_string_equal(mistakes.items[1].key, "rules[0].sources");
	assert_string_equal(mistakes.items[2].key, "rules[0].deliver");
	assert_string_equal(mistakes.items[3].key, "rules[0]");
	for (size_t i = 4; i < CONFIG_MAX_MISTAKES; i++) {
		char key[24];

		snprintf(key, sizeof(key), "rules[0].k%zu", i - 4);
		assert_int_equal(mistakes.items[i].line, i - 1);
		assert_string_equal(mistakes.items[i].key, key);
	}
}

static void skips_what_is_nested_deeply(void **state)
{
	const size_t levels = 9000;
	char *doc = malloc(2 * levels + sizeof(HEAD TAIL) + 8), *p = doc;

	(void)state;
	assert_non_null(doc);
	p += sprintf(p, "{\"x\":");
	memset(p, '[', levels);
	memset(p + levels, ']', levels);
	sprintf(p + 2 * levels, ",%s", &(HEAD TAIL)[1]);
	assert_mistake(doc, 2, "x", "take it out: no such key is known here");
	free(doc);
}

static void refuses_what_is_nested_too_deeply(void **state)
{
	const size_t levels = 10001;
	char *doc = malloc(levels + 1);
	struct config c;

	(void)state;
	assert_non_null(doc);
	memset(doc, '[', levels);
	doc[levels] = '\0';
	assert_int_equal(decode(doc, levels, &c), -1);
	assert_int_equal(mistakes.count, 2);
	assert_int_equal(mistakes.items[1].column, levels);
	assert_string_equal(mistakes.items[1].text,
			    "correct the JSON: nested deeper than 10000 "
			    "levels");
	free(doc);
}

/*
 * Cut anywhere, it is refused, and nothing leaks or is read behind the end. A
 * number that was cut can be a mistake as well.
 */
static void refuses_every_beginning(void **state)
{
	static const char doc[] = HEAD RULE_HEAD
		"\"sources\":[{\"serviceAccountToken\":{\"namespace\":\"n\","
		"\"serviceAccountName\":\"s\",\"expirationSeconds\":600,"
		"\"path\":\"token\"}},{\"configMap\":{\"namespace\":\"n\","
		"\"name\":\"m\",\"items\":[{\"key\":\"k\",\"path\":\"ca.crt\"}"
		"]}}],\"deliver\":{\"kubeconfig\":{\"configKeys\":[\"k\"]},"
		"\"env\":[{\"name\":\"A\",\"value\":\"$(KUBECONFIG_PATH)\"}]},"
		"\"needs\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],"
		"\"verbs\":[\"get\"]}]}" TAIL;
	struct config c;

	(void)state;
	assert_good(doc, &c);
	config_free(&c);
	for (size_t len = 0; len < sizeof(doc) - 1; len++) {
		assert_int_equal(decode(doc, len, &c), -1);
		assert_in_range(mistakes.count, 1, 2);
		assert_int_equal(mistakes.items[mistakes.count - 1].column,
				 len + 1);
	}
}

static void an_error_names_file_place_key_and_remedy(void **state)
{
	struct err e = ERR_INIT;
	struct config c;
	char file[300];

	(void)state;
	assert_int_equal(decode("[]", 2, &c), -1);
	assert_int_equal(config_mistakes_err("/etc/c.json", &mistakes, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	assert_string_equal(e.msg, "correct /etc/c.json:1:1: (top level): "
				   "write an object: {...}");
	assert_int_equal(decode("\n{}", 3, &c), -1);
	assert_int_equal(config_mistakes_err("c", &mistakes, &e), -1);
	assert_string_equal(e.msg, "correct c:2:1 (the first of 3 mistakes): "
				   "apiVersion: add it: it is missing; for all "
				   "of them run 'multus-credential check "
				   "--config=c'");
	memset(file, 'f', sizeof(file));
	file[sizeof(file) - 1] = '\0';
	memcpy(file + sizeof(file) - 6, "/file", 5);
	assert_int_equal(config_mistakes_err(file, &mistakes, &e), -1);
	assert_memory_equal(e.msg, "correct ...fff", 14);
	assert_non_null(strstr(e.msg, "f/file:2:1 (the first of 3 mistakes): "
				      "apiVersion: add it: it is missing; "
				      "for all of them run 'multus-credential "
				      "check --config=FILE'"));
}

/* However long the first mistake is. */
static void an_error_ends_with_how_to_see_all(void **state)
{
	static const char end[] = "; for all of them run 'multus-credential "
				  "check --config=";
	struct err e = ERR_INIT;
	char file[101];
	const char *at;

	(void)state;
	memset(&mistakes, 0, sizeof(mistakes));
	mistakes.count = SIZE_MAX;
	mistakes.items[0].line = mistakes.items[0].column = SIZE_MAX;
	memset(mistakes.items[0].key, 'k', sizeof(mistakes.items[0].key) - 1);
	memset(mistakes.items[0].text, 't', sizeof(mistakes.items[0].text) - 1);
	memset(file, 'f', sizeof(file));
	file[sizeof(file) - 1] = '\0';
	assert_int_equal(config_mistakes_err(file, &mistakes, &e), -1);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	at = strstr(e.msg, end);
	assert_non_null(at);
	at += strlen(end);
	assert_memory_equal(at, file, strlen(file));
	assert_string_equal(at + strlen(file), "'");
	mistakes.count = 1;
	assert_int_equal(config_mistakes_err(file, &mistakes, &e), -1);
	assert_null(strstr(e.msg, "run "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_everything),
		cmocka_unit_test(leaves_out_what_is_absent),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(holds_1000_rules_and_no_more),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(keeps_the_first_mistakes),
		cmocka_unit_test(skips_what_is_nested_deeply),
		cmocka_unit_test(refuses_what_is_nested_too_deeply),
		cmocka_unit_test(refuses_every_beginning),
		cmocka_unit_test(an_error_names_file_place_key_and_remedy),
		cmocka_unit_test(an_error_ends_with_how_to_see_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
