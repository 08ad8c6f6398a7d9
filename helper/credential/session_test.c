/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "session.h"

static char dir[64];
static char kubeconfig[128];

#define KUBECONFIG(server)                                                     \
	"apiVersion: v1\n"                                                     \
	"kind: Config\n"                                                       \
	"current-context: c\n"                                                 \
	"clusters:\n"                                                          \
	"- name: c\n"                                                          \
	"  cluster:\n"                                                         \
	"    server: " server "\n"                                             \
	"    certificate-authority: ca.crt\n"                                  \
	"users:\n"                                                             \
	"- name: u\n"                                                          \
	"  user:\n"                                                            \
	"    tokenFile: token\n"                                               \
	"contexts:\n"                                                          \
	"- name: c\n"                                                          \
	"  context:\n"                                                         \
	"    cluster: c\n"                                                     \
	"    user: u\n"

/* In place of the one before, to another inode. */
static int write_kubeconfig(const char *text)
{
	char next[160];
	FILE *f;

	snprintf(next, sizeof(next), "%s.next", kubeconfig);
	f = fopen(next, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		return -1;
	return rename(next, kubeconfig);
}

static int set_up(void **state)
{
	(void)state;
	unsetenv("NODE_NAME");
	strcpy(dir, "/tmp/session_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(kubeconfig, sizeof(kubeconfig), "%s/kubeconfig", dir);
	return write_kubeconfig(KUBECONFIG("https://127.0.0.1:1"));
}

static int tear_down(void **state)
{
	(void)state;
	unlink(kubeconfig);
	return rmdir(dir);
}

static struct session_options good(void)
{
	struct session_options o = { .config = "config.json",
				     .store = dir,
				     .kubeconfig = kubeconfig };

	return o;
}

static void assert_node(const char *option, const char *variable,
			const char *fetched, const char *seed)
{
	struct session_options o = good();
	struct err e = ERR_INIT;
	struct session s;

	o.node_name = option;
	if (variable != NULL)
		setenv("NODE_NAME", variable, 1);
	else
		unsetenv("NODE_NAME");
	if (session_open(&o, &s, &e) < 0)
		fail_msg("%s", e.msg);
	if (fetched == NULL)
		assert_null(s.fetch.node_name);
	else
		assert_string_equal(s.fetch.node_name, fetched);
	assert_string_equal(s.node, seed);
	assert_ptr_equal(s.fetch.store, &s.store);
	assert_string_equal(s.fetch.config_file, "config.json");
	session_close(&s);
}

static void the_node_is_named(void **state)
{
	char host[254];

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	assert_node("one", "two", "one", "one");
	assert_node(NULL, "two", "two", "two");
	/* Nobody's name is not to be sent, but something has to differ. */
	assert_node(NULL, NULL, NULL, host);
	assert_node(NULL, "", NULL, host);
}

static void what_is_missing_is_named(void **state)
{
	struct session_options o = good();
	struct err e = ERR_INIT;
	int before = dup(0);
	struct session s;

	(void)state;
	close(before);
	o.store = "/nowhere";
	assert_int_equal(session_open(&o, &s, &e), -1);
	assert_non_null(strstr(e.msg, "/nowhere"));
	o = good();
	o.kubeconfig = "/nowhere/kubeconfig";
	assert_int_equal(session_open(&o, &s, &e), -1);
	assert_non_null(strstr(e.msg, "/nowhere/kubeconfig"));
	/* Nothing is left open. */
	assert_int_equal(dup(0), before);
	close(before);
}

static void a_changed_kubeconfig_counts(void **state)
{
	struct session_options o = good();
	struct err e = ERR_INIT;
	struct session s;
	struct api *before;
	uint64_t stamp;

	(void)state;
	assert_int_equal(session_open(&o, &s, &e), 0);
	stamp = session_stamp(&s);
	before = s.fetch.api;
	assert_int_equal(write_kubeconfig("{"), 0);
	assert_true(session_stamp(&s) != stamp);
	assert_int_equal(session_renew(&s, &e), -1);
	assert_non_null(strstr(e.msg, kubeconfig));
	assert_string_equal(s.bootstrap.server, "https://127.0.0.1:1");
	assert_ptr_equal(s.fetch.api, before);
	assert_int_equal(write_kubeconfig(KUBECONFIG("https://127.0.0.1:2")),
			 0);
	assert_int_equal(session_renew(&s, &e), 0);
	assert_string_equal(s.bootstrap.server, "https://127.0.0.1:2");
	session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_node_is_named),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(a_changed_kubeconfig_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
