/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "explanation.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define DOCUMENT(rules)                                                        \
	"{\"apiVersion\":\"" CONFIG_API_VERSION "\",\"kind\":\"" CONFIG_KIND  \
	"\",\"rules\":[" rules "]}"
#define SOURCES                                                                \
	"\"sources\":[{\"serviceAccountToken\":{\"namespace\":\"kube-system\"," \
	"\"serviceAccountName\":\"s\",\"path\":\"token\"}},{\"configMap\":{"   \
	"\"namespace\":\"n\",\"name\":\"m\",\"items\":[{\"key\":\"ca.crt\","   \
	"\"path\":\"ca.crt\"}]}}]"
#define ACCOUNT "\"serviceAccountDirectory\":true"
#define RULE(name, match, deliver)                                             \
	"\n{\"name\":\"" name "\"," match "," SOURCES ",\"deliver\":{" deliver \
	"}}"
#define IS_A "\"matchPlugins\":[\"a\"]"

struct asked {
	struct cni_types types;
	const char *namespace; /* NULL: "" */
	enum cni_command command; /* 0: ADD */
};

static const struct explanation_place here = { "/store", "10.96.0.1", "443" };

/* The text, or JSON, which is the caller's to free. */
static char *explain(const char *doc, const struct asked *a,
		     const struct explanation_place *place, bool json)
{
	static struct config_mistakes m;
	const struct rules_request q = {
		.command = a->command == CNI_OTHER ? CNI_ADD : a->command,
		.types = &a->types,
		.pod_namespace = a->namespace == NULL ? "" : a->namespace,
	};
	struct config c;
	struct explanation x = { .file = "f.json",
				 .config = &c,
				 .request = &q };
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	assert_non_null(out);
	memset(&m, 0, sizeof(m));
	if (config_decode(doc, strlen(doc), &c, &m) < 0)
		fail_msg("%s: %s", m.items[0].key, m.items[0].text);
	explanation_make(&x, place);
	if (json) {
		json_t *all = explanation_json(&x);

		assert_int_equal(json_dumpf(all, out, JSON_COMPACT), 0);
		json_decref(all);
	} else {
		assert_int_equal(explanation_text(&x, out), 0);
	}
	assert_int_equal(fclose(out), 0);
	explanation_free(&x);
	config_free(&c);
	return got;
}

static void assert_explained(const char *doc, const struct asked *a,
			     const struct explanation_place *place,
			     const char *want)
{
	char *got = explain(doc, a, place, false);

	assert_string_equal(got, want);
	free(got);
}

/* --- which rule --------------------------------------------------------- */

#define HEAD "The rules of f.json, in their order:\n"
#define NONE                                                                   \
	"None applies: the delegate runs as it would without "                 \
	"multus-delegate-exec.\n"

static const struct {
	const char *doc;
	struct asked asked;
	const char *request;
	const char *rules;
} choices[] = {
	/* By the plugin: the first that matches wins. */
	{ DOCUMENT(RULE("one", "\"matchPlugins\":[\"b\",\"c\"]", ACCOUNT) ","
		   RULE("two", IS_A, ACCOUNT) ","
		   RULE("three", IS_A, ACCOUNT) ","
		   RULE("four", "\"matchPlugins\":[\"d\"]", ACCOUNT)),
	  { .types.main = "a" },
	  "ADD of a\n",
	  "  one (line 2): no: matchPlugins (b, c) lacks a\n"
	  "  two (line 3): applies\n"
	  "  three (line 4): would match, but comes later\n"
	  "  four (line 5): no: matchPlugins (d) lacks a\n" },
	/* By IPAM, its own or the delegate's. */
	{ DOCUMENT(RULE("r", "\"matchIPAM\":[\"i\"]", ACCOUNT)),
	  { .types.main = "a", .types.ipam = "i" },
	  "ADD of a, ipam.type i\n",
	  "  r (line 2): applies\n" },
	{ DOCUMENT(RULE("r", "\"matchIPAM\":[\"i\"]", ACCOUNT)),
	  { .types.main = "a",
	    .types.delegate = "d",
	    .types.delegate_ipam = "i" },
	  "ADD of a, delegate.type d, delegate.ipam.type i\n",
	  "  r (line 2): applies\n" },
	{ DOCUMENT(RULE("r", "\"matchIPAM\":[\"i\"]", ACCOUNT)),
	  { .types.main = "a", .types.ipam = "x", .types.delegate_ipam = "y" },
	  "ADD of a, ipam.type x, delegate.ipam.type y\n",
	  "  r (line 2): no: matchIPAM (i) lacks x and y\n" NONE },
	{ DOCUMENT(RULE("r", "\"matchIPAM\":[\"i\"]", ACCOUNT)),
	  { .types.main = "i" },
	  "ADD of i\n",
	  "  r (line 2): no: matchIPAM (i), and no --ipam is given\n" NONE },
	/* By the delegate. */
	{ DOCUMENT(RULE("r", "\"matchDelegates\":[\"d\"]", ACCOUNT)),
	  { .types.main = "a",
	    .types.delegate = "d",
	    .namespace = "shop",
	    .command = CNI_DEL },
	  "DEL of a, delegate.type d, in the namespace shop\n",
	  "  r (line 2): applies\n" },
	{ DOCUMENT(RULE("r", "\"matchDelegates\":[\"d\"]", ACCOUNT)),
	  { .types.main = "a", .types.delegate = "e" },
	  "ADD of a, delegate.type e\n",
	  "  r (line 2): no: matchDelegates (d) lacks e\n" NONE },
	{ DOCUMENT(RULE("r", "\"matchDelegates\":[\"d\"]", ACCOUNT)),
	  { .types.main = "a" },
	  "ADD of a\n",
	  "  r (line 2): no: matchDelegates (d), and no --delegate is given\n"
	  NONE },
	/* By the namespace. */
	{ DOCUMENT(RULE("r", IS_A ",\"matchNamespaces\":[\"m\",\"n\"]",
			ACCOUNT)),
	  { .types.main = "a", .namespace = "n" },
	  "ADD of a, in the namespace n\n",
	  "  r (line 2): applies\n" },
	{ DOCUMENT(RULE("r",
			IS_A ",\"matchNamespaces\":[\"m\",\"n\",\"o\",\"p\","
			     "\"q\"]",
			ACCOUNT)),
	  { .types.main = "a", .namespace = "x" },
	  "ADD of a, in the namespace x\n",
	  "  r (line 2): no: matchNamespaces (m, n, o and 2 more) lacks x\n"
	  NONE },
	{ DOCUMENT(RULE("r", IS_A ",\"matchNamespaces\":[\"m\"]", ACCOUNT)),
	  { .types.main = "a" },
	  "ADD of a\n",
	  "  r (line 2): no: matchNamespaces (m), and no --namespace is given\n"
	  NONE },
	{ DOCUMENT(RULE("r", IS_A ",\"matchNamespaces\":[\"m\"]", ACCOUNT)),
	  { .types.main = "a", .command = CNI_STATUS },
	  "STATUS of a\n",
	  "  r (line 2): applies\n" },
	{ DOCUMENT(""), { .types.main = "a" }, "ADD of a\n", NONE },
};

static void says_which_rule_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		char want[1024];
		char *got = explain(choices[i].doc, &choices[i].asked, &here,
				    false);

		snprintf(want, sizeof(want), "%s\n" HEAD "%s\nThe plan:\n",
			 choices[i].request, choices[i].rules);
		if (strncmp(got, want, strlen(want)) != 0)
			fail_msg("row %zu:\n%s", i, got);
		free(got);
	}
}

static void no_rule_has_a_plan_and_assumes_nothing(void **state)
{
	const struct asked a = { .types.main = "b" };

	(void)state;
	assert_explained(DOCUMENT(RULE("r", IS_A, ACCOUNT)), &a, &here,
			 "ADD of b\n\n" HEAD
			 "  r (line 2): no: matchPlugins (a) lacks b\n" NONE
			 "\n"
			 "The plan:\n"
			 "  run the delegate\n");
}

/* --- the plan ----------------------------------------------------------- */

static const struct asked a_asked = { .types.main = "a" };

#define APPLIES "ADD of a\n\n" HEAD "  r (line 2): applies\n\nThe plan:\n"
#define MOUNTS                                                                 \
	"  copy the mount namespace\n"                                         \
	"  mount a tmpfs on /var/run/secrets/kubernetes.io\n"
#define STORED                                                                 \
	"\nIt is assumed that:\n"                                              \
	"  - the store has a credential of this rule, good for another "       \
	"minute\n"
#define FREE                                                                   \
	"  - the host has no files of its own in "                             \
	"/var/run/secrets/kubernetes.io\n"                                     \
	"  - the network configuration chooses no API server and no credential " \
	"itself\n"

static void explains_an_account(void **state)
{
	(void)state;
	assert_explained(
		DOCUMENT(RULE("r", IS_A, ACCOUNT)), &a_asked, &here,
		APPLIES MOUNTS
		"  bind /store/r/data\n"
		"      read-only on "
		"/var/run/secrets/kubernetes.io/serviceaccount\n"
		"  set CNI_CREDENTIALS_DIRECTORY=/var/run/secrets/kubernetes."
		"io/serviceaccount\n"
		"  unset KUBECONFIG\n"
		"  run the delegate\n" STORED FREE);
}

#define SERVER_IS(server)                                                      \
	"  write /var/run/secrets/kubernetes.io/kubeconfig\n"                  \
	"      apiVersion: v1\n"                                               \
	"      kind: Config\n"                                                 \
	"      clusters:\n"                                                    \
	"      - name: cluster\n"                                              \
	"        cluster:\n"                                                   \
	"          server: \"" server "\"\n"                                   \
	"          certificate-authority:\n"                                   \
	"              \"/var/run/secrets/kubernetes.io/credentials/ca.crt\"\n" \
	"      users:\n"                                                       \
	"      - name: delegate\n"                                             \
	"        user:\n"                                                      \
	"          tokenFile: "                                                \
	"\"/var/run/secrets/kubernetes.io/credentials/token\"\n"               \
	"      contexts:\n"                                                    \
	"      - name: \"r\"\n"                                                \
	"        context:\n"                                                   \
	"          cluster: cluster\n"                                         \
	"          user: delegate\n"                                           \
	"          namespace: \"kube-system\"\n"                               \
	"      current-context: \"r\"\n"
#define BESIDE                                                                 \
	"      read-only on /var/run/secrets/kubernetes.io/credentials\n"      \
	"  set CNI_CREDENTIALS_DIRECTORY="                                     \
	"/var/run/secrets/kubernetes.io/credentials\n"                         \
	"  set KUBECONFIG=/var/run/secrets/kubernetes.io/kubeconfig\n"

static void explains_a_kubeconfig(void **state)
{
	static const char *const doc = DOCUMENT(RULE(
		"r", IS_A, "\"kubeconfig\":{\"configKeys\":[\"ipam.k\"]}"));
	static const struct explanation_place nowhere;

	(void)state;
	assert_explained(
		doc, &a_asked, &here,
		APPLIES MOUNTS SERVER_IS("https://10.96.0.1:443")
		"  bind /store/r/data\n" BESIDE
		"  set the key ipam.k of the network configuration\n"
		"      to /var/run/secrets/kubernetes.io/kubeconfig\n"
		"  run the delegate\n" STORED FREE
		"  - the daemon has the KUBERNETES_SERVICE_HOST and "
		"KUBERNETES_SERVICE_PORT that\n"
		"      are set here\n");
	assert_explained(
		doc, &a_asked, &nowhere,
		APPLIES MOUNTS SERVER_IS("https://kubernetes.default.svc:443")
		"  bind STORE/r/data\n" BESIDE
		"  set the key ipam.k of the network configuration\n"
		"      to /var/run/secrets/kubernetes.io/kubeconfig\n"
		"  run the delegate\n" STORED
		"  - STORE is what multus-delegate-exec is given as --store\n"
		FREE
		"  - the API server is kubernetes.default.svc: "
		"KUBERNETES_SERVICE_HOST and\n"
		"      KUBERNETES_SERVICE_PORT are not set here\n");
}

static void explains_variables_and_a_directory(void **state)
{
	(void)state;
	assert_explained(
		DOCUMENT("\n{\"name\":\"r\"," IS_A ",\"sources\":[{"
			 "\"directory\":{\"path\":\"/own\"}}],\"deliver\":{"
			 "\"env\":[{\"name\":\"D\",\"value\":"
			 "\"$(CREDENTIALS_DIRECTORY)/x\"}]}}"),
		&a_asked, &here,
		APPLIES MOUNTS
		"  bind /own\n"
		"      read-only on "
		"/var/run/secrets/kubernetes.io/credentials\n"
		"  set CNI_CREDENTIALS_DIRECTORY="
		"/var/run/secrets/kubernetes.io/credentials\n"
		"  unset KUBECONFIG\n"
		"  set D=/var/run/secrets/kubernetes.io/credentials/x\n"
		"  run the delegate\n"
		"\nIt is assumed that:\n"
		"  - /own in the daemon's container holds a token\n" FREE);
}

/* As the helper, which refuses an ADD and lets a DEL run without. */
static void explains_what_cannot_be_delivered(void **state)
{
	static const char *const doc =
		DOCUMENT(RULE("r", IS_A, "\"kubeconfig\":{}"));
	static const struct explanation_place odd = { "/s", "a/b", "443" };
	struct asked a = a_asked;
	char *got = explain(doc, &a, &odd, false);

	(void)state;
	assert_non_null(strstr(got, "\nThe plan:\n  nothing, error 102: correct "
				    "KUBERNETES_SERVICE_HOST=\"a/b\""));
	free(got);
	a.command = CNI_DEL;
	got = explain(doc, &a, &odd, false);
	assert_non_null(strstr(got, "\nThe plan:\n  run the delegate\n  (ran "
				    "without a credential: correct "));
	free(got);
	got = explain(doc, &a, &odd, true);
	assert_non_null(strstr(got, "\"fallback\":\"ran without a"));
	free(got);
	a.command = CNI_CHECK;
	got = explain(doc, &a, &odd, true);
	assert_non_null(strstr(got, "\"plan\":[],\"fallback\":null,"
				    "\"error\":{\"code\":102,"));
	free(got);
}

static void explains_to_programs(void **state)
{
	const struct asked a = { { "a", "i", "d", "e" }, "n", CNI_CHECK };
	char *got = explain(
		DOCUMENT(RULE("q", "\"matchIPAM\":[\"x\"]", ACCOUNT) ","
			 RULE("r", IS_A,
			      "\"env\":[{\"name\":\"E\",\"value\":\"\"}],"
			      "\"kubeconfig\":{\"configKeys\":[\"k\"]}")),
		&a, &here, true);
	char *content = strstr(got, "\"content\":\"");
	char *end = content == NULL ? NULL : strstr(content, "\"},");

	(void)state;
	assert_non_null(end);
	memmove(content + strlen("\"content\":\""), end, strlen(end) + 1);
	assert_string_equal(
		got,
		"{\"command\":\"CHECK\",\"types\":[\"a\",\"i\",\"d\",\"e\"],"
		"\"podNamespace\":\"n\",\"rules\":["
		"{\"name\":\"q\",\"line\":2,\"matches\":false,"
		"\"mismatch\":\"matchIPAM\"},"
		"{\"name\":\"r\",\"line\":3,\"matches\":true,"
		"\"mismatch\":null}],\"rule\":\"r\",\"source\":\"store\","
		"\"plan\":[{\"op\":\"copyMountNamespace\"},"
		"{\"op\":\"tmpfs\",\"path\":"
		"\"/var/run/secrets/kubernetes.io\"},"
		"{\"op\":\"file\",\"path\":"
		"\"/var/run/secrets/kubernetes.io/kubeconfig\","
		"\"content\":\"\"},"
		"{\"op\":\"bind\",\"path\":"
		"\"/var/run/secrets/kubernetes.io/credentials\","
		"\"from\":\"/store/r/data\"},"
		"{\"op\":\"env\",\"name\":\"CNI_CREDENTIALS_DIRECTORY\","
		"\"value\":\"/var/run/secrets/kubernetes.io/credentials\"},"
		"{\"op\":\"env\",\"name\":\"KUBECONFIG\",\"value\":"
		"\"/var/run/secrets/kubernetes.io/kubeconfig\"},"
		"{\"op\":\"env\",\"name\":\"E\",\"value\":\"\"},"
		"{\"op\":\"configKey\",\"key\":\"k\",\"value\":"
		"\"/var/run/secrets/kubernetes.io/kubeconfig\"},"
		"{\"op\":\"run\"}],\"fallback\":null,\"error\":null,"
		"\"assumptions\":[\"the store has a credential of this rule, "
		"good for another minute\",\"the host has no files of its own "
		"in /var/run/secrets/kubernetes.io\",\"the network "
		"configuration chooses no API server and no credential "
		"itself\",\"the daemon has the KUBERNETES_SERVICE_HOST and "
		"KUBERNETES_SERVICE_PORT that are set here\"]}");
	free(got);
	got = explain(DOCUMENT(""), &a, &here, true);
	assert_non_null(strstr(got, "\"rules\":[],\"rule\":null,"
				    "\"source\":\"none\",\"plan\":"
				    "[{\"op\":\"run\"}],"));
	free(got);
}

/* --- for a terminal ----------------------------------------------------- */

static void no_control_character_is_printed(void **state)
{
	static const char *const doc = DOCUMENT(
		RULE("q", "\"matchPlugins\":[\"\\u009b\\u202ex\"]", ACCOUNT) ","
		RULE("r", IS_A,
		     "\"env\":[{\"name\":\"E\",\"value\":"
		     "\"\\u001b[2J\\nrun\\r\\u007f\\u009b\\u202e\"}]"));
	char *got = explain(doc, &a_asked, &here, false);

	(void)state;
	for (const char *c = got; *c != '\0'; c++)
		if (*c != '\n' && (*c < 0x20 || *c >= 0x7f))
			fail_msg("byte %#x in:\n%s", (unsigned char)*c, got);
	assert_non_null(strstr(got, "no: matchPlugins (\\u009b\\u202ex) lacks"));
	assert_non_null(strstr(got, "  set E=\\u001b[2J\\u000arun\\u000d\\u007f"
				    "\\u009b\\u202e\n  run the delegate\n"));
	free(got);
}

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void no_line_is_longer_than_80_columns(void **state)
{
	static const char *const doc = DOCUMENT(
		RULE("q", "\"matchIPAM\":[\"" HUNDRED "\",\"" HUNDRED HUNDRED
			  "\"]",
		     ACCOUNT) ","
		RULE(TEN TEN TEN TEN TEN TEN,
		     "\"matchPlugins\":[\"" HUNDRED "a\"]",
		     "\"kubeconfig\":{\"contextName\":\"" HUNDRED HUNDRED
		     "\",\"configKeys\":[\"" HUNDRED "\"]},"
		     "\"env\":[{\"name\":\"E\",\"value\":\"" HUNDRED " " HUNDRED
		     "\\ud83d\\ude00\\ud83d\\ude00" HUNDRED "\"}]"));
	const struct asked a = {
		.types = { HUNDRED "a", HUNDRED "b", "", HUNDRED "c" },
		.namespace = TEN TEN TEN TEN TEN TEN,
	};
	const struct explanation_place place = { "/" HUNDRED "/" HUNDRED,
						 HUNDRED, "443" };
	const struct explanation_place far = { "/" HUNDRED "/" HUNDRED, NULL,
					       NULL };
	const struct explanation_place *const places[] = { &place, &far };

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		char *got = explain(doc, &a, places[i], false);

		for (const char *line = got; *line != '\0';) {
			size_t len = strcspn(line, "\n");

			if (len > 80)
				fail_msg("%zu: %.*s", len, (int)len, line);
			line += len + 1;
		}
		free(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_rule_and_why),
		cmocka_unit_test(no_rule_has_a_plan_and_assumes_nothing),
		cmocka_unit_test(explains_an_account),
		cmocka_unit_test(explains_a_kubeconfig),
		cmocka_unit_test(explains_variables_and_a_directory),
		cmocka_unit_test(explains_what_cannot_be_delivered),
		cmocka_unit_test(explains_to_programs),
		cmocka_unit_test(no_control_character_is_printed),
		cmocka_unit_test(no_line_is_longer_than_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
