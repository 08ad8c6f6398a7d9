// SPDX-License-Identifier: Apache-2.0
/* A rule of the configuration: which one it is, and what it gives. */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CREDENTIALS "/run/secrets/kubernetes.io/credentials"
#define KUBECONFIG "/var/run/secrets/kubernetes.io/kubeconfig"
#define TRY_TOKEN "try cat " DC_SA "/token"

static void run(struct world *w, const char *script, struct job *j)
{
	struct call c = { .config = WORLD_CONFIG, .script = script };

	job_run(w, &c, j);
	expect_ok(j);
}

/* --- what a rule delivers --------------------------------------------------- */

static void delivers_the_account(void **state)
{
	static const char *const commands[] = { "ADD", "CHECK", "DEL", "GC",
						"STATUS" };
	struct world *w = *state;
	char want[256];
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	snprintf(want, sizeof(want), "%s\nSTORED\nkube-system\n", w->token);
	for (size_t i = 0; i < 5; i++) {
		struct call c = { .config = WORLD_CONFIG,
				  .command = commands[i],
				  .script = "cat " DC_SA "/token;"
					    "cat " DC_SA "/ca.crt;"
					    "cat " DC_SA "/namespace" };

		job_run(w, &c, &j);
		expect_ok(&j);
		assert_string_equal(j.out.buf, want);
		expect_source(&j, "store");
		assert_string_equal(report_text(&j, "rule"), "userspace");
		assert_string_equal(report_text(&j, "jti"), "jti-1");
		assert_int_equal(strlen(report_text(&j, "expires")), 20);
		assert_int_equal(report_fallbacks(&j), 0);
		assert_null(strstr(j.report.buf, w->token));
		job_free(&j);
	}
	world_check(w);
}

static void the_account_cannot_be_written(void **state)
{
	struct world *w = *state;
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	run(w,
	    "fs " DC_SA "; try put " DC_SA "/..data/token x;"
	    "try create " DC_SA "/new; mounts " WORLD_CREDENTIAL,
	    &j);
	expect_out(&j, "fs ro nodev noexec nosuid ");
	expect_out(&j, "put EROFS\ncreate EROFS\n");
	expect_no_out(&j, "shared:");
	job_free(&j);
	world_check(w);
}

static void delivers_beside_the_account(void **state)
{
	struct world *w = *state;
	struct job j;

	store_prepare(w, CONFIG_OF(RULE("userspace", MATCH_USERSPACE,
				  "\"env\":[{\"name\":\"X\",\"value\":"
				  "\"$(CREDENTIALS_DIRECTORY)/token\"}]")));
	run(w, "ls " WORLD_TARGET "; cat " CREDENTIALS "/token; self", &j);
	expect_out(&j, "ls credentials\n");
	expect_out(&j, w->token);
	expect_out(&j, "environ CNI_CREDENTIALS_DIRECTORY=/var" CREDENTIALS
		       "\n");
	expect_out(&j, "environ X=/var" CREDENTIALS "/token\n");
	expect_out(&j, "environ CNI_COMMAND=ADD\n");
	job_free(&j);
	world_check(w);
}

static const char with_kubeconfig[] = CONFIG_OF(RULE(
	"userspace", MATCH_USERSPACE,
	DELIVER_ACCOUNT
	",\"kubeconfig\":{\"contextName\":\"ctx\",\"configKeys\":"
	"[\"kubeconfig\",\"ipam.kubernetes.kubeconfig\"]},"
	"\"env\":[{\"name\":\"PATH\",\"value\":\"/sbin:$(KUBECONFIG_PATH)\"}]"));

static void delivers_a_kubeconfig(void **state)
{
	struct world *w = *state;
	struct job j;

	store_prepare(w, with_kubeconfig);
	run(w,
	    "ls " WORLD_TARGET "; stat " KUBECONFIG "; cat " KUBECONFIG
	    "; try put " KUBECONFIG " x; self",
	    &j);
	expect_out(&j, "ls kubeconfig serviceaccount\nstat 100400 0:0\n");
	expect_out(&j, "https://10.96.0.1:443");
	expect_out(&j, DC_SA "/token");
	expect_out(&j, DC_SA "/ca.crt");
	expect_out(&j, "ctx");
	expect_out(&j, "put EROFS\n");
	expect_out(&j, "environ KUBECONFIG=" KUBECONFIG "\n");
	expect_out(&j, "environ PATH=/sbin:" KUBECONFIG "\n");
	expect_no_out(&j, "environ PATH=/usr/bin");
	expect_no_out(&j, w->token);
	job_free(&j);
	world_check(w);
}

static void edits_the_netconf(void **state)
{
	struct world *w = *state;
	struct call c = {
		.config = WORLD_CONFIG,
		.script = "echo; try write-stdin",
		.netconf = " {\"type\" : \"userspace\",\"n\":1.50e400,\n"
			   "\"KubeConfig\":\"/etc/tenant/kubeconfig\","
			   "\"ipam\":{\"type\":\"x\"}}\n",
	};
	struct job j;

	store_prepare(w, with_kubeconfig);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_source(&j, "store");
	expect_out(&j, "\"type\" : \"userspace\",\"n\":1.50e400,\n"
		       "\"KubeConfig\":\"" KUBECONFIG "\",");
	expect_out(&j, "\"type\":\"x\"");
	expect_out(&j, "{\"kubeconfig\":\"" KUBECONFIG "\"}");
	expect_no_out(&j, "tenant");
	expect_out(&j, "write-stdin EPERM\n");
	job_free(&j);
	world_check(w);
}

/* Half edited is not edited: nothing starts, and a DEL gets the original. */
static void a_netconf_that_cannot_be_edited(void **state)
{
	struct world *w = *state;
	struct call c = {
		.config = WORLD_CONFIG,
		.script = TRY_TOKEN "; echo; self",
		.netconf = "{\"type\":\"userspace\",\"ipam\":[]}",
	};
	struct job j;

	store_prepare(w, with_kubeconfig);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_UNSAFE_REQUEST, "ipam");
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_source(&j, "none");
	expect_out(&j, "cat ENOENT\n{\"type\":\"userspace\",\"ipam\":[]}");
	expect_no_out(&j, "environ KUBECONFIG");
	expect_out(&j, "environ PATH=/usr/bin");
	assert_true(report_fallback_says(&j, "ipam"));
	assert_true(json_is_null(json_object_get(j.json, "jti")));
	job_free(&j);
	world_check(w);
}

/* The same where the mounts fail. */
static void mounts_that_cannot_be_made(void **state)
{
	static const struct deny deny[] = { { .nr = SYS_move_mount, .error = EPERM },
					    { 0 } };
	struct world *w = *state;
	struct call c = {
		.config = WORLD_CONFIG,
		.deny = deny,
		.script = TRY_TOKEN "; echo; self",
		.netconf = "{\"type\":\"userspace\"}",
	};
	struct job j;

	store_prepare(w, with_kubeconfig);
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_KERNEL);
	assert_true(json_is_null(json_object_get(j.json, "jti")));
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_source(&j, "none");
	expect_out(&j, "cat ENOENT\n{\"type\":\"userspace\"}");
	expect_no_out(&j, KUBECONFIG);
	expect_out(&j, "environ PATH=/usr/bin");
	assert_true(json_is_null(json_object_get(j.json, "jti")));
	job_free(&j);
	world_check(w);
}

static void a_kubeconfig_of_the_callers_stays_behind(void **state)
{
	static const char *const env[] = { "KUBECONFIG=/root/admin.conf", NULL };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = "self", .env = env };
	struct job j;

	store_prepare(w, PLAIN_CONFIG);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "environ CNI_CREDENTIALS_DIRECTORY=" DC_SA "\n");
	expect_no_out(&j, "KUBECONFIG");
	job_free(&j);
	config_put(w, with_kubeconfig);
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "environ KUBECONFIG=" KUBECONFIG "\n");
	expect_no_out(&j, "admin.conf");
	job_free(&j);
	world_check(w);
}

#define SEVEN(x) x x x x x x x
#define VARIABLE(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"
#define COPY(name) "," VARIABLE(name, "$(B)")

/* Each value is within its own limit; together they have 140 KiB. */
static const char much_env[] = CONFIG_OF(RULE("userspace", MATCH_USERSPACE,
	"\"env\":[" VARIABLE("A", SEVEN(SEVEN("0123456789"))) ","
	VARIABLE("B", SEVEN("$(A)$(A)$(A)$(A)"))
	COPY("C") COPY("D") COPY("E") COPY("F") COPY("G") COPY("H") COPY("I")
	COPY("J") COPY("K") "]"));

/* A quarter of it is what execve(2) takes. */
static void limit_stack(void)
{
	const struct rlimit limit = { 512 << 10, 512 << 10 };

	if (setrlimit(RLIMIT_STACK, &limit))
		_exit(125);
}

static void an_environment_that_is_too_large(void **state)
{
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = "print ran",
			  .prepare = limit_stack };
	struct job j;

	store_prepare(w, much_env);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_NOT_STARTED,
			  "fork/exec " WORLD_PLUGIN ": argument list too long");
	expect_out(&j, "make the rule's env smaller");
	expect_out(&j, "RLIMIT_STACK");
	job_free(&j);
	c.prepare = NULL;
	run(w, "self", &j);
	expect_out(&j, "environ K=01234567890123456789");
	job_free(&j);
	world_check(w);
}

/* A caller outside of a cluster cannot say where the API server is. */
static void no_api_server_is_known(void **state)
{
	static const char *const env[] = { "KUBERNETES_SERVICE_HOST", NULL };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .script = TRY_TOKEN,
			  .env = env };
	struct job j;

	store_prepare(w, with_kubeconfig);
	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_CONFIG);
	job_free(&j);
	c.command = "GC";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_source(&j, "none");
	expect_out(&j, "cat ENOENT\n");
	job_free(&j);
	world_check(w);
}

static void a_directory_of_the_callers(void **state)
{
	static const char config[] = CONFIG_OF(
		"{\"name\":\"own\"," MATCH_USERSPACE
		",\"sources\":[{\"directory\":{\"path\":\"" DC_SA "\"}}],"
		"\"deliver\":{" DELIVER_ACCOUNT "}}");
	struct world *w = *state;
	struct job j;

	config_put(w, config); /* and no store at all */
	run(w, "cat " DC_SA "/token; ls " DC_SA, &j);
	expect_out(&j, w->token);
	expect_out(&j, "ls ..1 ..data ca.crt namespace token\n");
	expect_source(&j, "directory");
	assert_string_equal(report_text(&j, "rule"), "own");
	assert_true(json_is_null(json_object_get(j.json, "jti")));
	assert_true(json_is_null(json_object_get(j.json, "expires")));
	job_free(&j);
	world_check(w);
}

/* --- which rule -------------------------------------------------------------- */

static void no_rule_is_as_upstream(void **state)
{
	static const char *const matches[] = {
		"\"matchPlugins\":[\"other\"]",
		MATCH_USERSPACE ",\"matchNamespaces\":[\"elsewhere\"]",
		"\"matchIPAM\":[\"whereabouts\"]",
		"\"matchDelegates\":[\"userspace\"]",
	};
	static const char *const env[] = { "KUBECONFIG=/root/admin.conf", NULL };
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG, .env = env,
			  .script = TRY_TOKEN "; echo; self" };
	char config[2048];
	struct job j;

	store_mount(w);
	for (size_t i = 0; i < 2 * (sizeof(matches) / sizeof(char *)); i++) {
		snprintf(config, sizeof(config),
			 CONFIG_OF(RULE("userspace", "%s", DELIVER_ACCOUNT)),
			 matches[i / 2]);
		config_put(w, config);
		c.netconf = i % 2 ? "garbage" : "{\"kubeconfig\":1}";
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, "cat ENOENT\n");
		expect_out(&j, c.netconf);
		expect_out(&j, "environ KUBECONFIG=/root/admin.conf\n");
		expect_source(&j, "none");
		assert_true(json_is_null(json_object_get(j.json, "rule")));
		assert_int_equal(report_fallbacks(&j), 0);
		job_free(&j);
	}
	world_check(w);
}

/* The first that matches, whatever stands behind it. */
static void rules_are_matched_in_order(void **state)
{
	static const char config[] = CONFIG_OF(
		RULE("ipam", "\"matchIPAM\":[\"whereabouts\"]",
		     DELIVER_ACCOUNT) ","
		RULE("shop", MATCH_USERSPACE ",\"matchNamespaces\":[\"shop\"]",
		     DELIVER_ACCOUNT) ","
		RULE("rest", MATCH_USERSPACE, DELIVER_ACCOUNT));
	static const char *const elsewhere[] = {
		"CNI_ARGS=K8S_POD_NAMESPACE=elsewhere", NULL
	};
	const struct {
		const char *types;
		const char *const *env;
		const char *command;
		const char *rule;
	} rows[] = {
		{ "userspace,,,", NULL, "ADD", "shop" },
		{ "userspace,,,", elsewhere, "ADD", "rest" },
		{ "userspace,whereabouts,,", NULL, "ADD", "ipam" },
		{ "userspace,,bridge,whereabouts", elsewhere, "ADD", "ipam" },
		/* No pod, so its namespace is not asked for. */
		{ "userspace,,,", NULL, "GC", "shop" },
		{ "userspace,,,", elsewhere, "STATUS", "shop" },
	};
	struct world *w = *state;
	struct job j;

	config_put(w, config);
	store_mount(w);
	store_fill(w, "ipam", "token-of-ipam", 3600);
	store_fill(w, "shop", "token-of-shop", 3600);
	store_fill(w, "rest", "token-of-rest", 3600);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call c = { .config = WORLD_CONFIG,
				  .types = rows[i].types,
				  .env = rows[i].env,
				  .command = rows[i].command,
				  .script = "cat " DC_SA "/token" };
		char want[64];

		snprintf(want, sizeof(want), "token-of-%s\n", rows[i].rule);
		job_run(w, &c, &j);
		expect_ok(&j);
		assert_string_equal(j.out.buf, want);
		assert_string_equal(report_text(&j, "rule"), rows[i].rule);
		job_free(&j);
	}
	world_check(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(delivers_the_account),
		WORLD_TEST(the_account_cannot_be_written),
		WORLD_TEST(delivers_beside_the_account),
		WORLD_TEST(delivers_a_kubeconfig),
		WORLD_TEST(edits_the_netconf),
		WORLD_TEST(a_netconf_that_cannot_be_edited),
		WORLD_TEST(mounts_that_cannot_be_made),
		WORLD_TEST(a_kubeconfig_of_the_callers_stays_behind),
		WORLD_TEST(an_environment_that_is_too_large),
		WORLD_TEST(no_api_server_is_known),
		WORLD_TEST(a_directory_of_the_callers),
		WORLD_TEST(no_rule_is_as_upstream),
		WORLD_TEST(rules_are_matched_in_order),
	};

	return cmocka_run_group_tests_name("deliver", tests, NULL, NULL);
}
