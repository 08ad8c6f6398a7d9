/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that need a store, run as the sidecar's user, as far as they get
 * without an API server; with one they are tested in e2e/sidecar.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "command.h"
#include "delegate-credentials.h"
#include "store.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define RULE(name, sources)                                                    \
	"{\"name\":\"" name "\",\"matchPlugins\":[\"" name "\"],\"sources\":[" \
	sources "],\"deliver\":{\"env\":[{\"name\":\"A\",\"value\":\"b\"}]}}"
#define TOKEN(more)                                                            \
	"{\"serviceAccountToken\":{\"namespace\":\"n\",\"serviceAccountName\"" \
	":\"s\"" more ",\"path\":\"token\"}}"
#define MAP                                                                    \
	"{\"configMap\":{\"namespace\":\"n\",\"name\":\"m\",\"items\":"        \
	"[{\"key\":\"k\",\"path\":\"p\"}]}}"
#define DOCUMENT                                                               \
	"{\"apiVersion\":\"credentials.k8s.cni.cncf.io/v1alpha1\","            \
	"\"kind\":\"DelegateCredentialConfig\",\"rules\":["                    \
	RULE("r", TOKEN("")) "," RULE("maps", MAP) ","                         \
	RULE("both", TOKEN("") "," MAP) ","                                    \
	RULE("bound", TOKEN(",\"boundObjectRef\":{\"kind\":\"Node\"}")) "]}"
#define KUBECONFIG                                                             \
	"current-context: c\nclusters:\n- name: c\n  cluster:\n"               \
	"    server: https://127.0.0.1:1\n    certificate-authority: ca.crt\n" \
	"users:\n- name: u\n  user:\n    tokenFile: token\ncontexts:\n"        \
	"- name: c\n  context:\n    cluster: c\n    user: u\n"

#define CONFIG "--config=config.json"
#define STORE "--store=store"
#define SERVER "--kubeconfig=kubeconfig"

static char dir[] = "/dev/shm/commands_test.XXXXXX";
static struct store store;
static struct err err;

/* Each in the process of the command, before it. */

static int nothing(void)
{
	return 0;
}

/* Its only file is the token. */
static int publish_as(const char *rule, const char *account)
{
	const struct store_file file = { "token", "the-token", 9 };
	const struct store_generation g = { .files = &file,
					    .file_count = 1,
					    .issued = time(NULL),
					    .expires = time(NULL) + 3600,
					    .jti = "the-jti",
					    .account = account };

	return store_publish(&store, rule, &g, &err);
}

static int publish(void)
{
	return publish_as("r", "n/s");
}

static int publish_of_another(void)
{
	return publish_as("r", "n/other");
}

static int publish_half(void)
{
	return publish_as("both", "n/s");
}

static int note_error(void)
{
	const struct err why = { DC_CODE_FORBIDDEN, "allow it" };

	return store_note_error(&store, "r", &why, time(NULL), &err);
}

/* For run_child: no other user's. */
static int as_root(void)
{
	return 0;
}

/* No directory where one has to be. */
static int spoil(void)
{
	return close(open("store/r", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int spoil_lock(void)
{
	return publish() || mkdir("store/r/" DC_STORE_LOCK_NAME, 0700);
}

/* As spoil, but a lock can be had. */
static int spoil_below(void)
{
	return mkdir("store/r", 0700) ||
	       close(open("store/r/data", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static const struct {
	int (*command)(int argc, char **argv);
	const char *argv[6];
	int (*before)(void);
	int status;
	const char *says; /* a part of it */
} runs[] = {
	{ command_get, { "get", "r", CONFIG, STORE }, publish, 0,
	  "\"the-token\"" },
	{ command_get, { "get", "r", CONFIG, STORE }, nothing, 1,
	  "get: fetch r first: the store has no valid token\n" },
	{ command_get, { "get", "r", CONFIG, STORE }, note_error, 1,
	  "get: allow it\n" },
	{ command_get, { "get", "r", CONFIG, STORE }, spoil, 1,
	  "get: look at the store" },
	{ command_get, { "get", "r", CONFIG, "--store=none" }, nothing, 1,
	  "no such file" },
	{ command_get, { "get", "maps", CONFIG, STORE }, nothing, 1,
	  "get: name another rule than maps: it has no token\n" },
	{ command_get, { "get", "none", CONFIG, STORE }, nothing, 1,
	  "get: name a rule of the configuration: 'none' is none\n" },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, SERVER }, publish, 0,
	  "the-jti " },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, SERVER },
	  publish_of_another, 1, "wait for the API server" },
	{ command_fetch, { "fetch", "both", CONFIG, STORE, SERVER },
	  publish_half, 1, "wait for the API server" },
	{ command_get, { "get", "r", CONFIG, STORE }, publish_of_another, 1,
	  "get: fetch r first: the store has no valid token\n" },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, SERVER }, spoil_lock, 1,
	  "fetch: look at the store" },
	{ command_fetch, { "fetch", "none", CONFIG, STORE, SERVER }, nothing, 1,
	  "fetch: name a rule of the configuration: 'none' is none\n" },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, SERVER }, spoil, 1,
	  "fetch: look at the store" },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, SERVER }, spoil_below,
	  1, "fetch: look at the store" },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, "--kubeconfig=none" },
	  nothing, 1, "fetch: give a kubeconfig that can be read: 'none'" },
	{ command_fetch, { "fetch", "bound", CONFIG, STORE, SERVER }, nothing,
	  1, "fetch: give the node's name" },
	{ command_refresh, { "refresh", CONFIG, STORE, "--kubeconfig=none" },
	  nothing, 1, "refresh: give a kubeconfig that can be read: 'none'" },
	{ command_refresh, { "refresh", "--config=none/x", STORE, SERVER },
	  nothing, 1, "refresh: look at the configuration's directory" },
	{ command_status, { "status", "--store=none" }, nothing, 1,
	  "no such file" },
	{ command_get, { "get", "r", CONFIG, STORE }, as_root, 1,
	  "get: run multus-credential as another user than root" },
	{ command_fetch, { "fetch", "r", CONFIG, STORE, SERVER }, as_root, 1,
	  "fetch: run multus-credential as another user than root" },
	{ command_refresh, { "refresh", "--config=none/x", STORE, SERVER },
	  as_root, 1,
	  "refresh: run multus-credential as another user than root" },
	/* What stands behind an argument is another's. */
	{ command_rbac, { "rbac", CONFIG, "--sidecar-account=a\0b" }, nothing,
	  2, "rbac: give --sidecar-account=NAMESPACE/NAME" },
};

static int run_child(size_t i)
{
	int argc = 0;

	if (!freopen("output", "w", stdout) || dup2(1, 2) < 0)
		return 101;
	if (geteuid() == 0 && runs[i].before != as_root &&
	    (setgid(DC_STORE_UID) < 0 || setuid(DC_STORE_UID) < 0))
		return 102;
	if (mkdir("store", 0700) < 0 || store_open("store", &store, &err) < 0 ||
	    runs[i].before() < 0) {
		puts(err.msg);
		return 103;
	}
	while (runs[i].argv[argc])
		argc++;
	return runs[i].command(argc, (char **)runs[i].argv);
}

static void run(size_t i)
{
	char said[4096] = "";
	pid_t pid = fork();
	int status;
	FILE *f;

	assert_true(pid >= 0);
	if (pid == 0) {
		status = run_child(i);
		fflush(stdout);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	f = fopen("output", "r");
	assert_non_null(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	fclose(f);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != runs[i].status ||
	    !strstr(said, runs[i].says))
		fail_msg("run %zu (%s): wait status %#x: %s", i,
			 runs[i].argv[0], status, said);
}

static void say_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(runs); i++) {
		if (runs[i].before == as_root && geteuid() != 0)
			continue;
		run(i);
		assert_int_equal(system("rm -rf store output"), 0);
	}
}

static int write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	return f && fputs(text, f) >= 0 ? fclose(f) : -1;
}

static int set_up(void **state)
{
	(void)state;
	umask(022);
	unsetenv("NODE_NAME");
	return !mkdtemp(dir) || chmod(dir, 0777) || chdir(dir) ||
	       write_file("config.json", DOCUMENT) ||
	       write_file("kubeconfig", KUBECONFIG) ||
	       write_file("token", "t\n") || write_file("ca.crt", "");
}

static int tear_down(void **state)
{
	(void)state;
	return system("rm -rf -- \"$PWD\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(say_what_is_wrong),
	};

	return cmocka_run_group_tests_name("commands", tests, set_up,
					   tear_down);
}
