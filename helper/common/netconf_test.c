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

		if (netconf_read(choices[i].doc, strlen(choices[i].doc), &n,
				 &e) < 0)
			fail_msg("%s: %s", choices[i].doc, e.msg);
		if (strcmp(n.choice, choices[i].choice) != 0)
			fail_msg("%s: '%s'", choices[i].doc, n.choice);
	}
}

static void says_where_the_choice_is(void **state)
{
	static const char doc[] = "{\n\t\"ipam\": {\n\t\t\"type\": \"x\",\n"
				  "\t\t\"KUBERNETES\": {}\n\t}\n}";
	struct err e = ERR_INIT;
	struct netconf n;

	(void)state;
	assert_int_equal(netconf_read(doc, strlen(doc), &n, &e), 0);
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
	assert_int_equal(netconf_read(doc, len, &n, &e), 0);
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
					      strlen(versions[i].doc), &n, &e),
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
					      strlen(refused[i].doc), &n, &e),
				 -1);
		assert_int_equal(e.code, DC_CODE_UNSAFE_REQUEST);
		assert_string_equal(e.msg, refused[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_choices),
		cmocka_unit_test(says_where_the_choice_is),
		cmocka_unit_test(follows_delegates_to_any_depth),
		cmocka_unit_test(reads_the_version),
		cmocka_unit_test(refuses_what_is_no_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
