/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rules.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MAX 3

/* A rule's lists, each up to a NULL or MAX elements. */
struct lists {
	const char *plugins[MAX];
	const char *ipam[MAX];
	const char *delegates[MAX];
	const char *namespaces[MAX];
};

static struct config_strings strings(const char *const *items)
{
	struct config_strings s = { (const char **)items, 0 };

	while (s.count < MAX && items[s.count] != NULL)
		s.count++;
	return s;
}

static struct config_rule rule(const char *name, const struct lists *l)
{
	return (struct config_rule){
		.name = name,
		.match_plugins = strings(l->plugins),
		.match_ipam = strings(l->ipam),
		.match_delegates = strings(l->delegates),
		.match_namespaces = strings(l->namespaces),
	};
}

static const struct {
	struct lists lists;
	struct cni_types types;
	const char *namespace;
	enum cni_command command;
	enum rules_verdict verdict;
} cases[] = {
	/* The main type. */
	{ { { "a", "b" }, { 0 }, { 0 }, { 0 } },
	  { "b", "", "", "" }, "n", CNI_ADD, RULES_MATCH },
	{ { { "a", "b" }, { 0 }, { 0 }, { 0 } },
	  { "c", "a", "a", "a" }, "n", CNI_ADD, RULES_NOT_PLUGIN },
	{ { { "a" }, { 0 }, { 0 }, { 0 } },
	  { "A", "", "", "" }, "n", CNI_ADD, RULES_NOT_PLUGIN },
	{ { { "a" }, { 0 }, { 0 }, { 0 } },
	  { "ab", "", "", "" }, "n", CNI_ADD, RULES_NOT_PLUGIN },
	/* The IPAM's, also the delegate's. */
	{ { { 0 }, { "i" }, { 0 }, { 0 } },
	  { "a", "i", "", "" }, "n", CNI_ADD, RULES_MATCH },
	{ { { 0 }, { "i" }, { 0 }, { 0 } },
	  { "a", "", "d", "i" }, "n", CNI_ADD, RULES_MATCH },
	{ { { 0 }, { "i" }, { 0 }, { 0 } },
	  { "i", "", "i", "" }, "n", CNI_ADD, RULES_NOT_IPAM },
	{ { { 0 }, { "i" }, { 0 }, { 0 } },
	  { "a", "x", "d", "y" }, "n", CNI_ADD, RULES_NOT_IPAM },
	/* The delegate's. */
	{ { { 0 }, { 0 }, { "d" }, { 0 } },
	  { "a", "", "d", "" }, "n", CNI_ADD, RULES_MATCH },
	{ { { 0 }, { 0 }, { "d" }, { 0 } },
	  { "d", "d", "", "d" }, "n", CNI_ADD, RULES_NOT_DELEGATE },
	/* All lists that are there have to match; the first one is said. */
	{ { { "a" }, { "i" }, { "d" }, { "n" } },
	  { "a", "i", "d", "" }, "n", CNI_ADD, RULES_MATCH },
	{ { { "a" }, { "i" }, { "d" }, { "n" } },
	  { "x", "x", "x", "" }, "x", CNI_ADD, RULES_NOT_PLUGIN },
	{ { { "a" }, { "i" }, { "d" }, { "n" } },
	  { "a", "x", "x", "" }, "x", CNI_ADD, RULES_NOT_IPAM },
	{ { { "a" }, { "i" }, { "d" }, { "n" } },
	  { "a", "i", "x", "" }, "x", CNI_ADD, RULES_NOT_DELEGATE },
	{ { { "a" }, { "i" }, { "d" }, { "n" } },
	  { "a", "i", "d", "" }, "x", CNI_ADD, RULES_NOT_NAMESPACE },
	/* The pod's namespace. */
	{ { { "a" }, { 0 }, { 0 }, { "m", "n" } },
	  { "a", "", "", "" }, "n", CNI_DEL, RULES_MATCH },
	{ { { "a" }, { 0 }, { 0 }, { "m", "n" } },
	  { "a", "", "", "" }, "", CNI_DEL, RULES_NOT_NAMESPACE },
	{ { { "a" }, { 0 }, { 0 }, { "*" } },
	  { "a", "", "", "" }, "n", CNI_CHECK, RULES_MATCH },
	{ { { "a" }, { 0 }, { 0 }, { "*" } },
	  { "a", "", "", "" }, "", CNI_CHECK, RULES_MATCH },
	{ { { "a" }, { 0 }, { 0 }, { 0 } },
	  { "a", "", "", "" }, "", CNI_ADD, RULES_MATCH },
	/* Not compared where there is no pod. */
	{ { { "a" }, { 0 }, { 0 }, { "n" } },
	  { "a", "", "", "" }, "", CNI_GC, RULES_MATCH },
	{ { { "a" }, { 0 }, { 0 }, { "n" } },
	  { "a", "", "", "" }, "", CNI_STATUS, RULES_MATCH },
	{ { { "a" }, { 0 }, { 0 }, { "n" } },
	  { "b", "", "", "" }, "", CNI_GC, RULES_NOT_PLUGIN },
	{ { { "a" }, { 0 }, { 0 }, { "n" } },
	  { "a", "", "", "" }, "", CNI_ADD, RULES_NOT_NAMESPACE },
};

static void judges(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config_rule r = rule("r", &cases[i].lists);
		struct rules_request q = { cases[i].command, &cases[i].types,
					   cases[i].namespace };
		enum rules_verdict got = rules_judge(&r, &q);

		if (got != cases[i].verdict)
			fail_msg("case %zu: %d", i, (int)got);
	}
}

static void the_first_match_wins(void **state)
{
	static const struct lists lists[] = {
		{ { "a" }, { 0 }, { 0 }, { "m" } },
		{ { "a" }, { 0 }, { 0 }, { "*" } },
		{ { "a", "b" }, { 0 }, { 0 }, { 0 } },
	};
	static const struct {
		const char *type;
		const char *namespace;
		const char *rule;
	} want[] = {
		{ "a", "m", "0" },
		{ "a", "n", "1" },
		{ "b", "m", "2" },
		{ "c", "m", NULL },
	};
	struct config_rule rules[] = { rule("0", &lists[0]),
				       rule("1", &lists[1]),
				       rule("2", &lists[2]) };
	const struct config c = { .rules = rules, .rule_count = 3 };

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		struct cni_types types = { "", "", "", "" };
		struct rules_request q = { CNI_ADD, &types, want[i].namespace };
		const struct config_rule *got;

		strcpy(types.main, want[i].type);
		got = rules_find(&c, &q);
		if (want[i].rule == NULL)
			assert_null(got);
		else
			assert_string_equal(got->name, want[i].rule);
	}
}

static void no_rules_match_nothing(void **state)
{
	const struct cni_types types = { "a", "", "", "" };
	const struct rules_request q = { CNI_ADD, &types, "n" };
	const struct config c = { .rule_count = 0 };

	(void)state;
	assert_null(rules_find(&c, &q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges),
		cmocka_unit_test(the_first_match_wins),
		cmocka_unit_test(no_rules_match_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
