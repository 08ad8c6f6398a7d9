/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h once more: what a rule of the configuration makes of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct netconf plain;
static const struct netconf choosing = { .choice = "kubeconfig" };
static const struct err unreadable = { DC_CODE_UNSAFE_REQUEST, "bad netconf" };
static const struct err unsafe = { DC_CODE_UNSAFE_HOST_PATH, "bad path" };
static const char alone[] = "run the delegate\n";

/* ops NULL: refused with code. warning NULL: none. */
struct outcome {
	const char *ops;
	enum report_source source;
	int code;
	const char *warning;
};

static void describe(const struct plan *p, char *out, size_t size)
{
	FILE *f = fmemopen(out, size, "w");

	assert_non_null(f);
	assert_int_equal(plan_print(p, f), 0);
	assert_int_equal(fclose(f), 0);
}

#define STRINGS(...)                                                           \
	{ (const char *[]){ __VA_ARGS__ },                                     \
	  sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) }

static struct config_source token_and_ca[] = {
	{ .kind = CONFIG_TOKEN,
	  .token = { .namespace = "kube-system",
		     .service_account_name = "userspace-cni",
		     .path = "token" } },
	{ .kind = CONFIG_CONFIG_MAP,
	  .config_map = { .namespace = "kube-system", .name = "ca" } },
};
static struct config_source own_directory[] = {
	{ .kind = CONFIG_DIRECTORY, .directory = "/var/own" },
};

static const struct config_rule account_rule = {
	.name = "userspace",
	.sources = token_and_ca,
	.source_count = 2,
	.service_account_directory = true,
};

static const char for_account[] =
	"copy the mount namespace\n"
	"mount a tmpfs on /var/run/secrets/kubernetes.io\n"
	"bind /store/userspace/data\n"
	"    read-only on /var/run/secrets/kubernetes.io/serviceaccount\n"
	"set CNI_CREDENTIALS_DIRECTORY="
	"/var/run/secrets/kubernetes.io/serviceaccount\n"
	"unset KUBECONFIG\n"
	"run the delegate\n";

static const struct plan_facts by_rule = {
	.command = CNI_ADD,
	.store = "/store",
	.api_host = "10.96.0.1",
	.api_port = "443",
	.netconf = &plain,
};

static void make(const struct plan_facts *f, struct outcome want)
{
	struct report report = { .source = SOURCE_HOST };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	struct plan p;
	char ops[2048];
	int r;

	memset(&p, 0xff, sizeof(p));
	r = plan_make(f, &arena, &p, &report, &e);
	assert_int_equal(r, want.ops ? 0 : -1);
	assert_int_equal(e.code, want.code);
	assert_int_equal(report.source, want.source);
	assert_int_equal(report.fallback_count, want.warning != NULL);
	if (want.warning)
		assert_string_equal(report.fallbacks[0], want.warning);
	if (want.ops) {
		describe(&p, ops, sizeof(ops));
		assert_string_equal(ops, want.ops);
		assert_int_equal(p.source, want.source);
	}
	arena_free(&arena);
}

static void a_rule_delivers_the_account(void **state)
{
	struct plan_facts f = by_rule;

	(void)state;
	f.rule = &account_rule;
	for (int c = CNI_ADD; c <= CNI_STATUS; c++) {
		f.command = (enum cni_command)c;
		make(&f, (struct outcome){ for_account, SOURCE_STORE, 0,
					   NULL });
	}
}

static void a_directory_of_a_rule_is_bound(void **state)
{
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;

	(void)state;
	rule.sources = own_directory;
	rule.source_count = 1;
	rule.service_account_directory = false;
	f.rule = &rule;
	make(&f, (struct outcome){
			 "copy the mount namespace\n"
			 "mount a tmpfs on /var/run/secrets/kubernetes.io\n"
			 "bind /var/own\n    read-only on "
			 "/var/run/secrets/kubernetes.io/credentials\n"
			 "set CNI_CREDENTIALS_DIRECTORY="
			 "/var/run/secrets/kubernetes.io/credentials\n"
			 "unset KUBECONFIG\n"
			 "run the delegate\n",
			 SOURCE_DIRECTORY, 0, NULL });
}

#define KUBECONFIG "/var/run/secrets/kubernetes.io/kubeconfig"

static struct config_env entries[] = {
	{ "A", "$(KUBECONFIG_PATH):$$(B)" },
	{ "KUBECONFIG", "$(A):/x" },
	{ "B", "$(CREDENTIALS_DIRECTORY) $(KUBECONFIG) $(C)" },
};

static void count_ops(const struct plan *p, enum plan_op_kind kind,
		      size_t want)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->ops[i].kind == kind;
	assert_int_equal(n, want);
}

static void check_env(const struct plan *p, const char *name, const char *want)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (p->ops[i].kind != PLAN_ENV ||
		    strcmp(p->ops[i].path, name) != 0)
			continue;
		assert_string_equal(p->ops[i].text, want);
		n++;
	}
	assert_int_equal(n, 1);
}

static void a_kubeconfig_and_what_refers_to_it(void **state)
{
	struct config_kubeconfig kubeconfig = {
		.config_keys = STRINGS("kubeconfig",
				       "ipam.kubernetes.kubeconfig"),
	};
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;
	struct report report = { 0 };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	const struct plan_op *op;
	struct plan p;

	(void)state;
	rule.service_account_directory = false;
	rule.kubeconfig = &kubeconfig;
	rule.env = entries;
	rule.env_count = COUNT(entries);
	f.rule = &rule;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), 0);
	assert_int_equal(p.ops[1].kind, PLAN_TMPFS);
	op = plan_find(&p, PLAN_FILE);
	assert_ptr_equal(op, &p.ops[2]);
	assert_string_equal(op->path, KUBECONFIG);
	assert_non_null(strstr(op->text, "https://10.96.0.1:443"));
	assert_non_null(strstr(op->text, DC_CREDENTIALS_DIR "/token"));
	assert_non_null(strstr(op->text, DC_CREDENTIALS_DIR "/ca.crt"));
	assert_non_null(strstr(op->text, "userspace"));
	assert_non_null(strstr(op->text, "kube-system"));
	check_env(&p, "CNI_CREDENTIALS_DIRECTORY", DC_CREDENTIALS_DIR);
	check_env(&p, "A", KUBECONFIG ":$(B)");
	check_env(&p, "KUBECONFIG", KUBECONFIG ":$(B):/x");
	check_env(&p, "B", DC_CREDENTIALS_DIR " " KUBECONFIG
			   ":$(B):/x $(C)");
	count_ops(&p, PLAN_ENV, 4);
	count_ops(&p, PLAN_CONF_KEY, 2);
	op = plan_find(&p, PLAN_CONF_KEY);
	assert_string_equal(op[0].path, "kubeconfig");
	assert_string_equal(op[1].path, "ipam.kubernetes.kubeconfig");
	assert_string_equal(op[1].text, KUBECONFIG);
	assert_int_equal(op[2].kind, PLAN_RUN);
	assert_int_equal(p.count, 4 + 4 + 2 + 1);
	arena_free(&arena);
}

static void what_is_printed_has_no_control_characters(void **state)
{
	const struct plan p = {
		.ops = { { PLAN_ENV, "A", "\033[2J\nunset B" },
			 { PLAN_ENV, "B", NULL },
			 { PLAN_BIND, "/a", "/b" },
			 { PLAN_CONF_KEY, "k", "\xc2\x9b" } },
		.count = 4,
	};
	char ops[512];

	(void)state;
	describe(&p, ops, sizeof(ops));
	assert_string_equal(ops, "set A=\\u001b[2J\\u000aunset B\n"
				 "unset B\n"
				 "bind /b\n"
				 "    read-only on /a\n"
				 "set the key k of the network configuration\n"
				 "    to \\u009b\n");
}

static void names_of_a_kubeconfig_can_be_set(void **state)
{
	struct config_kubeconfig kubeconfig = { .context_name = "ctx-x",
						.namespace = "ns-x" };
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;
	struct report report = { 0 };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	struct plan p;

	(void)state;
	rule.kubeconfig = &kubeconfig;
	f.rule = &rule;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), 0);
	assert_non_null(strstr(p.ops[2].text, "ctx-x"));
	assert_non_null(strstr(p.ops[2].text, "ns-x"));
	assert_null(strstr(p.ops[2].text, "kube-system"));
	assert_non_null(strstr(p.ops[2].text, DC_SERVICE_ACCOUNT_DIR "/token"));
	check_env(&p, "KUBECONFIG", KUBECONFIG);
	arena_free(&arena);
}

static void a_kubeconfig_without_a_namespace(void **state)
{
	struct config_kubeconfig kubeconfig = { 0 };
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;
	struct report report = { 0 };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	struct plan p;

	(void)state;
	rule.sources = own_directory;
	rule.source_count = 1;
	rule.kubeconfig = &kubeconfig;
	f.rule = &rule;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), 0);
	assert_int_equal(p.ops[2].kind, PLAN_FILE);
	assert_null(strstr(p.ops[2].text, "namespace"));
	arena_free(&arena);
}

static void a_value_that_grows_too_long(void **state)
{
	static char longest[4096 + 1];
	struct config_env env[] = { { "A", longest },
				    { "B", "$(A)$(A)$(A)$(A)" } };
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;
	struct report report = { 0 };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	struct plan p;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	rule.env = env;
	rule.env_count = COUNT(env);
	f.rule = &rule;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	arena_free(&arena);
}

/* As many of everything as the configuration may hold. */
static void the_longest_plan_has_room(void **state)
{
	static const char *keys[CONFIG_MAX_LIST];
	static struct config_env env[CONFIG_MAX_LIST];
	struct config_kubeconfig kubeconfig = {
		.config_keys = { keys, CONFIG_MAX_LIST }
	};
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;
	struct report report = { 0 };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	struct plan p;

	(void)state;
	for (size_t i = 0; i < CONFIG_MAX_LIST; i++) {
		keys[i] = "k";
		env[i] = (struct config_env){ "N", "v" };
	}
	rule.kubeconfig = &kubeconfig;
	rule.env = env;
	rule.env_count = CONFIG_MAX_LIST;
	f.rule = &rule;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), 0);
	assert_in_range(p.count, 2 * CONFIG_MAX_LIST, PLAN_MAX_OPS);
	arena_free(&arena);
}

static const struct err broken = { DC_CODE_CONFIG, "line 3" };

/* No rule: as upstream, whatever else is wrong. */
static void no_rule_is_as_upstream(void **state)
{
	struct plan_facts f = by_rule;

	(void)state;
	f.netconf_error = &unreadable;
	f.target_error = &unsafe;
	for (int c = CNI_OTHER; c <= CNI_STATUS; c++) {
		f.command = (enum cni_command)c;
		assert_false(plan_needs_material(&f));
		make(&f, (struct outcome){ alone, SOURCE_NONE, 0, NULL });
	}
}

static void no_configuration(void **state)
{
	static const char warning[] = "ran without a credential: line 3";
	static const struct {
		enum cni_command command;
		struct outcome want;
	} t[] = {
		{ CNI_ADD, { NULL, SOURCE_NONE, 102, NULL } },
		{ CNI_CHECK, { NULL, SOURCE_NONE, 102, NULL } },
		{ CNI_STATUS, { NULL, SOURCE_NONE, 50, NULL } },
		{ CNI_DEL, { alone, SOURCE_NONE, 0, warning } },
		{ CNI_GC, { alone, SOURCE_NONE, 0, warning } },
		{ CNI_OTHER, { alone, SOURCE_NONE, 0, NULL } },
	};
	struct plan_facts f = by_rule;

	(void)state;
	f.config_error = &broken;
	f.netconf_error = &unreadable;
	for (size_t i = 0; i < COUNT(t); i++) {
		f.command = t[i].command;
		assert_false(plan_needs_material(&f));
		make(&f, t[i].want);
	}
}

/* The two variables are there in every container of a cluster. */
static void no_api_server_for_a_kubeconfig(void **state)
{
	struct config_kubeconfig kubeconfig = { 0 };
	struct config_rule rule = account_rule;
	struct plan_facts f = by_rule;
	struct report report = { 0 };
	struct arena arena = { NULL };
	struct err e = ERR_INIT;
	struct plan p;

	(void)state;
	rule.kubeconfig = &kubeconfig;
	f.rule = &rule;
	f.api_host = NULL;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), -1);
	assert_int_equal(e.code, DC_CODE_CONFIG);
	assert_int_equal(report.source, SOURCE_NONE);
	f.command = CNI_DEL;
	assert_int_equal(plan_make(&f, &arena, &p, &report, &e), 0);
	assert_int_equal(p.count, 1);
	assert_int_equal(report.source, SOURCE_NONE);
	assert_int_equal(report.fallback_count, 1);
	arena_free(&arena);
}

/* Nobody waits for what will not be delivered. */
static void says_when_material_is_needed(void **state)
{
	struct plan_facts f = by_rule;

	(void)state;
	f.rule = &account_rule;
	assert_true(plan_needs_material(&f));
	f.target = TARGET_TAKEN;
	assert_true(plan_needs_material(&f));
	f.netconf = &choosing;
	assert_false(plan_needs_material(&f));
	f.netconf = &plain;
	f.netconf_error = &unreadable;
	assert_false(plan_needs_material(&f));
	f.netconf_error = NULL;
	f.command = CNI_OTHER;
	assert_false(plan_needs_material(&f));
	f.command = CNI_DEL;
	assert_true(plan_needs_material(&f));
	f.rule = NULL;
	f.directory = "/cred";
	assert_true(plan_needs_material(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_delivers_the_account),
		cmocka_unit_test(a_directory_of_a_rule_is_bound),
		cmocka_unit_test(a_kubeconfig_and_what_refers_to_it),
		cmocka_unit_test(what_is_printed_has_no_control_characters),
		cmocka_unit_test(names_of_a_kubeconfig_can_be_set),
		cmocka_unit_test(a_kubeconfig_without_a_namespace),
		cmocka_unit_test(a_value_that_grows_too_long),
		cmocka_unit_test(the_longest_plan_has_room),
		cmocka_unit_test(no_rule_is_as_upstream),
		cmocka_unit_test(no_configuration),
		cmocka_unit_test(no_api_server_for_a_kubeconfig),
		cmocka_unit_test(says_when_material_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
