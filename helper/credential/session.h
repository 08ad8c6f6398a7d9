/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "../common/option.h"
#include "fetch.h"

/* What refresh and fetch have in common: a server, a store, and no rights. */

struct session_options {
	const char *config;
	const char *store;
	const char *kubeconfig;
	const char *node_name;
};

/* Their rows in a table of options; at is the offset of the struct above. */
#define SESSION_ROWS(at)                                                       \
	{ "config", "FILE", "the configuration",                               \
	  (at) + offsetof(struct session_options, config), true },             \
	{ "store", "DIR", "where the credentials are kept",                    \
	  (at) + offsetof(struct session_options, store), true },              \
	{ "kubeconfig", "FILE",                                                \
	  "how to reach the API server; else as the pod it runs in",           \
	  (at) + offsetof(struct session_options, kubeconfig), false },        \
	{ "node-name", "NAME", "the node; else what $NODE_NAME says",          \
	  (at) + offsetof(struct session_options, node_name), false }

struct session {
	const struct session_options *options;
	struct bootstrap bootstrap;
	struct store store;
	struct fetch fetch; /* of the store and, by its api, of bootstrap */
	char node[254]; /* what this node differs in from others; never "" */
};

/* o is borrowed; ret must stay where it is. -1: nothing is left open. */
int session_open(const struct session_options *o, struct session *ret,
		 struct err *e) __attribute__((warn_unused_result));

void session_close(struct session *s);

/* Differs where a file with which the API server is asked has changed since. */
uint64_t session_stamp(const struct session *s);

/* Reads anew how to ask the API server. -1: it is asked as before. */
int session_renew(struct session *s, struct err *e)
	__attribute__((warn_unused_result));

#endif
