// SPDX-License-Identifier: Apache-2.0
/*
 * What `multus-credential explain` says is what is done: each step of its plan
 * is looked for where the delegate would find it, and nothing else is there.
 */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRETS "/var/run/secrets/kubernetes.io"
#define NETCONF "{\"cniVersion\":\"1.0.0\",\"type\":\"userspace\",\"ipam\":{}}"

/* --- what explain says ----------------------------------------------------- */

/* The same text as in the container, where nothing but the helper is. */
static void write_config(const char *text, char *path)
{
	int fd = mkstemp(path);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_return_code(close(fd), errno);
}

/* With what the harness gives to the helper: see set_environment in job.c. */
static json_t *explain(const char *config, const char *command)
{
	char path[] = "/tmp/test_explain.XXXXXX";
	char line[8192];
	json_error_t error;
	json_t *all;
	FILE *f;

	write_config(config, path);
	snprintf(line, sizeof(line),
		 "KUBERNETES_SERVICE_HOST=10.96.0.1 KUBERNETES_SERVICE_PORT=443 "
		 "%s/../multus-credential explain " WORLD_PLUGIN
		 " --namespace=shop --command=%s --store=" WORLD_STORE
		 " --config=%s --json",
		 test_directory(), command, path);
	f = popen(line, "re");
	assert_non_null(f);
	all = json_loadf(f, 0, &error);
	assert_int_equal(pclose(f), 0);
	assert_return_code(unlink(path), errno);
	if (!all)
		fail_msg("%s", error.text);
	return all;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_op(const json_t *op, const char *kind)
{
	return !strcmp(text_of(op, "op"), kind);
}

/* --- what is done ---------------------------------------------------------- */

static void run(struct world *w, const char *command, const char *script,
		struct job *j)
{
	struct call c = { .config = WORLD_CONFIG,
			  .command = command,
			  .netconf = NETCONF,
			  .script = script };

	job_run(w, &c, j);
	expect_ok(j);
}

/* The delegate's output of "cat PATH", without the newline behind it. */
static void expect_file(struct world *w, const char *command, const char *path,
			const char *content)
{
	char script[512], want[8192];
	struct job j;

	snprintf(script, sizeof(script), "cat %s", path);
	snprintf(want, sizeof(want), "%s\n", content);
	run(w, command, script, &j);
	assert_string_equal(j.out.buf, want);
	job_free(&j);
}

static void expect_bind(struct world *w, const char *command, const json_t *op)
{
	const char *from = text_of(op, "from");
	char path[512];

	snprintf(path, sizeof(path), "%s/token", text_of(op, "path"));
	expect_file(w, command, path, w->token);
	if (strcmp(from, DC_SA))
		assert_string_equal(from, WORLD_STORE "/userspace/data");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Nothing in our tmpfs but what the plan puts there; the host's is empty. */
static void expect_names(struct world *w, const char *command,
			 const json_t *plan)
{
	const char *names[8];
	char want[512] = "ls";
	size_t i, n = 0;
	json_t *op;
	struct job j;

	json_array_foreach(plan, i, op)
		if (is_op(op, "file") || is_op(op, "bind"))
			names[n++] = strrchr(text_of(op, "path"), '/') + 1;
	qsort(names, n, sizeof(names[0]), by_text);
	for (i = 0; i < n; i++) {
		strcat(want, " ");
		strcat(want, names[i]);
	}
	strcat(want, "\n");
	run(w, command, "ls " SECRETS, &j);
	assert_string_equal(j.out.buf, want);
	job_free(&j);
}

/* The sorted lines that name the environment in the output of "self". */
struct lines {
	char *line[64];
	size_t count;
};

static void take_environment(char *text, struct lines *ret)
{
	char *rest = NULL;

	ret->count = 0;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "environ ", 8))
			continue;
		assert_true(ret->count < 64);
		ret->line[ret->count++] = line + 8;
	}
}

static void set_line(struct lines *l, const char *name, char *line)
{
	size_t len = strlen(name), kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (strncmp(l->line[i], name, len) || l->line[i][len] != '=')
			l->line[kept++] = l->line[i];
	l->count = kept;
	if (line)
		l->line[l->count++] = line;
}

static char *variable(const json_t *op)
{
	const char *value = text_of(op, "value");
	char *line;

	if (!value)
		return NULL;
	assert_true(asprintf(&line, "%s=%s", text_of(op, "name"), value) > 0);
	return line;
}

/* The environment is that of stock Multus, but for what the plan says. */
static void expect_environment(struct world *w, const char *command,
			       const json_t *plan)
{
	static const char *const env[] = { "KUBECONFIG=/root/admin", NULL };
	struct call c = { .config = WORLD_CONFIG,
			  .command = command,
			  .netconf = NETCONF,
			  .script = "self",
			  .env = env };
	struct lines want, got;
	struct job before, after;
	json_t *op;
	size_t i;

	job_run(w, &c, &after);
	expect_ok(&after);
	c.stock = true;
	job_run(w, &c, &before);
	expect_ok(&before);
	take_environment(before.out.buf, &want);
	take_environment(after.out.buf, &got);
	json_array_foreach(plan, i, op)
		if (is_op(op, "env")) /* lines live on: a test ends soon */
			set_line(&want, text_of(op, "name"), variable(op));
	assert_int_equal(got.count, want.count);
	qsort(want.line, want.count, sizeof(want.line[0]), by_text);
	qsort(got.line, got.count, sizeof(got.line[0]), by_text);
	for (i = 0; i < want.count; i++)
		assert_string_equal(got.line[i], want.line[i]);
	job_free(&before);
	job_free(&after);
}

static void set_key(json_t *netconf, const char *dotted, const char *value)
{
	const char *dot = strchr(dotted, '.');
	char name[64] = "";

	if (!dot) {
		json_object_set_new(netconf, dotted, json_string(value));
		return;
	}
	memcpy(name, dotted, (size_t)(dot - dotted));
	if (!json_object_get(netconf, name))
		json_object_set_new(netconf, name, json_object());
	set_key(json_object_get(netconf, name), dot + 1, value);
}

static void expect_netconf(struct world *w, const char *command,
			   const json_t *plan)
{
	json_t *want = json_loads(NETCONF, 0, NULL), *got, *op;
	struct job j;
	size_t i;

	json_array_foreach(plan, i, op)
		if (is_op(op, "configKey"))
			set_key(want, text_of(op, "key"), text_of(op, "value"));
	run(w, command, "echo", &j);
	got = json_loads(j.out.buf, 0, NULL);
	assert_true(json_equal(got, want));
	json_decref(got);
	json_decref(want);
	job_free(&j);
}

/* What is done in a private copy comes behind it. */
static void expect_order(const json_t *plan)
{
	static const char *const mounted[] = { "copyMountNamespace", "tmpfs" };
	size_t last = json_array_size(plan) - 1;

	assert_true(is_op(json_array_get(plan, last), "run"));
	for (size_t i = 0; last > 0 && i < 2; i++)
		assert_true(is_op(json_array_get(plan, i), mounted[i]));
	if (last > 0)
		assert_string_equal(text_of(json_array_get(plan, 1), "path"),
				    SECRETS);
}

static void expect_report(struct world *w, const char *command,
			  const json_t *said)
{
	struct job j;

	run(w, command, "print ran", &j);
	assert_true(json_equal(json_object_get(j.json, "rule"),
			       json_object_get(said, "rule")));
	expect_source(&j, text_of(said, "source"));
	job_free(&j);
}

static void expect_as_said(struct world *w, const char *config,
			   const char *command)
{
	json_t *said = explain(config, command);
	json_t *plan = json_object_get(said, "plan"), *op;
	size_t i;

	assert_true(json_is_null(json_object_get(said, "error")));
	expect_order(plan);
	json_array_foreach(plan, i, op) {
		if (is_op(op, "file"))
			expect_file(w, command, text_of(op, "path"),
				    text_of(op, "content"));
		else if (is_op(op, "bind"))
			expect_bind(w, command, op);
	}
	expect_names(w, command, plan);
	expect_environment(w, command, plan);
	expect_netconf(w, command, plan);
	expect_report(w, command, said);
	json_decref(said);
}

/* --- for each that a rule can deliver -------------------------------------- */

#define OTHER RULE("other", "\"matchPlugins\":[\"other\"]", DELIVER_ACCOUNT)

static void all_commands(struct world *w, const char *config)
{
	static const char *const commands[] = { "ADD", "CHECK", "DEL", "GC",
						"STATUS" };

	store_prepare(w, config);
	for (size_t i = 0; i < 5; i++)
		expect_as_said(w, config, commands[i]);
	world_check(w);
}

static void an_account(void **state)
{
	all_commands(*state, CONFIG_OF(OTHER "," RULE("userspace",
						      MATCH_USERSPACE,
						      DELIVER_ACCOUNT)));
}

static void a_kubeconfig(void **state)
{
	all_commands(*state,
		     CONFIG_OF(RULE("userspace", MATCH_USERSPACE,
				    "\"kubeconfig\":{\"contextName\":\"ctx\","
				    "\"configKeys\":[\"kubeconfig\","
				    "\"ipam.kubernetes.kubeconfig\"]}")));
}

static void variables(void **state)
{
	all_commands(
		*state,
		CONFIG_OF(RULE(
			"userspace",
			MATCH_USERSPACE ",\"matchNamespaces\":[\"shop\"]",
			"\"env\":[{\"name\":\"PATH\",\"value\":"
			"\"$(CREDENTIALS_DIRECTORY)/$$bin\"},{\"name\":\"X\","
			"\"value\":\"$(PATH):\\u001b\"}]," DELIVER_ACCOUNT)));
}

static void a_directory(void **state)
{
	all_commands(*state,
		     CONFIG_OF("{\"name\":\"own\"," MATCH_USERSPACE
			       ",\"sources\":[{\"directory\":{\"path\":"
			       "\"" DC_SA "\"}}],\"deliver\":{\"env\":[{"
			       "\"name\":\"X\",\"value\":\"\"}]}}"));
}

/* No rule for this namespace, but for what has none. */
static void another_namespace(void **state)
{
	all_commands(*state,
		     CONFIG_OF(RULE("userspace",
				    MATCH_USERSPACE
				    ",\"matchNamespaces\":[\"elsewhere\"]",
				    DELIVER_ACCOUNT)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(an_account),	 WORLD_TEST(a_kubeconfig),
		WORLD_TEST(variables),	 WORLD_TEST(a_directory),
		WORLD_TEST(another_namespace),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
