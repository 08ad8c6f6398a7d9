// SPDX-License-Identifier: Apache-2.0
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* As the sidecar: what it makes is its own from the first moment on. */
#define SIDECAR "uid 65532;"

void config_put(struct world *w, const char *text)
{
	daemon_do(w, "mkdir /etc; put " WORLD_CONFIG " %s", text);
}

void store_mount(struct world *w)
{
	daemon_do(w, "mkdir " WORLD_STORE "; tmpfs " WORLD_STORE
		     "; chmod " WORLD_STORE " 777");
	world_rebase(w);
}

void store_anew(struct world *w)
{
	daemon_do(w, "detach " WORLD_STORE "; tmpfs " WORLD_STORE
		     "; chmod " WORLD_STORE " 777");
}

/* rule: its directory in the store. */
static void make_file(struct world *w, const char *rule, const char *name,
		      const char *text)
{
	daemon_do(w,
		  SIDECAR "put %1$s/new %3$s; chmod %1$s/new 400;"
			  "rename %1$s/new %1$s/%2$s",
		  rule, name, text);
}

static void make_directory(struct world *w, const char *rule, const char *name)
{
	daemon_do(w, SIDECAR "mkdir %1$s/%2$s; chmod %1$s/%2$s 750", rule,
		  name);
}

static void make_link(struct world *w, const char *rule, const char *name,
		      const char *to)
{
	daemon_do(w, SIDECAR "link %3$s %1$s/%2$s", rule, name, to);
}

static void make_generation(struct world *w, const char *rule, int n,
			    const char *token, long life)
{
	char name[64], meta[256];
	long now = time(NULL);

	snprintf(name, sizeof(name), "data/..%d", n);
	make_directory(w, rule, name);
	snprintf(name, sizeof(name), "data/..%d/token", n);
	make_file(w, rule, name, token);
	snprintf(name, sizeof(name), "data/..%d/ca.crt", n);
	make_file(w, rule, name, "STORED");
	snprintf(name, sizeof(name), "data/..%d/namespace", n);
	make_file(w, rule, name, "kube-system");
	snprintf(name, sizeof(name), "meta/..%d.json", n);
	snprintf(meta, sizeof(meta),
		 "{\"v\":1,\"issued\":%ld,\"expires\":%ld,\"jti\":\"jti-%d\","
		 "\"audience\":null,\"account\":\"kube-system/userspace-cni\"}",
		 now, now + life, n);
	make_file(w, rule, name, meta);
}

void store_fill(struct world *w, const char *rule, const char *token, long life)
{
	static const char *const names[] = { "token", "ca.crt", "namespace" };
	char dir[128], name[64], to[64];

	snprintf(dir, sizeof(dir), WORLD_STORE "/%s", rule);
	make_directory(w, dir, ".");
	make_directory(w, dir, "data");
	make_directory(w, dir, "meta");
	make_generation(w, dir, 1, token, life);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "data/%s", names[i]);
		snprintf(to, sizeof(to), "..data/%s", names[i]);
		make_link(w, dir, name, to);
	}
	make_link(w, dir, "data/..data_tmp", "..1");
	daemon_do(w, SIDECAR "rename %1$s/data/..data_tmp %1$s/data/..data",
		  dir);
}

void store_prepare(struct world *w, const char *config)
{
	config_put(w, config);
	store_mount(w);
	store_fill(w, "userspace", w->token, 3600);
}

void store_renew(struct world *w, const char *rule, const char *token,
		 long life)
{
	char dir[128];

	snprintf(dir, sizeof(dir), WORLD_STORE "/%s", rule);
	make_generation(w, dir, 2, token, life);
	make_link(w, dir, "data/..data_tmp", "..2");
	daemon_do(w,
		  SIDECAR "rename %1$s/data/..data_tmp %1$s/data/..data;"
		  "rm %1$s/data/..1/token; rm %1$s/data/..1/ca.crt;"
		  "rm %1$s/data/..1/namespace; rmdir %1$s/data/..1;"
		  "rm %1$s/meta/..1.json",
		  dir);
}

void store_fail(struct world *w, const char *rule, int code, const char *msg)
{
	char dir[128], error[512];

	snprintf(dir, sizeof(dir), WORLD_STORE "/%s", rule);
	make_directory(w, dir, ".");
	make_directory(w, dir, "meta");
	snprintf(error, sizeof(error),
		 "{\"v\":1,\"code\":%d,\"msg\":\"%s\",\"at\":%ld}", code, msg,
		 (long)time(NULL));
	make_file(w, dir, "meta/error.json", error);
}

/* How often the helper looks itself, where inotify cannot be had. */
#define LOOK_MS 100

/* However often the store changes, it does not look again at once. */
#define SETTLE_MS 50

long store_await(struct world *w, const struct call *c, struct job *j)
{
	uint64_t deadline = 0;
	long timeout;

	do {
		job_start(w, c, j);
		assert_true(trace_wait(j, &timeout));
		assert_in_range(timeout, 1, 5001);
		assert_int_equal(j->out.len, 0);
		if (timeout > LOOK_MS || c->deny)
			return timeout;
		kill(j->pid, SIGKILL);
		job_end(j);
		job_free(j);
	} while (patience(&deadline));
	fail_msg("raise fs.inotify.max_user_instances: root has none left");
	return -1;
}

long store_woken(struct job *j)
{
	long woken = trace_waited(j), ms;

	if (woken == 0)
		return 0;
	assert_true(trace_wait(j, &ms));
	assert_int_equal(ms, SETTLE_MS);
	assert_int_equal(trace_waited(j), 0);
	return woken;
}

long store_serve(struct world *w, struct job *j)
{
	long woken;

	store_fill(w, "userspace", w->token, 3600);
	woken = store_woken(j);
	trace_no_wait(j, "filled");
	expect_ok(j);
	expect_out(j, w->token);
	job_free(j);
	world_check(w);
	return woken;
}
