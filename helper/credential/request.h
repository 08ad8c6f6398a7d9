/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>

#include "../common/config.h"
#include "../common/err.h"

/*
 * What the API server is asked: where, and what for, in RBAC's words, so that
 * a refusal can name it. Pure.
 */

#define REQUEST_PATH_SIZE 1024

struct request {
	const char *verb;     /* "get", "create" */
	const char *resource; /* "serviceaccounts/token" */
	const char *namespace;
	const char *name;
	char path[REQUEST_PATH_SIZE];
};

/*
 * These borrow their arguments. -1 with DC_CODE_CONFIG where a name is none of
 * an object: it would lead to another path.
 */
int request_config_map(const struct config_config_map *from,
		       struct request *ret, struct err *e)
	__attribute__((warn_unused_result));
int request_token(const struct config_token *from, struct request *ret,
		  struct err *e) __attribute__((warn_unused_result));

/*
 * The TokenRequest, to free(). -1 with DC_CODE_CONFIG where it is to be bound
 * to the node and node_name is NULL.
 */
int request_token_body(const struct config_token *from, const char *node_name,
		       char **ret, struct err *e)
	__attribute__((warn_unused_result));

#endif
