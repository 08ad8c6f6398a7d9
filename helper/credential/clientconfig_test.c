/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "clientconfig.h"
#include "delegate-credentials.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* As kubectl writes one. */
#define KUBECONFIG(cluster, user)                                              \
	"apiVersion: v1\n"                                                     \
	"clusters:\n"                                                          \
	"- cluster:\n" cluster "  name: c\n"                                   \
	"contexts:\n"                                                          \
	"- context:\n"                                                         \
	"    cluster: c\n"                                                     \
	"    namespace: n\n"                                                   \
	"    user: u\n"                                                        \
	"  name: x\n"                                                          \
	"current-context: x\n"                                                 \
	"kind: Config\n"                                                       \
	"preferences: {}\n"                                                    \
	"users:\n"                                                             \
	"- name: other\n"                                                      \
	"  user:\n"                                                            \
	"    token: not-ours\n"                                                \
	"- name: u\n"                                                          \
	"  user:\n" user

#define CLUSTER                                                                \
	"    certificate-authority: /etc/ca.crt\n"                             \
	"    server: https://10.96.0.1:443\n"
#define USER "    tokenFile: /etc/token\n"

static int read_text(const char *text, struct bootstrap *ret, struct err *e)
{
	return clientconfig_kubeconfig("/etc/k/config", text, strlen(text), ret,
				       e);
}

static void check_bootstrap(struct bootstrap *b, const char *server,
			    const char *ca, const char *token)
{
	assert_string_equal(b->server, server);
	assert_string_equal(b->ca_file, ca);
	if (token)
		assert_string_equal(b->token_file, token);
	else
		assert_null(b->token_file);
	bootstrap_free(b);
	assert_null(b->server);
}

static void a_kubeconfig_of_files_is_read(void **state)
{
	struct err e = ERR_INIT;
	struct bootstrap b;

	(void)state;
	assert_int_equal(read_text(KUBECONFIG(CLUSTER, USER), &b, &e), 0);
	assert_null(b.client_key);
	check_bootstrap(&b, "https://10.96.0.1:443", "/etc/ca.crt",
			"/etc/token");
}

static void json_is_read_too(void **state)
{
	static const char text[] =
		"\n {\"current-context\": \"x\", \"contexts\": [{\"name\": "
		"\"x\", \"context\": {\"cluster\": \"c\", \"user\": \"u\"}}], "
		"\"clusters\": [{\"name\": \"c\", \"cluster\": {\"server\": "
		"\"https://[::1]:6443/\", \"certificate-authority\": "
		"\"ca.crt\", \"insecure-skip-tls-verify\": false}}], "
		"\"users\": [{\"name\": \"u\", \"user\": {\"tokenFile\": "
		"\"../token\", \"token\": null}}]}";
	struct err e = ERR_INIT;
	struct bootstrap b;

	(void)state;
	assert_int_equal(read_text(text, &b, &e), 0);
	check_bootstrap(&b, "https://[::1]:6443", "/etc/k/ca.crt",
			"/etc/k/../token");
}

static void a_client_certificate_will_do(void **state)
{
	struct err e = ERR_INIT;
	struct bootstrap b;

	(void)state;
	assert_int_equal(read_text(KUBECONFIG(CLUSTER,
					      "    client-certificate: c.pem\n"
					      "    client-key: k.pem\n"),
				   &b, &e),
			 0);
	assert_string_equal(b.client_certificate, "/etc/k/c.pem");
	assert_string_equal(b.client_key, "/etc/k/k.pem");
	check_bootstrap(&b, "https://10.96.0.1:443", "/etc/ca.crt", NULL);
}

static const struct {
	const char *text;
	const char *key; /* named in the message, with the file */
} refused[] = {
	/* what decides whom we trust and who runs */
	{ KUBECONFIG(CLUSTER "    insecure-skip-tls-verify: true\n", USER),
	  "clusters 'c', cluster.insecure-skip-tls-verify: " },
	{ KUBECONFIG(CLUSTER "    proxy-url: http://s3cret\n", USER),
	  "clusters 'c', cluster.proxy-url: " },
	{ KUBECONFIG(CLUSTER "    tls-server-name: s3cret\n", USER),
	  "clusters 'c', cluster.tls-server-name: " },
	{ KUBECONFIG(CLUSTER "    certificate-authority-data: s3cret\n", USER),
	  "clusters 'c', cluster.certificate-authority-data: " },
	{ KUBECONFIG(CLUSTER, USER "    exec:\n      command: s3cret\n"),
	  "users 'u', user.exec: " },
	{ KUBECONFIG(CLUSTER, USER "    auth-provider:\n      name: s3cret\n"),
	  "users 'u', user.auth-provider: " },
	{ KUBECONFIG(CLUSTER, USER "    token: s3cret\n"),
	  "users 'u', user.token: " },
	{ KUBECONFIG(CLUSTER, USER "    username: s3cret\n"),
	  "users 'u', user.username: " },
	{ KUBECONFIG(CLUSTER, USER "    password: s3cret\n"),
	  "users 'u', user.password: " },
	{ KUBECONFIG(CLUSTER, USER "    client-key-data: s3cret\n"),
	  "users 'u', user.client-key-data: " },
	{ KUBECONFIG(CLUSTER, USER "    client-certificate-data: s3cret\n"),
	  "users 'u', user.client-certificate-data: " },
	{ KUBECONFIG(CLUSTER, USER "    as: s3cret\n"), "users 'u', user.as: " },
	{ KUBECONFIG(CLUSTER, USER "    as-uid: s3cret\n"),
	  "users 'u', user.as-uid: " },
	{ KUBECONFIG(CLUSTER, USER "    as-groups:\n    - s3cret\n"),
	  "users 'u', user.as-groups: " },
	{ KUBECONFIG(CLUSTER, USER "    as-user-extra:\n      s3cret: a\n"),
	  "users 'u', user.as-user-extra: " },
	{ KUBECONFIG(CLUSTER, USER "    tokenfile: s3cret\n"),
	  "users 'u', user.tokenfile: " },
	/* what is missing or no use */
	{ KUBECONFIG("    server: https://h\n", USER),
	  "clusters 'c', cluster.certificate-authority: " },
	{ KUBECONFIG("    certificate-authority: /ca\n", USER),
	  "clusters 'c', cluster.server: " },
	{ KUBECONFIG("    server: http://host:443\n", USER),
	  "clusters 'c', cluster.server: " },
	{ KUBECONFIG("    server: https://s3cret@h\n", USER),
	  "clusters 'c', cluster.server: " },
	{ KUBECONFIG("    server: https://h?s3cret\n", USER),
	  "clusters 'c', cluster.server: " },
	{ KUBECONFIG("    server: https:///\n", USER),
	  "clusters 'c', cluster.server: " },
	{ KUBECONFIG(CLUSTER, "    tokenFile: \"s3cret\\n\"\n"),
	  "users 'u', user.tokenFile: " },
	{ KUBECONFIG(CLUSTER, "    tokenFile: ''\n"),
	  "users 'u', user.tokenFile: " },
	{ KUBECONFIG(CLUSTER, "    tokenFile: true\n"),
	  "users 'u', user.tokenFile: " },
	{ KUBECONFIG(CLUSTER, "    extensions: []\n"),
	  "users 'u', user.tokenFile: " },
	{ KUBECONFIG(CLUSTER, USER "    client-key: k\n"),
	  "users 'u', user.client-key: " },
	{ KUBECONFIG(CLUSTER, USER "    client-certificate: c\n"),
	  "users 'u', user.client-key: " },
	{ "a: b\n", "current-context: " },
	{ "current-context: 1\ncurrent-context: 2\n", "line 2: " },
	{ "current-context: x\n", "contexts: add one of the name 'x'" },
	{ "current-context: x\ncontexts:\n- name: x\n  context:\n"
	  "    user: u\n",
	  "contexts 'x', context.cluster: " },
	{ "current-context: x\ncontexts:\n- name: x\n  context:\n"
	  "    user: u\n    cluster: c\n",
	  "clusters: add one of the name 'c'" },
	{ KUBECONFIG("    server: true\n    certificate-authority: /ca\n",
		     USER),
	  "clusters 'c', cluster.server: give it one line" },
	{ KUBECONFIG("    server: https://h\n    certificate-authority: true\n",
		     USER),
	  "clusters 'c', cluster.certificate-authority: give it one line" },
	{ KUBECONFIG(CLUSTER, USER "    client-certificate: true\n"
				   "    client-key: k\n"),
	  "users 'u', user.client-certificate: give it one line" },
	{ KUBECONFIG(CLUSTER, USER "    client-certificate: c\n"
				   "    client-key: true\n"),
	  "users 'u', user.client-key: give it one line" },
	{ "current-context: x\ncontexts:\n- name: x\n  context:\n"
	  "    cluster: true\n    user: u\n",
	  "contexts 'x', context.cluster: give it one line" },
	{ "current-context: x\ncontexts:\n- name: x\n  context:\n"
	  "    cluster: c\n",
	  "contexts 'x', context.user: name one" },
	{ "current-context: x\ncontexts:\n- name: x\n  context:\n"
	  "    user: u\n    cluster: c\nclusters:\n- name: c\n  cluster:\n"
	  CLUSTER,
	  "users: add one of the name 'u'" },
	{ "current-context: ''\ncontexts:\n- name: ''\n  context:\n"
	  "    user: u\n",
	  "current-context: name one" },
	{ "current-context: \"s3cret\\n\"\ncontexts:\n- name: x\n",
	  "current-context: name one" },
	{ " \n", "" },
	{ "", "" },
	{ "{\"token\": s3cret", "line 1: write JSON" },
	{ "- s3cret", "current-context: " },
};

static void others_are_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = ERR_INIT;
		struct bootstrap b;

		if (read_text(refused[i].text, &b, &e) == 0)
			fail_msg("read: %s", refused[i].text);
		assert_null(b.server);
		assert_int_equal(e.code, DC_CODE_CONFIG);
		if (strncmp(e.msg, "correct /etc/k/config: ", 23) ||
		    !strstr(e.msg, refused[i].key))
			fail_msg("not '%s': %s", refused[i].key, e.msg);
		assert_null(strstr(e.msg, "s3cret"));
	}
}

static void what_is_behind_it_is_not_read(void **state)
{
	struct err e = ERR_INIT;
	struct bootstrap b;

	(void)state;
	assert_int_equal(clientconfig_kubeconfig("f", " {", 1, &b, &e), -1);
	assert_string_equal(e.msg, "correct f: line 1: the file is empty");
}

/* As long as a path may be, and a byte more. */
static void a_long_path_is_refused(void **state)
{
	char path[PATH_MAX + 1] = "", text[PATH_MAX + 600];
	struct err e = ERR_INIT;
	struct bootstrap b;

	(void)state;
	memset(path, 'p', PATH_MAX);
	snprintf(text, sizeof(text), KUBECONFIG(CLUSTER, "    tokenFile: /%s\n"),
		 path);
	assert_int_equal(read_text(text, &b, &e), -1);
	assert_non_null(strstr(e.msg, "user.tokenFile: give it one line"));
	path[PATH_MAX - 1] = '\0';
	snprintf(text, sizeof(text), KUBECONFIG(CLUSTER, "    tokenFile: /%s\n"),
		 path);
	assert_int_equal(read_text(text, &b, &e), 0);
	bootstrap_free(&b);
}

static void in_cluster(const char *host, const char *port, const char *server)
{
	struct err e = ERR_INIT;
	struct bootstrap b;

	if (!server) {
		assert_int_equal(clientconfig_in_cluster(host, port, &b, &e),
				 -1);
		assert_int_equal(e.code, DC_CODE_CONFIG);
		assert_non_null(strstr(e.msg, "KUBERNETES_SERVICE_PORT"));
		assert_null(b.server);
		return;
	}
	assert_int_equal(clientconfig_in_cluster(host, port, &b, &e), 0);
	check_bootstrap(
		&b, server,
		"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
		"/var/run/secrets/kubernetes.io/serviceaccount/token");
}

static void a_pod_knows_its_api_server(void **state)
{
	char host[255] = "", server[300];

	(void)state;
	memset(host, 'a', 254);
	in_cluster("10.96.0.1", "443", "https://10.96.0.1:443");
	in_cluster("fd00::1", "6443", "https://[fd00::1]:6443");
	in_cluster("api.example.org", "65535", "https://api.example.org:65535");
	in_cluster(NULL, "443", NULL);
	in_cluster("10.96.0.1", NULL, NULL);
	in_cluster("", "443", NULL);
	in_cluster("[fd00::1]", "443", NULL);
	in_cluster("fe80::1%eth0", "443", NULL);
	in_cluster("a/b", "443", NULL);
	in_cluster("user@host", "443", NULL);
	in_cluster("-a", "443", NULL);
	in_cluster(".a", "443", NULL);
	in_cluster(host, "443", NULL);
	host[253] = '\0';
	snprintf(server, sizeof(server), "https://%s:443", host);
	in_cluster(host, "443", server);
	in_cluster("10.96.0.1", "0", NULL);
	in_cluster("10.96.0.1", "65536", NULL);
	in_cluster("10.96.0.1", "443/", NULL);
	in_cluster("10.96.0.1", "", NULL);
	in_cluster("10.96.0.1", "00000000000000000443", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kubeconfig_of_files_is_read),
		cmocka_unit_test(json_is_read_too),
		cmocka_unit_test(a_client_certificate_will_do),
		cmocka_unit_test(others_are_refused_by_name),
		cmocka_unit_test(what_is_behind_it_is_not_read),
		cmocka_unit_test(a_long_path_is_refused),
		cmocka_unit_test(a_pod_knows_its_api_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
