/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call that can fail does so once: no crash, and either a failure that
 * says why or a result as good as ever.
 */
#include "faults_test.h"

#include "../common/plan.h"
#include "answer.h"
#include "api.h"
#include "bootstrap.h"
#include "clientconfig.h"
#include "command.h"
#include "configfile.h"
#include "confine.h"
#include "exec_credential.h"
#include "rbacyaml.h"
#include "request.h"
#include "roster.h"
#include "session.h"
#include "upkeep.h"
#include "watch.h"
#include "wipe.h"

#define DOCUMENT                                                               \
	"{\"apiVersion\":\"credentials.k8s.cni.cncf.io/v1alpha1\","            \
	"\"kind\":\"DelegateCredentialConfig\",\"rules\":[{\"name\":\"r\","    \
	"\"matchPlugins\":[\"p\"],\"matchNamespaces\":[\"*\"],\"sources\":["   \
	"{\"serviceAccountToken\":{\"namespace\":\"kube-system\","             \
	"\"serviceAccountName\":\"userspace-cni\",\"path\":\"token\"}},"       \
	"{\"configMap\":{\"namespace\":\"kube-system\",\"name\":\"ca\","       \
	"\"items\":[{\"key\":\"ca.crt\",\"path\":\"ca.crt\"}]}}],"             \
	"\"deliver\":{\"serviceAccountDirectory\":true,\"kubeconfig\":"        \
	"{\"configKeys\":[\"ipam.kubeconfig\"]},\"env\":[{\"name\":\"A\","     \
	"\"value\":\"$(KUBECONFIG_PATH)\"}]},\"needs\":[{\"apiGroups\":"       \
	"[\"\"],\"resources\":[\"pods\"],\"verbs\":[\"get\"]}]}]}"
#define KUBECONFIG                                                             \
	"apiVersion: v1\nkind: Config\ncurrent-context: \"c\"\nclusters:\n"    \
	"- name: c\n  cluster:\n    server: https://127.0.0.1:1\n"             \
	"    certificate-authority: ca.crt\nusers:\n- name: u\n  user:\n"      \
	"    tokenFile: token\n    client-certificate: c.crt\n"                \
	"    client-key: c.key\ncontexts:\n- name: c\n  context:\n"            \
	"    cluster: c\n    user: u\n"

static char dir[] = "/dev/shm/faults_test.XXXXXX";
static char config_file[64], kubeconfig[64], token_file[64];

static const struct bootstrap nobody = {
	.server = (char *)"https://127.0.0.1:1",
	.ca_file = kubeconfig,
	.token_file = token_file,
};

static const struct session_options session_options = {
	.config = config_file,
	.store = dir,
	.kubeconfig = kubeconfig,
	.node_name = "node",
};

static struct config config;

static void prepare(void)
{
}

static void read_the_configuration(void)
{
	static struct config_mistakes mistakes;
	struct config c;

	if (!over_with_reason(configfile_read(config_file, &c, &mistakes,
					      &err)))
		return;
	need(c.rule_count == 1 && c.rules[0].source_count == 2 &&
		     c.rules[0].env_count == 1 && c.rules[0].need_count == 1,
	     "read wrongly");
}

static int print_roles(char **ret)
{
	static const struct rbac_account sidecar = { "kube-system", "multus" };
	size_t len;
	FILE *f = __real_open_memstream(ret, &len);
	int failed;

	need(f, "no memory");
	failed = rbacyaml_print(f, &config, &sidecar, &err);
	need(fclose(f) == 0, "no memory");
	return failed;
}

static void print_the_roles(void)
{
	char *some, *all;

	if (!over(print_roles(&some)))
		return;
	need(print_roles(&all) == 0 && !strcmp(some, all), "printed in part");
}

static void plan_a_run(void)
{
	static const struct netconf netconf;
	const struct plan_facts facts = { .command = CNI_ADD,
					  .rule = config.rules,
					  .store = "/store",
					  .api_host = "10.0.0.1",
					  .api_port = "443",
					  .netconf = &netconf };
	struct report report = { .exit_status = -1 };
	struct arena arena = { NULL };
	struct plan plan;

	if (!over(plan_make(&facts, &arena, &plan, &report, &err)))
		return;
	need(plan.ops[plan.count - 1].kind == PLAN_RUN, "planned wrongly");
	for (size_t i = 0; i < plan.count; i++)
		need(plan.ops[i].kind != PLAN_FILE ||
			     (plan.ops[i].text && strstr(plan.ops[i].text, "/")),
		     "a file without content");
	need(plan_find(&plan, PLAN_BIND) && plan_find(&plan, PLAN_FILE) &&
		     plan_find(&plan, PLAN_ENV),
	     "planned in part");
}

static void keep_a_roster(void)
{
	const struct schedule_clock now = { .wall = 1 };
	struct roster roster = { .count = 0 };

	if (roster_adopt(&roster, &config, "node", &now) == 0)
		need(roster.count == 1 && roster.entries, "kept in part");
	else
		need(*burnt, "not kept");
}

static void find_the_server(void)
{
	struct bootstrap b = { 0 };

	if (over(bootstrap_find(kubeconfig, &b, &err)))
		need(b.server && b.ca_file && b.token_file &&
			     b.client_certificate && b.client_key,
		     "read in part");
}

static void find_the_cluster(void)
{
	struct bootstrap b = { 0 };

	if (over(clientconfig_in_cluster("10.0.0.1", "443", &b, &err)))
		need(b.server && b.ca_file && b.token_file, "read in part");
}

/* Without a single one of its options it is not what it has to be. */
static void open_the_client(void)
{
	struct api *api = api_open(&nobody, &err);

	over(api ? 0 : -1);
	need(!api == *burnt, "an option is missing");
}

/* It is not asked unless all is right; libcurl can do without some memory. */
static void ask_a_server(void)
{
	const long n = fuse;
	struct api_answer answer;
	struct api *api;

	fuse = 0;
	api = api_open(&nobody, &err);
	need(api, "no client");
	fuse = n;
	need(api_request(api, "/api", NULL, &answer, &err) < 0, "an answer");
	need(err.code && err.msg[0], "no reason is given");
	need(!culprit || strncmp(culprit, "curl_", 5) ||
		     strstr(err.msg, "memory"),
	     "it was asked anyway");
}

/* Without a server it cannot succeed; that, or what failed, is noted. */
static void fetch_a_rule(void)
{
	const long n = fuse;
	struct fetch_result result;
	struct session s;
	int lock;

	fuse = 0;
	need(session_open(&session_options, &s, &err) == 0, "no session");
	/* Which removes what the attempt before left behind. */
	need(store_lock(&s.store, "r", true, &lock, &err) == 0, "no lock");
	fuse = n;
	fetch_rule(&s.fetch, config.rules, &result);
	err = result.err;
	need(result.outcome != FETCH_DONE, "it is done");
	need(err.code && err.msg[0], "no reason is given");
	need(!culprit || strcmp(culprit, "calloc") || strstr(err.msg, "server") ||
		     strstr(err.msg, "memory"),
	     "another reason is given");
	need(!culprit || strcmp(culprit, "renameat") ||
		     strstr(err.msg, "nor could this be noted"),
	     "a failure is ignored");
}

static void hear(const char *line)
{
	need(!strstr(line, "mistake"), "the configuration is blamed");
}

/* It is in force whole, or not at all. */
static void load_a_configuration(void)
{
	const struct schedule_clock now = { .wall = 1 };
	struct upkeep u = { .options = session_options, .say = hear };
	const long n = fuse;

	fuse = 0;
	need(upkeep_open(&u, &err) == 0, "no session");
	fuse = n;
	upkeep_load(&u, &now);
	need(u.in_force == (u.roster.count == 1), "in force in part");
	need(u.in_force || *burnt, "not in force");
}

static void make_a_request(void)
{
	char *body = NULL;
	const struct config_token *t = config_rule_token(config.rules);

	wipe_json();
	if (over(request_token_body(t, "node", &body, &err)))
		need(strstr(body, "expirationSeconds"), "made in part");
}

/* Without escapes: jansson loses a byte without a word, which may be a quote. */
static void take_a_config_map(void)
{
	static const char body[] =
		"{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":"
		"{\"name\":\"ca\",\"namespace\":\"kube-system\"},"
		"\"data\":{\"ca.crt\":\"-----BEGIN CERTIFICATE-----"
		"-----END CERTIFICATE-----\"}}";
	const struct config_config_map *m = &config.rules->sources[1].config_map;
	char *values[1] = { NULL };

	wipe_json();
	if (over(answer_config_map(body, strlen(body), m, values, &err)))
		need(values[0] && strstr(values[0], "BEGIN"), "taken in part");
}

/* An expiry long gone: what is done with such a token is not for here. */
static void take_a_token(void)
{
	static const char body[] =
		"{\"kind\":\"TokenRequest\",\"apiVersion\":"
		"\"authentication.k8s.io/v1\",\"status\":{\"token\":"
		"\"eyJhbGciOiJFUzI1NiJ9."
		"eyJhdWQiOlsiYSIsImIiXSwiZXhwIjoxNzY0MDcwODM3LCJpYXQiOjE3NjQw"
		"NjcyMzAsImp0aSI6ImotMSIsInN1YiI6InN5c3RlbTpzZXJ2aWNlYWNjb3Vu"
		"dDpuczpzYSJ9."
		"czNjcmV0c2lnbmF0dXJlczNjcmV0c2lnbmF0dXJlczNjcmV0c2lnbmF0dXJl"
		"czNjcmV0c2lnbmF0dXJlMTIzNA\",\"expirationTimestamp\":"
		"\"2025-11-25T11:40:37Z\"}}";
	const struct config_token account = { .namespace = "ns",
					      .service_account_name = "sa" };
	struct answer_token t = { 0 };

	wipe_json();
	if (over(answer_token(body, strlen(body), &account, 1764067237, &t,
			      &err)))
		need(t.token && strlen(t.token) == t.token_len &&
			     t.expires == 1764070837,
		     "taken in part");
}

static void format_a_credential(void)
{
	char *text;

	wipe_json();
	text = exec_credential_format("t", 4000000000, &err);
	if (over(text ? 0 : -1))
		need(strstr(text, "\"t\"") && strstr(text, "2096"), "in part");
}

static void open_a_session(void)
{
	struct session s;

	if (over(session_open(&session_options, &s, &err)))
		need(s.fetch.api && s.store.fd >= 0, "open in part");
}

/* What it prints where a plan cannot be made is not for here. */
static void explain_a_rule(void)
{
	char option[80];
	char *argv[] = { (char *)"explain", (char *)"p", option,
			 (char *)"--namespace=n", NULL };
	int status;

	sprintf(option, "--config=%s", config_file);
	need(freopen("/dev/null", "w", stdout) && dup2(1, 2) == 2, "no file");
	status = command_explain(4, argv);
	if (status == 0)
		need(!culprit || strcmp(culprit, "open_memstream"), "in part");
	else
		need(*burnt, "it fails by itself");
}

static void watch_a_file(void)
{
	struct watch w = { -1 };

	need(over_with_reason(watch_open(config_file, &w, &err)) == (w.fd >= 0),
	     "not watched");
}

/* Not one of them may be left out in silence. */
static void give_up_privileges(void)
{
	int failed;

	if (geteuid() == 0)
		need(setgid(DC_STORE_UID) == 0 && setuid(DC_STORE_UID) == 0,
		     "still root");
	failed = !over(confine_privileges(&err));
	need(failed == *burnt, "not confined");
}

static void give_up_calls(void)
{
	need(!over(confine_calls(&err)) == *burnt, "not confined");
}

static int write_file(char *ret, const char *name, const char *text)
{
	FILE *f;

	sprintf(ret, "%s/%s", dir, name);
	f = fopen(ret, "w");
	return f && fputs(text, f) >= 0 ? fclose(f) : -1;
}

static int set_up(void **state)
{
	static struct config_mistakes mistakes;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	return write_file(config_file, "config.json", DOCUMENT) ||
	       write_file(kubeconfig, "kubeconfig", KUBECONFIG) ||
	       write_file(token_file, "token", "t\n") ||
	       config_decode(DOCUMENT, strlen(DOCUMENT), &config, &mistakes);
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	config_free(&config);
	sprintf(command, "rm -rf -- %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATTEMPT(read_the_configuration),
		ATTEMPT(print_the_roles),
		ATTEMPT(plan_a_run),
		ATTEMPT(keep_a_roster),
		ATTEMPT(find_the_server),
		ATTEMPT(find_the_cluster),
		ATTEMPT(open_the_client),
		ATTEMPT(ask_a_server),
		ATTEMPT(fetch_a_rule),
		ATTEMPT(load_a_configuration),
		ATTEMPT(make_a_request),
		ATTEMPT(take_a_config_map),
		ATTEMPT(take_a_token),
		ATTEMPT(format_a_credential),
		ATTEMPT(open_a_session),
		ATTEMPT(explain_a_rule),
		ATTEMPT(watch_a_file),
		ATTEMPT(give_up_privileges),
		ATTEMPT(give_up_calls),
	};

	return cmocka_run_group_tests_name("faults", tests, set_up, tear_down);
}
