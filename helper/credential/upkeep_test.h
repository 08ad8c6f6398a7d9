/* SPDX-License-Identifier: Apache-2.0 */
/* An upkeep of one store, without an API server: every request fails. */
#ifndef UPKEEP_TEST_H
#define UPKEEP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../exec/fd.h"
#include "delegate-credentials.h"
#include "now.h"
#include "storedir.h"
#include "upkeep.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define DOCUMENT(rules)                                                        \
	"{\"apiVersion\":\"credentials.k8s.cni.cncf.io/v1alpha1\","            \
	"\"kind\":\"DelegateCredentialConfig\",\"rules\":[" rules "]}"
#define RULE(name, more)                                                       \
	"{\"name\":\"" name "\",\"matchPlugins\":[\"p\"],\"sources\":["        \
	"{\"serviceAccountToken\":{\"namespace\":\"n\",\"serviceAccountName\"" \
	":\"s\"" more ",\"path\":\"token\"}},{\"configMap\":{\"namespace\":"   \
	"\"n\",\"name\":\"m\",\"items\":[{\"key\":\"k\",\"path\":\"a\"},"      \
	"{\"key\":\"l\",\"path\":\"b\"}]}}],"                                  \
	"\"deliver\":{\"env\":[{\"name\":\"A\",\"value\":\"b\"}]}}"
#define R DOCUMENT(RULE("r", ""))
#define KUBECONFIG(server)                                                     \
	"current-context: c\nclusters:\n- name: c\n  cluster:\n    server: "   \
	server "\n    certificate-authority: ca.crt\nusers:\n- name: u\n"      \
	"  user:\n    tokenFile: token\ncontexts:\n- name: c\n  context:\n"    \
	"    cluster: c\n    user: u\n"
#define NOBODY "https://127.0.0.1:1"

static char dir[64];
static struct upkeep u;
static struct schedule_clock now;
static struct err err;

static char said[4096];

static void hear(const char *line)
{
	strncat(said, line, sizeof(said) - strlen(said) - 2);
	strcat(said, "\n");
}

/* Of what was said since the last time. */
static void assert_said(const char *part)
{
	if (!strstr(said, part))
		fail_msg("not '%s': %s", part, said);
	said[0] = '\0';
}

/* In place of the one before, to another inode. */
static void put_file(const char *name, const char *text)
{
	FILE *f = fopen("next", "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename("next", name), 0);
}

static void load(const char *text)
{
	put_file("config.json", text);
	upkeep_load(&u, &now);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/upkeep_test.XXXXXX");
	if (mkdtemp(dir) == NULL || chdir(dir) < 0 || mkdir("store", 0700) < 0)
		return -1;
	put_file("kubeconfig", KUBECONFIG(NOBODY));
	put_file("token", "t\n");
	put_file("ca.crt", "");
	u = (struct upkeep){ .options = { .config = "config.json",
					  .store = "store",
					  .kubeconfig = "kubeconfig",
					  .node_name = "node" },
			     .say = hear };
	now = now_read();
	u.looked = now.steady;
	said[0] = '\0';
	err = (struct err)ERR_INIT;
	return upkeep_open(&u, &err);
}

static int tear_down(void **state)
{
	(void)state;
	roster_free(&u.roster);
	session_close(&u.session);
	return system("rm -rf -- \"$PWD\""); /* NOLINT(cert-env33-c) */
}

static const struct store_file all[] = { { "token", "t", 1 },
					 { "a", "", 0 },
					 { "b", "", 0 } };

/* With those of the files above that the bits say; an hour to live. */
static void publish(const char *rule, const char *account, unsigned which)
{
	struct store_generation g = { .issued = now.wall / 1000,
				      .expires = now.wall / 1000 + 3600,
				      .account = account };
	struct store_file files[COUNT(all)];
	auto_fd lock = -1;

	for (size_t i = 0; i < COUNT(all); i++)
		if (which >> i & 1)
			files[g.file_count++] = all[i];
	g.files = files;
	if (store_lock(&u.session.store, rule, true, &lock, &err) < 0 ||
	    store_publish(&u.session.store, rule, &g, &err) < 0)
		fail_msg("%s", err.msg);
}

static bool is_held(const char *rule)
{
	return roster_find(&u.roster, rule)->schedule.issued != 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
