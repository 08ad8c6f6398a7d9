/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "delegate-credentials.h"
#include "netconf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A document and the choice that is to be found in it. */
static const struct {
	const char *doc;
	const char *choice;
} choices[] = {
	/* Every key of the table, wherever it counts. */
	{ "{\"kubeconfig\":\"/x\"}", "kubeconfig" },
	{ "{\"kubernetes\":{}}", "kubernetes" },
	{ "{\"etcd_endpoints\":\"x\"}", "etcd_*" },
	{ "{\"cni_net_dir\":\"/x\"}", "cni_net_dir" },
	{ "{\"cni_agent_run_dir\":\"/x\"}", "cni_agent_run_dir" },
	{ "{\"policy\":{\"k8s_api_root\":\"x\"}}", "policy.k8s_*" },
	{ "{\"ipam\":{\"kubeconfig\":1}}", "ipam.kubeconfig" },
	{ "{\"ipam\":{\"kubernetes\":{\"kubeconfig\":1}}}", "ipam.kubernetes" },
	{ "{\"ipam\":{\"etcd_ca\":1}}", "ipam.etcd_*" },
	{ "{\"ipam\":{\"cni_net_dir\":1}}", "ipam.cni_net_dir" },
	{ "{\"ipam\":{\"cni_agent_run_dir\":1}}", "ipam.cni_agent_run_dir" },
	{ "{\"ipam\":{\"configuration_path\":1}}", "ipam.configuration_path" },
	{ "{\"ipam\":{\"policy\":{\"k8s_x\":1}}}", "ipam.policy.k8s_*" },
	{ "{\"delegate\":{\"kubeconfig\":1}}", "delegate.kubeconfig" },
	{ "{\"delegate\":{\"policy\":{\"k8s_\":1}}}", "delegate.policy.k8s_*" },
	{ "{\"delegate\":{\"ipam\":{\"kubernetes\":1}}}",
	  "delegate.ipam.kubernetes" },
	{ "{\"delegate\":{\"delegate\":{\"ipam\":{\"configuration_path\":1}}}}",
	  "delegate.delegate.ipam.configuration_path" },
	/* The value does not matter. */
	{ "{\"kubeconfig\":null}", "kubeconfig" },
	{ "{\"kubeconfig\":\"\"}", "kubeconfig" },
	{ "{\"kubernetes\":[]}", "kubernetes" },
	/* Keys as Go reads them, duplicates and all. */
	{ "{\"KubeConfig\":1}", "kubeconfig" },
	{ "{\"\xe2\x84\xaaubeconfig\":1}", "kubeconfig" },
	{ "{\"\\u006bubernete\\u017f\":1}", "kubernetes" },
	{ "{\"IPAM\":{\"Kubernetes\":1}}", "ipam.kubernetes" },
	{ "{\"\\u0049pam\":{\"kubernetes\":1}}", "ipam.kubernetes" },
	{ "{\"policy\":{\"\xe2\x84\xaa"
	  "8S_api_root\":1}}",
	  "policy.k8s_*" },
	{ "{\"ipam\":{\"kubernetes\":1},\"ipam\":{}}", "ipam.kubernetes" },
	{ "{\"ipam\":{},\"ipam\":{\"kubernetes\":1}}", "ipam.kubernetes" },
	{ "{\"ipam\":null,\"Ipam\":{\"kubernetes\":1}}", "ipam.kubernetes" },
	{ "{\"delegate\":{},\"DELEGATE\":{\"ipam\":{\"kubernetes\":1}}}",
	  "delegate.ipam.kubernetes" },
	/* The first one is named. */
	{ "{\"ipam\":{\"kubernetes\":1},\"kubeconfig\":1}", "ipam.kubernetes" },
	{ "{\"kubernetes\":{\"kubeconfig\":1},\"kubeconfig\":1}",
	  "kubernetes" },
	/* Behind objects that were entered and left again. */
	{ "{\"delegate\":{\"ipam\":{\"policy\":{}},\"x\":[{}]},\"kubeconfig\":"
	  "1}",
	  "kubeconfig" },
	{ "{\"ipam\":{\"policy\":{},\"kubernetes\":1}}", "ipam.kubernetes" },
	{ "{\"prevResult\":{\"ipam\":{}},\"ipam\":{\"kubernetes\":1}}",
	  "ipam.kubernetes" },
	/* What is none. */
	{ "{}", "" },
	{ "{\"configuration_path\":1}", "" },
	{ "{\"k8s_api_root\":1}", "" },
	{ "{\"policy\":{\"type\":\"k8s\",\"kubernetes\":1,\"etcd_x\":1}}", "" },
	{ "{\"policy\":{\"k8s\":1},\"etcd\":1,\"kubeconfigs\":1}", "" },
	{ "{\"kubeconfig\\u0000\":1}", "" },
	{ "{\"name\":\"kubeconfig\",\"type\":\"kubernetes\"}", "" },
	{ "{\"prevResult\":{\"kubeconfig\":1,\"ipam\":{\"kubernetes\":1}}}",
	  "" },
	{ "{\"args\":{\"kubeconfig\":1,\"delegate\":{\"kubeconfig\":1}}}", "" },
	{ "{\"x\":{\"kubeconfig\":1,\"ipam\":{\"kubernetes\":1}}}", "" },
	{ "{\"ipam\":[{\"kubernetes\":1}],\"x\":[{\"kubeconfig\":1}]}", "" },
	{ "{\"delegate\":[{\"kubeconfig\":1}]}", "" },
	{ "{\"ipam\":{\"ipam\":{\"kubernetes\":1}}}", "" },
	{ "{\"ipam\":{\"delegate\":{\"kubernetes\":1}}}", "" },
	{ "{\"ipam\":{\"x\":{\"kubernetes\":1}}}", "" },
	{ "{\"ipam\":\"kubernetes\",\"delegate\":1}", "" },
};

static void finds_choices(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct err e = ERR_INIT;
		struct netconf n;

		if (netconf_read(choices[i].doc, strlen(choices[i].doc), NULL,
				 &n, &e) < 0)
			fail_msg("%s: %s", choices[i].doc, e.msg);
		if (strcmp(n.choice, choices[i].choice) != 0)
			fail_msg("%s: '%s'", choices[i].doc, n.choice);
	}
}

/* A rule that serves some keys and declares others, and what is found. */
static const struct {
	const char *served[3];
	const char *declared[3];
	const char *doc;
	const char *choice;
} with_rule[] = {
	/* Served keys are none where they stand, whatever their form. */
	{ { "kubeconfig" }, { NULL }, "{\"kubeconfig\":\"/x\"}", "" },
	{ { "kubeconfig" }, { NULL }, "{\"KubeConfig\":{\"x\":1}}", "" },
	{ { "KubeConfig" }, { NULL }, "{\"kubeconfig\":1}", "" },
	{ { "kubeconfig" },
	  { NULL },
	  "{\"\\u212aubeconfig\":1,\"kubeconfig\":[{\"kubernetes\":1}]}",
	  "" },
	{ { "delegate.kubeconfig" },
	  { NULL },
	  "{\"delegate\":{\"kubeconfig\":1}}",
	  "" },
	{ { "Delegate.delegate.ipam.kubeconfig" },
	  { NULL },
	  "{\"delegate\":{\"delegate\":{\"IPAM\":{\"kubeconfig\":1}}}}",
	  "" },
	{ { "kubeconfig" }, { NULL }, "{}", "" },
	/* Elsewhere they are. */
	{ { "kubeconfig" },
	  { NULL },
	  "{\"kubeconfig\":1,\"delegate\":{\"kubeconfig\":1}}",
	  "delegate.kubeconfig" },
	{ { "kubeconfig" },
	  { NULL },
	  "{\"ipam\":{\"kubeconfig\":1}}",
	  "ipam.kubeconfig" },
	{ { "ipam.kubeconfig" }, { NULL }, "{\"kubeconfig\":1}", "kubeconfig" },
	{ { "delegate.kubeconfig" },
	  { NULL },
	  "{\"delegate\":{\"delegate\":{\"kubeconfig\":1}}}",
	  "delegate.delegate.kubeconfig" },
	{ { "api.file" },
	  { NULL },
	  "{\"api\":{\"file\":1,\"x\":1},\"delegate\":{\"API\":{\"File\":1}}}",
	  "delegate.api.file" },
	{ { "api.file" },
	  { NULL },
	  "{\"ipam\":{\"api\":{\"file\":1}}}",
	  "ipam.api.file" },
	{ { "api.file" },
	  { NULL },
	  "{\"delegate\":{\"ipam\":{\"api\":{\"file\":1}}}}",
	  "delegate.ipam.api.file" },
	{ { "kubeconfig" }, { NULL }, "{\"kubernetes\":{}}", "kubernetes" },
	/* Other members of an object that is a choice. */
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"kubernetes\":{\"kubeconfig\":1}}",
	  "" },
	{ { "kubernetes.kubeconfig" }, { NULL }, "{\"kubernetes\":{}}", "" },
	{ { "kubernetes.kubeconfig" }, { NULL }, "{\"kubernetes\":null}", "" },
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"kubernetes\":{\"kubeconfig\":1,\"k8s_api_root\":null}}",
	  "kubernetes.*" },
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"kubernetes\":{\"\\u006bubeconfig\":1,\"\":1}}",
	  "kubernetes.*" },
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"kubernetes\":{},\"Kubernete\xc5\xbf\":{\"K8S_API_ROOT\":1}}",
	  "kubernetes.*" },
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"kubernetes\":{\"kubeconfig\":{\"x\":1}},\"k\":{\"x\":1}}",
	  "" },
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"ipam\":{\"kubernetes\":{\"kubeconfig\":1}}}",
	  "ipam.kubernetes" },
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"delegate\":{\"kubernetes\":{\"kubeconfig\":1}}}",
	  "delegate.kubernetes" },
	{ { "kubernetes.a.b" },
	  { NULL },
	  "{\"kubernetes\":{\"a\":{\"b\":1,\"c\":1}}}",
	  "kubernetes.a.*" },
	{ { "kubernetes.a.b" },
	  { NULL },
	  "{\"kubernetes\":{\"a\":{\"b\":1},\"b\":1}}",
	  "kubernetes.*" },
	{ { "ipam.kubernetes.kubeconfig", "kubeconfig" },
	  { NULL },
	  "{\"ipam\":{\"kubernetes\":{\"kubeconfig\":1},\"type\":\"x\"},"
	  "\"kubeconfig\":1}",
	  "" },
	{ { "ipam.kubernetes.kubeconfig" },
	  { NULL },
	  "{\"IPAM\":{\"kubernetes\":{\"kubeconfig\":1}},"
	  "\"ipam\":{\"KUBERNETES\":{\"KUBECONFIG\":1,\"x\":1}}}",
	  "ipam.kubernetes.*" },
	{ { "ipam.kubernetes.kubeconfig" },
	  { NULL },
	  "{\"ipam\":{\"kubernetes\":{\"kubeconfig\":1},\"etcd_x\":1}}",
	  "ipam.etcd_*" },
	{ { "policy.k8s_config.path" },
	  { NULL },
	  "{\"policy\":{\"type\":\"k8s\",\"k8s_config\":{\"path\":1}}}",
	  "" },
	{ { "policy.k8s_config.path" },
	  { NULL },
	  "{\"policy\":{\"k8s_config\":{\"path\":1,\"x\":1}}}",
	  "policy.k8s_config.*" },
	/* Behind such objects the scan goes on as before. */
	{ { "kubernetes.kubeconfig" },
	  { NULL },
	  "{\"kubernetes\":{\"kubeconfig\":1},\"x\":{\"y\":1},"
	  "\"ipam\":{\"etcd_x\":1}}",
	  "ipam.etcd_*" },
	{ { "a.b.c.d.e.f.g.h" },
	  { NULL },
	  "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":1}}}}}}},"
	  "\"kubeconfig\":1}",
	  "kubeconfig" },
	{ { "a.b.c.d.e.f.g.h" },
	  { NULL },
	  "{\"ipam\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{"
	  "\"h\":1}}}}}}}}}",
	  "ipam.a.b.c.d.e.f.g.h" },
	/* Declared keys, from each netconf and ipam. */
	{ { NULL }, { "server" }, "{\"Server\":1}", "server" },
	{ { NULL },
	  { "server" },
	  "{\"delegate\":{\"server\":1}}",
	  "delegate.server" },
	{ { NULL }, { "server" }, "{\"ipam\":{\"server\":1}}", "ipam.server" },
	{ { NULL }, { "server" }, "{\"x\":{\"server\":1}}", "" },
	{ { NULL }, { "server" }, "{\"prevResult\":{\"server\":1}}", "" },
	{ { NULL }, { "server" }, "{\"policy\":{\"server\":1}}", "" },
	{ { NULL }, { "ipam.server" }, "{\"server\":1,\"x\":1}", "" },
	{ { NULL },
	  { "ipam.server" },
	  "{\"delegate\":{\"ipam\":{\"server\":1}}}",
	  "delegate.ipam.server" },
	{ { NULL },
	  { "x", "api.url*" },
	  "{\"api\":{\"x\":1,\"urls\":1}}",
	  "api.url*" },
	{ { NULL }, { "api*.url" }, "{\"apis\":{\"url\":1}}", "api*.url" },
	{ { NULL }, { "api.url" }, "{\"api\":\"url\",\"url\":1}", "" },
	{ { NULL }, { "api.url" }, "{\"api\":[{\"url\":1}]}", "" },
	{ { NULL },
	  { "api.url", "db.file" },
	  "{\"api\":{\"file\":1},\"db\":{\"url\":1}}",
	  "" },
	{ { NULL }, { "delegate" }, "{\"delegate\":{}}", "delegate" },
	{ { NULL },
	  { "delegate.url" },
	  "{\"url\":1,\"delegate\":{\"delegate\":{\"url\":1}}}",
	  "delegate.delegate.url" },
	{ { NULL },
	  { "delegate*.url" },
	  "{\"delegate\":{\"url\":1}}",
	  "delegate.url" },
	{ { NULL },
	  { "policy.url" },
	  "{\"policy\":{\"url\":1}}",
	  "policy.url" },
	{ { NULL }, { "x" }, "{\"kubeconfig\":1}", "kubeconfig" },
	/* Both. */
	{ { "api.file" }, { "api" }, "{\"api\":{\"file\":1}}", "" },
	{ { "api.file" },
	  { "api" },
	  "{\"api\":{\"file\":1,\"url\":1}}",
	  "api.*" },
	{ { "api.file" }, { "api" }, "{\"ipam\":{\"api\":1}}", "ipam.api" },
	{ { "api.file" }, { "api.url" }, "{\"api\":{\"x\":1}}", "" },
	{ { "api.file" },
	  { "api.url" },
	  "{\"api\":{\"file\":1,\"url\":1}}",
	  "api.url" },
	{ { "server" }, { "server" }, "{\"server\":1}", "" },
	{ { "delegate.file" },
	  { "delegate" },
	  "{\"delegate\":{\"file\":1}}",
	  "" },
	{ { "delegate.file" },
	  { "delegate" },
	  "{\"delegate\":{\"type\":1}}",
	  "delegate.*" },
};

static struct config_strings strings(const char *const list[3])
{
	struct config_strings s = { (const char **)list, 0 };

	while (s.count < 3 && list[s.count] != NULL)
		s.count++;
	return s;
}

static void heeds_the_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(with_rule); i++) {
		const char *doc = with_rule[i].doc;
		struct config_kubeconfig kubeconfig = {
			.config_keys = strings(with_rule[i].served),
		};
		struct config_rule rule = {
			.kubeconfig = &kubeconfig,
			.credential_keys = strings(with_rule[i].declared),
		};
		struct err e = ERR_INIT;
		struct netconf n;

		if (kubeconfig.config_keys.count == 0)
			rule.kubeconfig = NULL;
		if (netconf_read(doc, strlen(doc), &rule, &n, &e) < 0)
			fail_msg("%s: %s", doc, e.msg);
		if (strcmp(n.choice, with_rule[i].choice) != 0)
			fail_msg("%s: '%s'", doc, n.choice);
	}
}

/* Nothing is served and nothing declared: all is as without a rule. */
static void finds_the_same_with_an_empty_rule(void **state)
{
	struct config_kubeconfig kubeconfig = { .context_name = "x" };
	struct config_rule rule = { .kubeconfig = &kubeconfig };

	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct err e = ERR_INIT;
		struct netconf n;

		assert_int_equal(netconf_read(choices[i].doc,
					      strlen(choices[i].doc), &rule,
					      &n, &e),
				 0);
		assert_string_equal(n.choice, choices[i].choice);
	}
}

static void says_where_the_choice_is(void **state)
{
	static const char doc[] = "{\n\t\"ipam\": {\n\t\t\"type\": \"x\",\n"
				  "\t\t\"KUBERNETES\": {}\n\t}\n}";
	struct err e = ERR_INIT;
	struct netconf n;

	(void)state;
	assert_int_equal(netconf_read(doc, strlen(doc), NULL, &n, &e), 0);
	assert_int_equal(n.choice_line, 4);
	assert_int_equal(n.choice_column, 3);
}

static void follows_delegates_to_any_depth(void **state)
{
	const unsigned levels = 5000;
	static char doc[5000 * 14 + 64];
	struct err e = ERR_INIT;
	struct netconf n;
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < levels; i++)
		len += (size_t)sprintf(doc + len, "{\"delegate\":");
	len += (size_t)sprintf(doc + len, "{\"kubeconfig\":1}");
	for (unsigned i = 0; i < levels; i++)
		doc[len++] = '}';
	assert_int_equal(netconf_read(doc, len, NULL, &n, &e), 0);
	assert_int_equal(strlen(n.choice), sizeof(n.choice) - 1);
	assert_memory_equal(n.choice, "delegate.delegate.", 18);
	assert_int_equal(n.choice_column, levels * 12 + 2);
}

static const struct {
	const char *doc;
	const char *version;
} versions[] = {
	{ "{\"cniVersion\":\"1.1.0\"}", "1.1.0" },
	{ "{\"CNIVERSION\":\"0.4.0\"}", "0.4.0" },
	{ "{\"cniVersion\":\"1.0.0\",\"cniVersion\":\"0.3.1\"}", "0.3.1" },
	{ "{\"cniVersion\":\"1.0.0\",\"cniVersion\":7}", "" },
	{ "{\"cniVersion\":\"1.0.0\",\"cniVersion\":\"x\"}", "" },
	{ "{\"cniVersion\":\"123456789.12345\"}", "123456789.12345" },
	{ "{\"cniVersion\":\"123456789.123456\"}", "" },
	{ "{\"cniVersion\":\"1.0\\u0000\"}", "" },
	{ "{\"cniVersion\":\"1.0\\\"\"}", "" },
	{ "{\"cniVersion\":\"\"}", "" },
	{ "{\"cniVersion\":null}", "" },
	{ "{\"cniVersion\":{\"cniVersion\":\"1.0.0\"}}", "" },
	{ "{\"ipam\":{\"cniVersion\":\"1.0.0\"}}", "" },
	{ "{}", "" },
};

static void reads_the_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(versions); i++) {
		struct err e = ERR_INIT;
		struct netconf n;

		assert_int_equal(netconf_read(versions[i].doc,
					      strlen(versions[i].doc), NULL,
					      &n, &e),
				 0);
		assert_string_equal(n.cni_version, versions[i].version);
	}
}

static const struct {
	const char *doc;
	const char *msg;
} refused[] = {
	{ "", "correct the network configuration: line 1, column 1: "
	      "expected a value, found the end" },
	{ "{\"kubeconfig\":1,\n}",
	  "correct the network configuration: line 2, column 1: "
	  "expected a key in double quotes, found '}'" },
	{ "{} x", "correct the network configuration: line 1, column 4: "
		  "expected nothing more, found 'x'" },
	{ "\n [{}]", "correct the network configuration: line 2, column 2: "
		     "expected an object" },
	{ "null", "correct the network configuration: line 1, column 1: "
		  "expected an object" },
	{ "\"{}\"", "correct the network configuration: line 1, column 1: "
		    "expected an object" },
};

static void refuses_what_is_no_object(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct err e = ERR_INIT;
		struct netconf n;

		assert_int_equal(netconf_read(refused[i].doc,
					      strlen(refused[i].doc), NULL,
					      &n, &e),
				 -1);
		assert_int_equal(e.code, DC_CODE_UNSAFE_REQUEST);
		assert_string_equal(e.msg, refused[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_choices),
		cmocka_unit_test(heeds_the_rule),
		cmocka_unit_test(finds_the_same_with_an_empty_rule),
		cmocka_unit_test(says_where_the_choice_is),
		cmocka_unit_test(follows_delegates_to_any_depth),
		cmocka_unit_test(reads_the_version),
		cmocka_unit_test(refuses_what_is_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
