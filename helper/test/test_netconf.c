// SPDX-License-Identifier: Apache-2.0
/* What a network definition may say, and what it must not be able to do. */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- what the helper cannot read, and what it must not mind -------------- */

static const char *const unreadable[] = {
	"{\"type\":\"userspace\"",
	"{\"type\":\"userspace\",",
	"{\"type\":\"userspace\"}}",
	"{\"type\":\"userspace\"} x",
	"{'type':'userspace'}",
	"[]",
	"\"text\"",
	"{\"a\":01}",
	"{\"a\":\"\x01\"}",
	"\xef\xbb\xbf{}",
	" ",
	"garbage",
};

static void unreadable_is_refused(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran; try cat " DC_SA "/token" };
	struct job j;

	for (size_t i = 0; i < 2 * (sizeof(unreadable) / sizeof(char *)); i++) {
		c.netconf = unreadable[i / 2];
		c.command = i % 2 ? "CHECK" : "ADD";
		job_run(w, &c, &j);
		expect_error_says(&j, DC_CODE_UNSAFE_REQUEST, "line 1, column");
		job_free(&j);
	}
	world_check(w);
}

static void unreadable_runs_without(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "try cat " DC_SA "/token; echo" };
	struct job j;

	for (size_t i = 0; i < 2 * (sizeof(unreadable) / sizeof(char *)); i++) {
		c.netconf = unreadable[i / 2];
		c.command = i % 2 ? "GC" : "DEL";
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_out(&j, "cat ENOENT\n");
		assert_string_equal(j.out.buf + strlen("cat ENOENT\n"),
				    c.netconf);
		expect_source(&j, "none");
		assert_true(report_fallback_says(&j, "line 1, column"));
		job_free(&j);
	}
	world_check(w);
}

/* The daemon died while it wrote: looks like an end of file. */
static void nothing_at_all_is_unreadable(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "print ran", .netconf = "\n" };
	struct job j;

	job_run(w, &c, &j);
	expect_error(&j, DC_CODE_UNSAFE_REQUEST);
	job_free(&j);
	world_check(w);
}

static void lenient_as_go_byte_for_byte(void **state)
{
	static const char *const netconfs[] = {
		"{\"type\":\"userspace\",\"a\":1e400,\"b\":18446744073709551616}",
		"{\"type\":\"userspace\",\"c\":\"\\u0000\\ud800\",\"n\":-0.0e-0}",
		"{\"type\":\"userspace\",\"d\":\"\xff\xfe\xc0\x80\",\"\":[]}",
		"{\"type\":\"x\",\"type\":\"userspace\",\"a\":1.50,\"a\":2}",
		" \t\r\n{\"type\" : \"userspace\" }\n\n",
	};
	struct world *w = *state;
	struct call c = { .script = "cat " DC_SA "/namespace; echo" };
	const size_t skip = strlen("kube-system\n");
	struct job j;

	for (size_t i = 0; i < sizeof(netconfs) / sizeof(char *); i++) {
		c.netconf = netconfs[i];
		job_run(w, &c, &j);
		expect_ok(&j);
		expect_source(&j, "directory");
		assert_string_equal(j.out.buf + skip, c.netconf);
		job_free(&j);
	}
	world_check(w);
}

static void stdin_is_sealed(void **state)
{
	struct world *w = *state;
	struct call c = { .script = "try write-stdin; echo",
			  .netconf = "{\"type\":\"userspace\"}" };
	struct job j;

	job_run(w, &c, &j);
	expect_ok(&j);
	assert_string_equal(j.out.buf,
			    "write-stdin EPERM\n{\"type\":\"userspace\"}");
	job_free(&j);
}

/* --- a tenant's own server ------------------------------------------------ */

#define KUBECONFIG "\"/etc/tenant/kubeconfig\""
#define SERVER "\"https://127.0.0.1:%d\""

/* Each is what stands behind {"type":"userspace", */
static const char *const choices[] = {
	"\"kubeconfig\":" KUBECONFIG,
	"\"KubeConfig\":" KUBECONFIG,
	"\"KUBECONFIG\":" KUBECONFIG,
	"\"\xe2\x84\xaau" "beconfig\":" KUBECONFIG, /* U+212A */
	"\"\\u212aubeconfig\":" KUBECONFIG,
	"\"kube\\u0063onfig\":" KUBECONFIG,
	"\"\\u006b\\u0075beconfig\":" KUBECONFIG,
	"\"kubeconfig\":\"\",\"kubeconfig\":" KUBECONFIG,
	"\"kubeconfig\":" KUBECONFIG ",\"kubeconfig\":\"\"",
	"\"kubernetes\":{\"kubeconfig\":" KUBECONFIG "}",
	"\"kubernetes\":{\"k8s_api_root\":" SERVER "}",
	"\"kuberneteS\":{\"K8S_API_ROOT\":" SERVER "}",
	"\"kubernete\xc5\xbf\":{\"kubeconfig\":" KUBECONFIG "}", /* U+017F */
	"\"\\u212aubernete\\u017f\":{\"kubeconfig\":" KUBECONFIG "}",
	"\"ipam\":{\"kubernetes\":{\"kubeconfig\":" KUBECONFIG "}}",
	"\"IPAM\":{\"Kubernetes\":{\"kubeconfig\":" KUBECONFIG "}}",
	"\"ipam\":{\"configuration_path\":" KUBECONFIG "}",
	"\"ipam\":{},\"ipam\":{\"kubernetes\":{\"kubeconfig\":" KUBECONFIG
	"}}",
	"\"ipam\":{\"kubeconfig\":" KUBECONFIG "}",
	"\"delegate\":{\"kubeconfig\":" KUBECONFIG "}",
	"\"delegate\":{\"ipam\":{\"kubernetes\":{\"kubeconfig\":" KUBECONFIG
	"}}}",
	"\"delegate\":{\"delegate\":{\"kubeconfig\":" KUBECONFIG "}}",
	"\"delegate\":{\"delegate\":{\"delegate\":{\"ipam\":"
	"{\"configuration_path\":" KUBECONFIG "}}}}",
	"\"policy\":{\"type\":\"k8s\",\"k8s_api_root\":" SERVER "}",
	"\"policy\":{\"k8s_auth_token\":\"\",\"k8s_api_root\":" SERVER "}",
	"\"etcd_endpoints\":" SERVER,
	"\"Etcd_Endpoints\":" SERVER,
	"\"cni_net_dir\":\"/etc/tenant\",\"x\":" KUBECONFIG,
	"\"cni_agent_run_dir\":\"/etc/tenant\",\"x\":" KUBECONFIG,
	"\"prevResult\":{},\"args\":{},\"kubeconfig\":" KUBECONFIG,
};

/* Where no plugin takes a server from: these get the credential. */
static const char *const no_choices[] = {
	"\"prevResult\":{\"kubeconfig\":" KUBECONFIG "}",
	"\"args\":{\"cni\":{\"kubeconfig\":" KUBECONFIG "}}",
	"\"name\":" KUBECONFIG,
	"\"kubeconfigs\":" KUBECONFIG,
	"\"x\":[{\"kubeconfig\":" KUBECONFIG "}]",
};

static int listener(int *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_return_code(fd, errno);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_return_code(bind(fd, (struct sockaddr *)&a, len), errno);
	assert_return_code(listen(fd, 16), errno);
	assert_return_code(getsockname(fd, (struct sockaddr *)&a, &len), errno);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

/* What the tenant got; "" where nobody came. The clients have ended. */
static void heard(int fd, char *out, size_t size)
{
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n = 0;

	if (c >= 0) {
		n = read(c, out, size - 1);
		close(c);
	}
	out[n > 0 ? n : 0] = '\0';
}

static void tenant(struct world *w, const char *rest, int port, char *conf)
{
	char format[1024];

	host_do(w,
		"put /etc/tenant/kubeconfig "
		"{server:https://127.0.0.1:%d,tokenFile:%s/token}",
		port, DC_SA);
	snprintf(format, sizeof(format),
		 "{\"cniVersion\":\"1.0.0\",\"type\":\"userspace\",%s}", rest);
	/* The only conversion in the table is SERVER's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(conf, 1024, format, port);
#pragma GCC diagnostic pop
}

static void run_tenant(struct world *w, const char *rest, const char *command,
		       const char *source, bool hears)
{
	struct call c = { .command = command, .script = "client" };
	char conf[1024], got[4096];
	int port, fd = listener(&port);
	struct job j;

	tenant(w, rest, port, conf);
	c.netconf = conf;
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_source(&j, source);
	heard(fd, got, sizeof(got));
	if (!strstr(got, "Bearer"))
		fail_msg("nobody came: %s", conf);
	if (!!strstr(got, w->token) != hears)
		fail_msg("%s: heard %s", conf, got);
	job_free(&j);
	close(fd);
}

static struct world_options unchecked = { .helper = "unchecked" };

/* With a helper that does not look, a tenant's server gets the token. */
static void the_check_is_what_keeps_it(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(choices) / sizeof(char *); i++)
		run_tenant(w, choices[i], "ADD", "directory", true);
	world_check(w);
}

static void tenant_never_hears_a_token(void **state)
{
	static const char *const commands[] = { "ADD", "DEL" };

	for (size_t i = 0; i < 2 * (sizeof(choices) / sizeof(char *)); i++)
		run_tenant(*state, choices[i / 2], commands[i % 2], "conf",
			   false);
	world_check(*state);
}

static void other_places_are_no_choice(void **state)
{
	for (size_t i = 0; i < sizeof(no_choices) / sizeof(char *); i++)
		run_tenant(*state, no_choices[i], "ADD", "directory", true);
	world_check(*state);
}

/* The same where a rule has the word. */
static void run_tenant_by_rule(struct world *w, const char *rest,
			       const char *source)
{
	struct call c = { .config = WORLD_CONFIG, .script = "try client" };
	char conf[1024], got[4096];
	int port, fd = listener(&port);
	struct job j;

	tenant(w, rest, port, conf);
	c.netconf = conf;
	job_run(w, &c, &j);
	expect_ok(&j);
	if (source)
		expect_source(&j, source);
	assert_string_equal(report_text(&j, "rule"), "userspace");
	heard(fd, got, sizeof(got));
	if (strstr(got, w->token))
		fail_msg("%s: heard %s", conf, got);
	job_free(&j);
	close(fd);
}

static void no_rule_lets_a_tenant_hear_a_token(void **state)
{
	struct world *w = *state;

	store_prepare(w, PLAIN_CONFIG);
	for (size_t i = 0; i < sizeof(choices) / sizeof(char *); i++)
		run_tenant_by_rule(w, choices[i], "conf");
	world_check(w);
}

/* A key that the rule serves is ours; whatever else is chosen is not. */
static void served_keys_are_replaced(void **state)
{
	static const char config[] = CONFIG_OF(RULE(
		"userspace", MATCH_USERSPACE,
		DELIVER_ACCOUNT
		",\"kubeconfig\":{\"configKeys\":[\"kubeconfig\","
		"\"kubernetes.kubeconfig\",\"ipam.kubernetes.kubeconfig\"]}"));
	static const char *const served[] = {
		"\"KubeConfig\":" KUBECONFIG,
		"\"\\u212aubeconfig\":" KUBECONFIG,
		"\"kubeconfig\":\"\",\"kubeconfig\":" KUBECONFIG,
		"\"kubernetes\":{\"kubeconfig\":" KUBECONFIG "}",
		"\"ipam\":{},\"ipam\":{\"kubernetes\":{\"kubeconfig\":"
		KUBECONFIG "}}",
	};
	static const char *const not_served[] = {
		"\"kubernetes\":{\"k8s_api_root\":" SERVER "}",
		"\"kubeconfig\":\"\",\"kubernetes\":{\"k8s_api_root\":" SERVER
		"}",
		"\"delegate\":{\"kubeconfig\":" KUBECONFIG "}",
		"\"ipam\":{\"kubeconfig\":" KUBECONFIG "}",
	};
	struct world *w = *state;

	store_prepare(w, config);
	for (size_t i = 0; i < sizeof(choices) / sizeof(char *); i++)
		run_tenant_by_rule(w, choices[i], NULL);
	for (size_t i = 0; i < sizeof(served) / sizeof(char *); i++)
		run_tenant_by_rule(w, served[i], "store");
	for (size_t i = 0; i < sizeof(not_served) / sizeof(char *); i++)
		run_tenant_by_rule(w, not_served[i], "conf");
	world_check(w);
}

/* 70 kB that would become 0.6 MB, and more the more keys a rule has. */
static void duplicates_are_not_multiplied(void **state)
{
	static const char config[] = CONFIG_OF(RULE(
		"userspace", MATCH_USERSPACE,
		DELIVER_ACCOUNT ",\"kubeconfig\":{\"configKeys\":["
				"\"ipam.kubernetes.kubeconfig\"]}"));
	struct world *w = *state;
	struct call c = { .config = WORLD_CONFIG,
			  .script = "print ran; try cat " DC_SA "/token" };
	char *conf = NULL;
	size_t len;
	FILE *f = open_memstream(&conf, &len);
	struct job j;

	assert_non_null(f);
	fputs("{\"cniVersion\":\"1.0.0\",\"name\":\"net\",", f);
	for (int i = 0; i < 7000; i++)
		fputs("\"ipam\":{},", f);
	fputs("\"type\":\"userspace\"}", f);
	assert_int_equal(fclose(f), 0);
	c.netconf = conf;
	store_prepare(w, config);
	job_run(w, &c, &j);
	expect_error_says(&j, DC_CODE_UNSAFE_REQUEST, "take duplicate keys out");
	expect_no_out(&j, "ran\n");
	job_free(&j);
	c.command = "DEL";
	job_run(w, &c, &j);
	expect_ok(&j);
	expect_out(&j, "ran\ncat ENOENT\n");
	assert_true(report_fallback_says(&j, "take duplicate keys out"));
	job_free(&j);
	free(conf);
	world_check(w);
}

/* A network namespace of the tests', so that nobody else can listen. */
static int own_network(void **state)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	(void)state;
	assert_return_code(unshare(CLONE_NEWNET), errno);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_return_code(fd, errno);
	assert_return_code(ioctl(fd, SIOCSIFFLAGS, &lo), errno);
	return close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(unreadable_is_refused),
		WORLD_TEST(unreadable_runs_without),
		WORLD_TEST(nothing_at_all_is_unreadable),
		WORLD_TEST(lenient_as_go_byte_for_byte),
		WORLD_TEST(stdin_is_sealed),
		WORLD_TEST_IN("the_check_is_what_keeps_it",
			      the_check_is_what_keeps_it, &unchecked),
		WORLD_TEST(tenant_never_hears_a_token),
		WORLD_TEST(other_places_are_no_choice),
		WORLD_TEST(no_rule_lets_a_tenant_hear_a_token),
		WORLD_TEST(served_keys_are_replaced),
		WORLD_TEST(duplicates_are_not_multiplied),
	};

	return cmocka_run_group_tests_name("netconf", tests, own_network, NULL);
}
