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
#include "kubeconfig.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct kubeconfig usual = {
	.host = "10.96.0.1",
	.port = "443",
	.context_name = "userspace",
	.namespace = "kube-system",
	.token_file = "/cred/token",
	.certificate_authority = "/cred/ca.crt",
};

static void writes_file_references(void **state)
{
	static const char text[] =
		"apiVersion: v1\n"
		"kind: Config\n"
		"clusters:\n"
		"- name: cluster\n"
		"  cluster:\n"
		"    server: \"https://10.96.0.1:443\"\n"
		"    certificate-authority: \"/cred/ca.crt\"\n"
		"users:\n"
		"- name: delegate\n"
		"  user:\n"
		"    tokenFile: \"/cred/token\"\n"
		"contexts:\n"
		"- name: \"userspace\"\n"
		"  context:\n"
		"    cluster: cluster\n"
		"    user: delegate\n"
		"    namespace: \"kube-system\"\n"
		"current-context: \"userspace\"\n";
	struct err e = ERR_INIT;
	char out[KUBECONFIG_MAX];

	(void)state;
	assert_int_equal(kubeconfig_format(&usual, out, sizeof(out), &e),
			 sizeof(text) - 1);
	assert_string_equal(out, text);
}

static void leaves_out_a_namespace_that_is_not_set(void **state)
{
	struct kubeconfig k = usual;
	struct err e = ERR_INIT;
	char out[KUBECONFIG_MAX];

	(void)state;
	k.namespace = NULL;
	assert_true(kubeconfig_format(&k, out, sizeof(out), &e) > 0);
	assert_null(strstr(out, "namespace"));
}

static void quotes_any_context_name(void **state)
{
	struct kubeconfig k = usual;
	struct err e = ERR_INIT;
	char out[KUBECONFIG_MAX];

	(void)state;
	k.context_name = "a\"b\\c\n\xe2\x80\xa8: #&*";
	assert_true(kubeconfig_format(&k, out, sizeof(out), &e) > 0);
	assert_non_null(strstr(
		out, "- name: \"a\\\"b\\\\c\\u000a\\u2028: #&*\"\n"));
	assert_non_null(strstr(
		out, "current-context: \"a\\\"b\\\\c\\u000a\\u2028: #&*\"\n"));
}

#define LABEL_60 "a23456789-123456789-123456789-123456789-123456789-123456789b"
#define LABEL_240 LABEL_60 "." LABEL_60 "." LABEL_60 "." LABEL_60

static const struct {
	const char *host, *port;
	const char *server; /* NULL: refused */
} servers[] = {
	{ "10.96.0.1", "443", "https://10.96.0.1:443" },
	{ "0.0.0.0", "1", "https://0.0.0.0:1" },
	{ "fd00::1", "6443", "https://[fd00::1]:6443" },
	{ "::", "65535", "https://[::]:65535" },
	{ "::ffff:10.0.0.1", "443", "https://[::ffff:10.0.0.1]:443" },
	{ "FD00:0:0:0:0:0:0:1", "443", "https://[FD00:0:0:0:0:0:0:1]:443" },
	{ "kubernetes.default.svc", "443",
	  "https://kubernetes.default.svc:443" },
	{ "K8S-1", "443", "https://K8S-1:443" },
	{ "1.example", "443", "https://1.example:443" },
	{ LABEL_60 ".x", "443", "https://" LABEL_60 ".x:443" },
	{ LABEL_240 ".b34567890", "443",
	  "https://" LABEL_240 ".b34567890:443" },
	{ NULL, "443", NULL },
	{ "", "443", NULL },
	{ "10.96.0.1", NULL, NULL },
	{ "10.96.0.1", "", NULL },
	/* Hosts. */
	{ "[fd00::1]", "443", NULL },
	{ "fe80::1%eth0", "443", NULL },
	{ "fd00::1::2", "443", NULL },
	{ "10.96.0.256", "443", NULL },
	{ "10.96.0", "443", NULL },
	{ "1.2.3.4.5", "443", NULL },
	{ "1", "443", NULL },
	{ "a..b", "443", NULL },
	{ ".a", "443", NULL },
	{ "a.", "443", NULL },
	{ "-a", "443", NULL },
	{ "a-", "443", NULL },
	{ "a-.b", "443", NULL },
	{ "a_b", "443", NULL },
	{ "a b", "443", NULL },
	{ "a/b", "443", NULL },
	{ "a@b", "443", NULL },
	{ "a:1", "443", NULL },
	{ "a\"", "443", NULL },
	{ "\xc3\xa9", "443", NULL },
	{ LABEL_60 "5678", "443", NULL },
	{ LABEL_240 ".b34567890x", "443", NULL },
	/* Ports. */
	{ "10.96.0.1", "0", NULL },
	{ "10.96.0.1", "65536", NULL },
	{ "10.96.0.1", "0443", NULL },
	{ "10.96.0.1", "+443", NULL },
	{ "10.96.0.1", " 443", NULL },
	{ "10.96.0.1", "443 ", NULL },
	{ "10.96.0.1", "4294967739", NULL },
	{ "10.96.0.1", "https", NULL },
	{ "10.96.0.1", "443/", NULL },
	{ "10.96.0.1", "tcp://10.96.0.1:443", NULL },
};

static void judges_the_server(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++) {
		struct kubeconfig k = usual;
		struct err e = ERR_INIT;
		char out[KUBECONFIG_MAX], line[512];
		int r;

		k.host = servers[i].host;
		k.port = servers[i].port;
		r = kubeconfig_format(&k, out, sizeof(out), &e);
		if ((r < 0) != (servers[i].server == NULL))
			fail_msg("%s %s: %d %s", k.host, k.port, r, e.msg);
		if (r < 0) {
			assert_int_equal(e.code, DC_CODE_CONFIG);
			continue;
		}
		snprintf(line, sizeof(line), "    server: \"%s\"\n",
			 servers[i].server);
		assert_non_null(strstr(out, line));
	}
}

static const struct {
	const char *host, *port, *msg;
} refused[] = {
	{ NULL, NULL,
	  "run the caller in the cluster: a kubeconfig needs "
	  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and they are "
	  "not set" },
	{ "", "443",
	  "run the caller in the cluster: a kubeconfig needs "
	  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and they are "
	  "not set" },
	{ "10.0.0.1", "",
	  "run the caller in the cluster: a kubeconfig needs "
	  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and they are "
	  "not set" },
	{ "a/\"\n", "443",
	  "correct KUBERNETES_SERVICE_HOST=\"a/\\\"\\u000a\" in the caller's "
	  "environment: it has to be an IP address or a DNS name" },
	{ "10.0.0.1", LABEL_60,
	  "correct KUBERNETES_SERVICE_PORT="
	  "\"a23456789-123456789-123456789-123456789-12345678\" in the "
	  "caller's environment: it has to be a port from 1 to 65535" },
};

static void says_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct kubeconfig k = usual;
		struct err e = ERR_INIT;
		char out[KUBECONFIG_MAX];

		k.host = refused[i].host;
		k.port = refused[i].port;
		assert_int_equal(kubeconfig_format(&k, out, sizeof(out), &e),
				 -1);
		assert_string_equal(e.msg, refused[i].msg);
	}
}

static void needs_room(void **state)
{
	struct err e = ERR_INIT;
	char whole[KUBECONFIG_MAX];
	int len = kubeconfig_format(&usual, whole, sizeof(whole), &e);

	(void)state;
	for (int size = 0; size <= len + 1; size++) {
		char *out = malloc(size > 0 ? (size_t)size : 1);
		int r = kubeconfig_format(&usual, out, (size_t)size, &e);

		assert_int_equal(r, size > len ? len : -1);
		if (r < 0)
			assert_int_equal(e.code, DC_CODE_INTERNAL);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_file_references),
		cmocka_unit_test(leaves_out_a_namespace_that_is_not_set),
		cmocka_unit_test(quotes_any_context_name),
		cmocka_unit_test(judges_the_server),
		cmocka_unit_test(says_what_to_do),
		cmocka_unit_test(needs_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
