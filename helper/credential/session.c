/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Without a node's name the host's (in a container, the pod's) still keeps two
 * nodes from asking at the same time.
 */
static void name_node(struct session *s, const char *name)
{
	if (name == NULL)
		name = getenv("NODE_NAME");
	if (name != NULL && name[0] != '\0') {
		s->fetch.node_name = name;
		snprintf(s->node, sizeof(s->node), "%s", name);
	} else if (gethostname(s->node, sizeof(s->node)) < 0) {
		strcpy(s->node, "localhost");
	}
	s->node[sizeof(s->node) - 1] = '\0';
}

static int open_api(struct session *s, struct err *e)
{
	if (bootstrap_find(s->options->kubeconfig, &s->bootstrap, e) < 0)
		return -1;
	s->fetch.api = api_open(&s->bootstrap, e);
	if (s->fetch.api == NULL) {
		bootstrap_free(&s->bootstrap);
		return -1;
	}
	return 0;
}

int session_open(const struct session_options *o, struct session *ret,
		 struct err *e)
{
	struct session *s = ret;

	memset(s, 0, sizeof(*s));
	s->options = o;
	/* libcurl's OpenSSL may write to a connection that has gone. */
	signal(SIGPIPE, SIG_IGN);
	name_node(s, o->node_name);
	s->fetch.config_file = o->config;
	s->fetch.store = &s->store;
	if (store_open(o->store, &s->store, e) < 0)
		return -1;
	if (open_api(s, e) < 0) {
		store_close(&s->store);
		return -1;
	}
	return 0;
}

void session_close(struct session *s)
{
	api_close(s->fetch.api);
	bootstrap_free(&s->bootstrap);
	store_close(&s->store);
}

uint64_t session_stamp(const struct session *s)
{
	return bootstrap_stamp(&s->bootstrap, s->options->kubeconfig);
}

int session_renew(struct session *s, struct err *e)
{
	struct bootstrap before = s->bootstrap;
	struct api *api = s->fetch.api;

	if (open_api(s, e) < 0) {
		s->bootstrap = before;
		s->fetch.api = api;
		return -1;
	}
	api_close(api);
	bootstrap_free(&before);
	return 0;
}
