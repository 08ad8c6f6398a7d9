/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rbacyaml.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEAD                                                                   \
	"{\"apiVersion\":\"" CONFIG_API_VERSION "\",\"kind\":\"" CONFIG_KIND  \
	"\",\"rules\":["
#define TAIL "]}"
#define DELIVER "\"deliver\":{\"env\":[{\"name\":\"A\",\"value\":\"\"}]}"
#define TOKEN(ns, sa)                                                          \
	"{\"serviceAccountToken\":{\"namespace\":\"" ns                        \
	"\",\"serviceAccountName\":\"" sa "\",\"path\":\"token\"}}"
#define MAP(ns, name, path)                                                    \
	"{\"configMap\":{\"namespace\":\"" ns "\",\"name\":\"" name            \
	"\",\"items\":[{\"key\":\"k\",\"path\":\"" path "\"}]}}"
#define RULE(name, sources, needs)                                             \
	"{\"name\":\"" name "\",\"matchPlugins\":[\"p\"],\"sources\":["        \
	sources "]," DELIVER needs "}"
#define NEEDS(needs) ",\"needs\":[" needs "]"

static const struct rbac_account sidecar = { "kube-system", "multus" };

static void assert_printed(const char *doc, const char *want)
{
	static struct config_mistakes m;
	struct err e = ERR_INIT;
	struct config c;
	size_t size;
	char *got;
	FILE *out;

	if (config_decode(doc, strlen(doc), &c, &m) < 0)
		fail_msg("%s: %s", m.items[0].key, m.items[0].text);
	out = open_memstream(&got, &size);
	assert_non_null(out);
	assert_int_equal(rbacyaml_print(out, &c, &sidecar, &e), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(got, want);
	free(got);
	config_free(&c);
}

static void prints_nothing_for_nothing(void **state)
{
	(void)state;
	assert_printed(HEAD TAIL, "");
	assert_printed(HEAD RULE("r", "{\"directory\":{\"path\":\"/x\"}}", "")
			       TAIL,
		       "");
}

#define META(ns, name)                                                         \
	"metadata:\n  namespace: \"" ns "\"\n  name: \"" name "\"\n"
#define ACCOUNT(ns, name)                                                      \
	"---\napiVersion: v1\nkind: ServiceAccount\n" META(ns, name)
#define ROLE(ns, name)                                                         \
	"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n" META(    \
		ns, name) "rules:\n"
#define BINDING(ns, name, to_ns, to)                                           \
	"---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"   \
	META(ns, name) "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n"     \
	"  kind: Role\n  name: \"" name "\"\n"                                 \
	"subjects:\n- kind: ServiceAccount\n  namespace: \"" to_ns             \
	"\"\n  name: \"" to "\"\n"
#define SIDECAR_BINDING(ns)                                                    \
	BINDING(ns, "multus-credential", "kube-system", "multus")

/* The whole text once, so that it can be read as kubectl does. */
static void prints_what_one_rule_asks_for(void **state)
{
	static const char want[] =
		"---\n"
		"apiVersion: v1\n"
		"kind: ServiceAccount\n"
		"metadata:\n"
		"  namespace: \"n\"\n"
		"  name: \"sa\"\n"
		"---\n"
		"apiVersion: rbac.authorization.k8s.io/v1\n"
		"kind: Role\n"
		"metadata:\n"
		"  namespace: \"n\"\n"
		"  name: \"multus-credential\"\n"
		"rules:\n"
		"- apiGroups: [\"\"]\n"
		"  resources: [\"serviceaccounts/token\"]\n"
		"  verbs: [\"create\"]\n"
		"  resourceNames:\n"
		"  - \"sa\"\n"
		"- apiGroups: [\"\"]\n"
		"  resources: [\"configmaps\"]\n"
		"  verbs: [\"get\"]\n"
		"  resourceNames:\n"
		"  - \"ca\"\n"
		"---\n"
		"apiVersion: rbac.authorization.k8s.io/v1\n"
		"kind: RoleBinding\n"
		"metadata:\n"
		"  namespace: \"n\"\n"
		"  name: \"multus-credential\"\n"
		"roleRef:\n"
		"  apiGroup: rbac.authorization.k8s.io\n"
		"  kind: Role\n"
		"  name: \"multus-credential\"\n"
		"subjects:\n"
		"- kind: ServiceAccount\n"
		"  namespace: \"kube-system\"\n"
		"  name: \"multus\"\n"
		"---\n"
		"apiVersion: rbac.authorization.k8s.io/v1\n"
		"kind: ClusterRole\n"
		"metadata:\n"
		"  name: \"multus-delegate-r\"\n"
		"rules:\n"
		"- apiGroups: [\"\"]\n"
		"  resources: [\"pods\", \"pods/status\"]\n"
		"  verbs: [\"get\", \"patch\"]\n"
		"  resourceNames: [\"a\\\"b\\\\c\"]\n"
		"---\n"
		"apiVersion: rbac.authorization.k8s.io/v1\n"
		"kind: ClusterRoleBinding\n"
		"metadata:\n"
		"  name: \"multus-delegate-r\"\n"
		"roleRef:\n"
		"  apiGroup: rbac.authorization.k8s.io\n"
		"  kind: ClusterRole\n"
		"  name: \"multus-delegate-r\"\n"
		"subjects:\n"
		"- kind: ServiceAccount\n"
		"  namespace: \"n\"\n"
		"  name: \"sa\"\n";

	(void)state;
	assert_printed(
		HEAD RULE("r", TOKEN("n", "sa") "," MAP("n", "ca", "ca.crt"),
			  NEEDS("{\"apiGroups\":[\"\"],\"resources\":[\"pods\","
				"\"pods/status\"],\"verbs\":[\"get\","
				"\"patch\"],\"resourceNames\":"
				"[\"a\\\"b\\\\c\"]}")) TAIL,
		want);
}

static void names_each_object_once(void **state)
{
	static const char doc[] = HEAD RULE(
		"a", TOKEN("n", "s1") "," MAP("m", "ca", "1"), "") ","
		RULE("b", TOKEN("n", "s2") "," MAP("m", "ca", "1"), "") ","
		RULE("c", TOKEN("n", "s1") "," MAP("m", "xx", "1"), "") ","
		RULE("d", TOKEN("m", "s1"), "") TAIL;
	static const char want[] = ACCOUNT("n", "s1") ACCOUNT("n", "s2")
		ACCOUNT("m", "s1") ROLE("n", "multus-credential")
		"- apiGroups: [\"\"]\n"
		"  resources: [\"serviceaccounts/token\"]\n"
		"  verbs: [\"create\"]\n"
		"  resourceNames:\n"
		"  - \"s1\"\n"
		"  - \"s2\"\n"
		SIDECAR_BINDING("n") ROLE("m", "multus-credential")
		"- apiGroups: [\"\"]\n"
		"  resources: [\"serviceaccounts/token\"]\n"
		"  verbs: [\"create\"]\n"
		"  resourceNames:\n"
		"  - \"s1\"\n"
		"- apiGroups: [\"\"]\n"
		"  resources: [\"configmaps\"]\n"
		"  verbs: [\"get\"]\n"
		"  resourceNames:\n"
		"  - \"ca\"\n"
		"  - \"xx\"\n"
		SIDECAR_BINDING("m");

	(void)state;
	assert_printed(doc, want);
}

#define NEED(namespaces, resource)                                             \
	"{\"namespaces\":[" namespaces "],\"apiGroups\":[\"g\"],"              \
	"\"resources\":[\"" resource "\"],\"verbs\":[\"*\"]}"
#define NEEDED(resource)                                                       \
	"- apiGroups: [\"g\"]\n  resources: [\"" resource                      \
	"\"]\n  verbs: [\"*\"]\n"

static void gathers_needs_by_namespace(void **state)
{
	static const char doc[] = HEAD
		RULE("r", TOKEN("n", "s"),
		     NEEDS(NEED("\"x\",\"y\"", "one") "," NEED(
			     "\"z\"", "two") "," NEED("\"y\"", "three")))
			TAIL;
	static const char want[] = ACCOUNT("n", "s") ROLE(
		"n", "multus-credential")
		"- apiGroups: [\"\"]\n"
		"  resources: [\"serviceaccounts/token\"]\n"
		"  verbs: [\"create\"]\n"
		"  resourceNames:\n"
		"  - \"s\"\n"
		SIDECAR_BINDING("n") ROLE("x", "multus-delegate-r")
		NEEDED("one") BINDING("x", "multus-delegate-r", "n", "s")
		ROLE("y", "multus-delegate-r") NEEDED("one") NEEDED("three")
		BINDING("y", "multus-delegate-r", "n", "s")
		ROLE("z", "multus-delegate-r") NEEDED("two")
		BINDING("z", "multus-delegate-r", "n", "s");

	(void)state;
	assert_printed(doc, want);
}

#define A46 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void long_names_stay_apart(void **state)
{
	static const struct {
		const char *rule;
		const char *name;
	} names[] = {
		{ "a", "multus-delegate-a" },
		{ A46 "b", "multus-delegate-" A46 "b" },
	};
	char one[RBAC_NAME_MAX + 1], two[RBAC_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		rbacyaml_name(names[i].rule, one);
		assert_string_equal(one, names[i].name);
	}
	rbacyaml_name(A46 "bc", one);
	rbacyaml_name(A46 "bd", two);
	assert_int_equal(strlen(one), RBAC_NAME_MAX);
	assert_int_equal(strlen(two), RBAC_NAME_MAX);
	assert_memory_equal(one, "multus-delegate-aaa", 19);
	assert_string_not_equal(one, two);
	rbacyaml_name(A46 "bc", two);
	assert_string_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_nothing_for_nothing),
		cmocka_unit_test(prints_what_one_rule_asks_for),
		cmocka_unit_test(names_each_object_once),
		cmocka_unit_test(gathers_needs_by_namespace),
		cmocka_unit_test(long_names_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
